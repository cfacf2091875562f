import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/hash.ts';
import {
  commitSource,
  type DashboardRow,
  dropGone,
  probeDashboard,
  putDashboardClients,
  readDirectory,
  readSource,
  takeSkips,
} from '../../../src/store/dashboard.ts';
import { commitPage } from '../../../src/store/pages.ts';
import { remember } from '../../../src/store/privacy.ts';
import { meetingsToPublish, publishColumn, publishMeetings } from '../../../src/store/publish.ts';
import { StoreConflict } from '../../../src/store/store.ts';
import { CLIENT, createDashboard, dropDashboard, fillDashboard, refreshes } from '../../support/dashboard.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, item, NOW, newFeed, page, stored, touchpoint } from './fixtures.ts';
import type { Harness } from './harness.ts';

const RISKS = {
  table: 'plans',
  id: 'id',
  column: 'risks',
  path: [],
  client_name: 'client_name',
  client_uuid: 'client_uuid',
};

/** The dashboard's own tables beside ours. */
export function dashboardContract(harness: () => Harness): void {
  const read = (after: string | null = null, version = 'v', limit = 100) =>
    readSource(harness().store, { source: 'actions', version, limit, after, risks: RISKS });
  const take = (rows: readonly DashboardRow[], privacy = 0) =>
    commitSource(
      harness().store,
      { source: 'actions', now: NOW, privacy },
      rows.map(({ key, hash, row }) => {
        const title = String(row['Action_Description']);
        return { key, hash, item: item(touchpoint(key, { kind: 'action', title })), erase: false };
      }),
    );
  const gone = () => dropGone(harness().store, { source: 'actions', now: NOW, risks: RISKS });
  const probed = async (source: string) =>
    (await probeDashboard(harness().store, RISKS)).find((table) => table.source === source);

  describe('the dashboard`s tables', () => {
    beforeEach(() => emptyStore(harness()));
    afterEach(() => dropDashboard(harness().sql));

    it('that are not there are answered for by empty pages', async () => {
      expect(await probed('actions')).toEqual({
        source: 'actions',
        table: null,
        columns: [],
        absent: expect.arrayContaining(['Action_ID']),
        problem: 'there is no such table',
      });
      expect(await read()).toEqual([]);
      expect(await gone()).toEqual({ rows: 0, deleted: 0 });
      expect(await readDirectory(harness().store)).toEqual({
        clients: null,
        aliases: null,
        domains: null,
        links: {},
      });
      expect(await takeSkips(harness().store, NOW)).toMatchObject({ added: 0 });
      expect(await publishColumn(harness().store, 'nps_topics', 10)).toMatchObject({
        problem: 'there is no such table',
      });
      expect(
        await meetingsToPublish(harness().store, { version: 'v', now: NOW, limit: 9, after: null }),
      ).toEqual([]);
    });

    it('are told by the catalog, with what they lack', async () => {
      await createDashboard(harness().sql);
      expect(await probed('actions')).toMatchObject({
        table: 'actions',
        absent: ['created_at'],
        problem: null,
      });
      expect(await probed('risks')).toMatchObject({ table: 'plans', problem: null });
      await harness().sql('alter table public.actions drop column "Action_ID" cascade');
      await harness().sql('alter table public.plans drop column risks');
      expect(await probed('actions')).toMatchObject({ problem: 'it lacks Action_ID' });
      expect(await probed('risks')).toMatchObject({ problem: 'it lacks risks' });
    });

    it('are read in pages that never overlap, about 1 MB each, and not again', async () => {
      await createDashboard(harness().sql);
      await harness().sql(
        `insert into public.actions ("Action_ID", "Action_Description", "Notes")
         select 'A-' || n, 'action', repeat('x', 400000) from generate_series(1, 13) n`,
      );
      const keys: string[] = [];
      for (let after: string | null = null; ; ) {
        const rows: DashboardRow[] = await read(after);
        if (rows.length === 0) break;
        expect(JSON.stringify(rows).length).toBeLessThan(1_100_000);
        await take(rows);
        keys.push(...rows.map(({ key }) => key));
        after = rows.at(-1)?.key ?? null;
      }
      expect(keys).toEqual(Array.from({ length: 13 }, (_, n) => `A-${n + 1}`).sort());
      expect(await read()).toEqual([]);
      expect(await read(null, 'another version')).not.toEqual([]);
    });

    it('give back what changed, and what is gone is marked deleted, in pages screened by the lists that hold', async () => {
      await createDashboard(harness().sql);
      await fillDashboard(harness().sql);
      await take(await read());
      await harness().sql(`update public.actions set "Status" = 'Done' where "Action_ID" = 'A-1'`);
      const changed = await read();
      expect(changed.map(({ key }) => key)).toEqual(['A-1']);
      await remember(harness().store, NOW, [{ kind: 'person', hash: sha256('x'), words: null }]);
      await expect(take(changed)).rejects.toBeInstanceOf(StoreConflict);
      expect((await read()).map(({ key }) => key)).toEqual(['A-1']);
      await harness().sql(`delete from public.actions where "Action_ID" = 'A-2'`);
      expect(await gone()).toEqual({ rows: 1, deleted: 1 });
      expect(await stored(harness(), 'A-2')).toEqual([{ title: 'Fix the interface', deleted: true }]);
      expect(await gone()).toEqual({ rows: 0, deleted: 0 });
    });

    it('are read and never written by reading', async () => {
      await createDashboard(harness().sql);
      await fillDashboard(harness().sql);
      await refreshes(harness().sql);
      await take(await read());
      await gone();
      await takeSkips(harness().store, NOW);
      expect(await refreshes(harness().sql)).toEqual([]);
    });
  });

  describe('skips of the dashboard', () => {
    beforeEach(() => emptyStore(harness()));
    afterEach(() => dropDashboard(harness().sql));
    const skips = async () =>
      (await harness().sql('select mailbox, graph_id from touchpoint.skips order by 1, 2')).map(
        ({ mailbox, graph_id }) => `${mailbox} ${graph_id}`,
      );

    it('are one person`s: a colleague`s copy of the same meeting stays', async () => {
      await createDashboard(harness().sql);
      const [mine, hers] = [await newFeed(harness().store), await newFeed(harness().store)];
      const copies = [copy('event', touchpoint('k'))];
      await commitPage(harness().store, page(mine, 0, { copies }));
      await commitPage(harness().store, page(hers, 0, { copies }));
      await harness().sql(
        `insert into public.skipped_outlook_events (outlook_event_id, user_email) values ('event', upper($1)), ('x', null), (null, $1)`,
        [mine.mailbox],
      );
      expect(await takeSkips(harness().store, NOW)).toEqual({
        added: 1,
        withdrawn: 0,
        touchpoints: 0,
        unusable: 2,
      });
      expect(await skips()).toEqual([`${mine.mailbox} event`]);
      expect(await stored(harness(), 'k')).toEqual([{ title: 'QBR', deleted: false }]);
      expect(await harness().sql('select mailbox from touchpoint.copies')).toEqual([
        { mailbox: hers.mailbox },
      ]);
      await harness().sql(
        `insert into public.skipped_outlook_events (outlook_event_id, user_email) values ('event', $1)`,
        [hers.mailbox],
      );
      expect(await takeSkips(harness().store, NOW)).toMatchObject({ added: 1, touchpoints: 1 });
      expect(await stored(harness(), 'k')).toEqual([]);
    });

    it('are taken back with their row; one that was there before stays, a forgotten mailbox`s never comes', async () => {
      await createDashboard(harness().sql);
      await harness().sql(
        `insert into touchpoint.skips (mailbox, graph_id, reason) values ('a@x.test', 'own', 'by hand')`,
      );
      await remember(harness().store, NOW, [{ kind: 'mailbox', hash: sha256('gone@x.test'), words: null }]);
      await harness().sql(
        `insert into public.skipped_outlook_events (outlook_event_id, user_email)
         values ('own', 'a@x.test'), ('theirs', 'a@x.test'), ('e', 'gone@x.test')`,
      );
      await takeSkips(harness().store, NOW);
      expect(await skips()).toEqual(['a@x.test own', 'a@x.test theirs']);
      const version = 'select version from touchpoint.privacy';
      const before = await harness().sql(version);
      expect(await takeSkips(harness().store, NOW)).toMatchObject({ added: 0, withdrawn: 0 });
      expect(await harness().sql(version)).toEqual(before);
      await harness().sql('delete from public.skipped_outlook_events');
      expect(await takeSkips(harness().store, NOW)).toMatchObject({ withdrawn: 1 });
      expect(await skips()).toEqual(['a@x.test own']);
    });
  });

  describe('clients of the dashboard', () => {
    beforeEach(() => emptyStore(harness()));
    const client = (id: string, name: string, aliases: string[] = []) => ({ id, name, aliases, domains: [] });

    it('are ours by name or alias, and go when they are no longer given and nothing is about them', async () => {
      const { store, sql } = harness();
      await sql(`insert into touchpoint.clients (name, source) values ('SA Health', 'configuration')`);
      await sql(
        `insert into touchpoint.client_names select id, 'SAH' from touchpoint.clients where name = 'SA Health'`,
      );
      const links = await putDashboardClients(store, [
        client(CLIENT.sa, 'sah', ['ignored']),
        client(CLIENT.barwon, 'Barwon Health', ['BH']),
      ]);
      expect(Object.keys(links).sort()).toEqual([CLIENT.sa, CLIENT.barwon]);
      const names = () =>
        sql(
          'select c.name, n.name as alias from touchpoint.clients c left join touchpoint.client_names n on n.client = c.id order by 1',
        );
      expect(await names()).toEqual([
        { name: 'Barwon Health', alias: 'BH' },
        { name: 'SA Health', alias: 'SAH' },
      ]);
      expect(await putDashboardClients(store, [])).toEqual({});
      expect(await names()).toEqual([{ name: 'SA Health', alias: 'SAH' }]);
    });
  });

  describe('rows of unified_meetings', () => {
    beforeEach(() => emptyStore(harness()));
    afterEach(() => dropDashboard(harness().sql));

    it('are written in one statement of each sort, and none where nothing differs', async () => {
      const { store, sql } = harness();
      await createDashboard(sql);
      await sql(`create trigger meetings_refresh after insert or update or delete on public.unified_meetings
        for each statement execute function public.refresh_overview()`);
      const feed = await newFeed(store);
      const copies = Array.from({ length: 30 }, (_, n) => copy(`e${n}`, touchpoint(`k${n}`)));
      await commitPage(store, page(feed, 0, { copies }));
      const write = async (title: string) => {
        const meetings = await meetingsToPublish(store, {
          version: title,
          now: NOW,
          limit: 100,
          after: null,
        });
        const rows = meetings.map(({ id, hash, gone, event }) => ({
          id,
          hash,
          gone,
          wanted: {
            outlook_event_id: event,
            title,
            meeting_date: '2026-03-02',
            attendees: ['a', 'b'],
            deleted: false,
          },
        }));
        return Object.values(await publishMeetings(store, rows)).sort();
      };
      const thirty = (outcome: string) => Array.from({ length: 30 }, () => outcome);
      expect(await write('one')).toEqual(thirty('inserted'));
      expect(await refreshes(sql)).toEqual(['unified_meetings INSERT']);
      await sql(`update public.unified_meetings set title = 'mine' where outlook_event_id = 'e7'`);
      await refreshes(sql);
      expect(await write('two')).toEqual([...thirty('updated').slice(1), 'unchanged'].sort());
      expect(await refreshes(sql)).toEqual(['unified_meetings UPDATE']);
      expect(await write('two')).toEqual([]);
      expect(await refreshes(sql)).toEqual([]);
      expect(await sql('select distinct title, attendees from public.unified_meetings order by 1')).toEqual([
        { title: 'mine', attendees: ['a', 'b'] },
        { title: 'two', attendees: ['a', 'b'] },
      ]);
    });

    it('have their people in one text where the column is one', async () => {
      const { store, sql } = harness();
      await createDashboard(sql);
      await sql(
        'alter table public.unified_meetings alter column attendees type text using null, drop column is_internal',
      );
      const feed = await newFeed(store);
      await commitPage(store, page(feed, 0, { copies: [copy('e', touchpoint('k'))] }));
      const [meeting] = await meetingsToPublish(store, { version: 'v', now: NOW, limit: 1, after: null });
      if (meeting === undefined) throw new Error('no meeting');
      const wanted = { outlook_event_id: 'e', attendees: ['Anna', 'Ben'], is_internal: true, deleted: false };
      expect(await publishMeetings(store, [{ ...meeting, wanted }])).toEqual({ [meeting.id]: 'inserted' });
      expect(await sql('select attendees from public.unified_meetings')).toEqual([
        { attendees: 'Anna, Ben' },
      ]);
    });
  });
}
