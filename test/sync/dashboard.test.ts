import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Config } from '../../src/core/config.ts';
import { sha256 } from '../../src/core/hash.ts';
import { silentLog } from '../../src/core/log.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { remember } from '../../src/store/privacy.ts';
import { exportTouchpoints } from '../../src/store/search.ts';
import { collect } from '../../src/sync/dashboard.ts';
import { forget } from '../../src/sync/forget.ts';
import { createDashboard, dropDashboard, fillDashboard, refreshes, TABLES } from '../support/dashboard.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { testConfig } from '../support/sync.ts';

const NOW = Date.UTC(2026, 2, 1);
let store: PgliteStore;
let config: Config;
beforeAll(async () => {
  store = await memoryStore();
  config = await testConfig();
});
beforeEach(() => emptyStore(store));
afterEach(() => dropDashboard(store.sql));
afterAll(() => store.close());

const run = (rest: Partial<Config> = {}) =>
  collect({ store, clock: systemClock(NOW), log: silentLog }, { ...config, ...rest });

async function filled() {
  await createDashboard(store.sql);
  await fillDashboard(store.sql);
  await refreshes(store.sql);
}

async function all(deleted = false) {
  const rows = [];
  for await (const row of exportTouchpoints(store, { deleted })) rows.push(row);
  return rows.sort((a, b) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1));
}

const one = async (kind: string, id: string) =>
  (await all(true)).find((row) => row.kind === kind && row.id === id);

describe('without a dashboard', () => {
  it('there is nothing to collect, and nothing to complain of', async () => {
    expect(await run()).toMatchObject({ problems: [], tally: { fetched: 0 } });
  });

  it('a table that was counted on is reported', async () => {
    const { collect: wanted } = config.dashboard;
    const dashboard = { ...config.dashboard, collect: { ...wanted, actions: 'on' as const } };
    expect((await run({ dashboard })).problems).toEqual([
      { source: 'actions', reason: 'there is no such table' },
    ]);
  });
});

describe('rows of the dashboard', () => {
  it('become touchpoints, each of its kind, with counts that reconcile', async () => {
    await filled();
    const { tally, problems } = await run();
    expect(problems).toEqual([]);
    expect(tally.reasons).toEqual({
      'failed: actions no usable key': 1,
      'skipped: knowledge not active': 1,
      'skipped: nps no comment': 3,
      'skipped: risks no text': 1,
      'written: actions inserted': 3,
      'written: knowledge inserted': 1,
      'written: nps inserted': 3,
      'written: risks inserted': 2,
      'written: topics inserted': 1,
    });
    const { fetched, written, unchanged, skipped, failed } = tally.counts;
    expect(fetched).toBe(written + unchanged + skipped + failed);
    expect((await all()).map(({ kind, client, title, text }) => [kind, client, title, text])).toEqual(
      expect.arrayContaining([
        ['action', 'Barwon Health', 'Send the renewal quote', 'Uplift of 3 %'],
        ['action', null, 'Fix the interface', ''],
        ['action', 'SA Health iPro', 'Book the go-live', ''],
        ['nps', 'SA Health iPro', '', 'Reports are slow'],
        ['nps', 'Barwon Health', '', 'Great support'],
        ['topic', 'Barwon Health', 'Upgrade at Barwon Health', 'To be planned\n\n- UAT in May'],
        ['knowledge', null, 'uplift policy', 'Uplift follows the index'],
        ['risk', 'Barwon Health', 'Sponsor leaves', 'The CIO retires'],
        ['risk', 'Barwon Health', '', 'Budget is cut'],
      ]),
    );
  });

  it('have the dates that are there, and none that do not exist', async () => {
    await filled();
    await run();
    const dates = (await all())
      .filter(({ kind }) => kind === 'action' || kind === 'nps')
      .map(({ kind, id, occurred_at, details }) => [
        kind,
        id,
        occurred_at,
        details['dated'],
        details['problem'],
      ]);
    expect(dates).toEqual([
      ['action', 'A-1', '2026-01-31T00:00:00.000Z', 'due', null],
      ['action', 'A-2', null, null, 'Due_Date is no date'],
      ['action', 'A-3', null, null, null],
      ['nps', '1', '2025-11-15T00:00:00.000Z', 'period', null],
      ['nps', '2', '2025-12-24T00:00:00.000Z', 'response', null],
      ['nps', '6', null, null, null],
    ]);
  });

  it('are not read again while they say the same, and no trigger fires', async () => {
    await filled();
    await run();
    const before = await all();
    expect((await run()).tally.fetched).toBe(0);
    expect(await all()).toEqual(before);
    expect(await refreshes(store.sql)).toEqual([]);
  });

  it('that change are read again alone; those that go are marked deleted, and restored when they return', async () => {
    await filled();
    await run();
    await store.sql(`update public.actions set "Notes" = 'Now 4 %' where "Action_ID" = 'A-1'`);
    await store.sql(`delete from public.nps_responses where id = 2`);
    expect((await run()).tally.reasons).toEqual({ 'written: actions updated': 1, 'written: nps removed': 1 });
    expect(await one('action', 'A-1')).toMatchObject({ text: 'Now 4 %' });
    expect(await one('nps', '2')).toMatchObject({ deleted: true });
    await store.sql(
      `insert into public.nps_responses (id, client_name, feedback) values (2, 'BH', 'Great support')`,
    );
    expect((await run()).tally.reasons).toEqual({ 'written: nps restored': 1 });
    expect(await one('nps', '2')).toMatchObject({ deleted: false });
    await store.sql(`update public.nps_responses set feedback = '.' where id = 2`);
    await store.sql(`update public.chasen_knowledge set is_active = false`);
    await run();
    expect(await one('nps', '2')).toMatchObject({ deleted: true });
    expect((await all()).filter(({ kind }) => kind === 'knowledge')).toEqual([]);
  });

  it('of 10 MB, with markup that never ends, are cut and stored', async () => {
    await filled();
    await store.sql(
      `insert into public.actions ("Action_ID", "Action_Description", "Notes")
       values ('big', repeat('<div>x', 10000), repeat('word ', 2000000)), (repeat('k', 300), 'long key', null)`,
    );
    const { tally, problems } = await run();
    expect(problems).toEqual([]);
    expect(tally.reasons).toMatchObject({
      'failed: actions no usable key': 2,
      'written: actions inserted': 4,
    });
    const big = await one('action', 'big');
    expect(big?.text.length).toBeGreaterThan(1000);
    expect(big?.text.length).toBeLessThanOrEqual(20_000);
  });
});

describe('the schema', () => {
  it.each(TABLES)('may lack %s: the rest is collected', async (table) => {
    await filled();
    await store.sql(`drop table public.${table} cascade`);
    const { problems, tally } = await run();
    expect(problems).toEqual([]);
    expect(tally.of('written')).toBeGreaterThan(0);
  });

  it('may lack columns: those that are there are read, and a source that cannot do without is left out', async () => {
    await filled();
    await store.sql(
      `alter table public.actions drop column "Due_Date", drop column client, drop column client_uuid cascade`,
    );
    await store.sql(`alter table public.nps_responses drop column feedback`);
    await store.sql(`alter table public.topics drop column id`);
    await store.sql(`alter table public.plans drop column client_uuid`);
    await store.sql(`alter table public.client_name_aliases drop column canonical_name`);
    const { problems, tally } = await run();
    expect(problems).toEqual([]);
    expect(tally.reasons).toMatchObject({
      'written: actions inserted': 3,
      'written: risks inserted': 2,
      'written: topics inserted': 1,
    });
    expect((await all()).map(({ kind }) => kind)).not.toContain('nps');
  });

  it('that loses a table for a while deletes nothing', async () => {
    await filled();
    await run();
    await store.sql('alter table public.actions rename to actions_old');
    expect((await run()).tally.fetched).toBe(0);
    expect(await one('action', 'A-1')).toMatchObject({ deleted: false });
    await store.sql('alter table public.actions_old rename to actions');
    expect((await run()).tally.fetched).toBe(0);
  });

  it('may have the knowledge under its other name, and risks elsewhere in text that is no JSON', async () => {
    await filled();
    await store.sql('alter table public.chasen_knowledge rename to chasen_knowledge_base');
    await store.sql('create table public."Account Plans" (key text, state text)');
    await store.sql(
      `insert into public."Account Plans" values ('p', '{"steps": {"risks": [{"name": "Churn"}]}}'), ('q', 'not {json')`,
    );
    const risks = { table: 'Account Plans', id: 'key', column: 'state', path: ['steps', 'risks'] };
    const { tally } = await run({
      dashboard: { ...config.dashboard, risks: { ...config.dashboard.risks, ...risks } },
    });
    await store.sql('drop table public."Account Plans"');
    expect(tally.reasons).toMatchObject({
      'written: knowledge inserted': 1,
      'written: risks inserted': 1,
      'failed: risks the risks are no JSON': 1,
    });
  });
});

describe('clients of the dashboard', () => {
  it('are known with their active aliases and their domains, and go when their rows do', async () => {
    await filled();
    await run();
    const known = async () =>
      (
        await store.sql(
          `select c.name, c.source, array(select n.name from touchpoint.client_names n where n.client = c.id order by 1) as aliases,
             array(select d.domain from touchpoint.client_domains d where d.client = c.id) as domains
           from touchpoint.clients c order by 1`,
        )
      ).map(({ name, source, aliases, domains }) => [name, source, aliases, domains]);
    expect(await known()).toEqual([
      ['Barwon Health', 'dashboard', ['BH', 'Barwon'], ['barwonhealth.example']],
      ['SA Health', 'dashboard', [], []],
      ['SA Health iPro', 'dashboard', ['iPro at SA Health'], []],
    ]);
    await store.sql(`delete from public.client_name_aliases where display_name = 'BH'`);
    await run();
    expect((await known())[0]).toEqual(['Barwon Health', 'dashboard', ['Barwon'], ['barwonhealth.example']]);
  });

  it('that the configuration names too keep what it says of them, pass after pass', async () => {
    await filled();
    const clients = [{ name: 'Barwon Health', aliases: ['Barwon Region'], domains: [] }];
    await run({ clients });
    await run({ clients });
    expect(
      await store.sql(
        `select n.name from touchpoint.client_names n join touchpoint.clients c on c.id = n.client where c.name = 'Barwon Health'`,
      ),
    ).toEqual([{ name: 'Barwon Region' }]);
    // BH is no alias any more: what had none by its id has none
    expect(await one('nps', '2')).toMatchObject({ client: null });
    expect(await one('action', 'A-1')).toMatchObject({ client: 'Barwon Health' });
  });

  it('that become known later find their rows', async () => {
    await filled();
    await store.sql(`update public.nps_responses set client_name = 'Mercy' where id = 2`);
    await run();
    expect(await one('nps', '2')).toMatchObject({ client: null });
    await store.sql(
      `insert into public.client_name_aliases (display_name, canonical_name) values ('Mercy', 'SA Health')`,
    );
    await run();
    expect(await one('nps', '2')).toMatchObject({ client: 'SA Health' });
  });
});

describe('who must not come back', () => {
  const forgetClient = () => {
    const deps = { store, clock: systemClock(NOW) };
    return forget(deps, config, { kind: 'client', value: 'Barwon Health', dryRun: false });
  };

  it('does not through the dashboard: a client, whether named, linked or in the text', async () => {
    await filled();
    await store.sql(`insert into public.actions ("Action_ID", "Action_Description", client_uuid)
      values ('A-5', 'Call them', '00000000-0000-4000-8000-000000000003')`);
    await run();
    expect(await one('action', 'A-5')).toMatchObject({ client: 'Barwon Health' });
    await forgetClient();
    await run();
    const left = await all(true);
    expect(left.map(({ id }) => id)).not.toContain('A-5');
    expect(left.map(({ id }) => id)).not.toContain('A-1');
    expect(left.map(({ kind }) => kind)).not.toContain('topic');
    expect(JSON.stringify(left)).not.toContain('Barwon');
    expect(await store.sql(`select name from touchpoint.clients where name = 'Barwon Health'`)).toEqual([]);
  });

  it('nor a person: their actions go, their name leaves the others', async () => {
    await filled();
    const name = { kind: 'name', hash: sha256('anna berg'), words: 2 } as const;
    await remember(store, new Date(NOW).toISOString(), [name]);
    await store.sql(`update public.actions set "Notes" = 'Ask Anna Berg' where "Action_ID" = 'A-3'`);
    await run();
    expect((await all(true)).map(({ id }) => id)).not.toContain('A-2');
    expect(await one('action', 'A-3')).toMatchObject({ text: 'Ask [forgotten]' });
    expect(JSON.stringify(await all(true))).not.toContain('Anna');
  });

  it('nor what is excluded, too old, or forgotten while a page is under way', async () => {
    await filled();
    const exclude = { addresses: ['ben@vendor.example'], domains: [] };
    const { tally } = await run({
      privacy: { ...config.privacy, exclude },
      retention: { ...config.retention, days: 90 },
    });
    expect(tally.reasons).toMatchObject({
      'skipped: actions excluded address': 1,
      'skipped: nps too old': 1,
    });
    let forgot = false;
    const racing = {
      ...store,
      call: async (name: string, payload: object) => {
        if (name === 'touchpoint_dashboard_commit' && !forgot) {
          forgot = true;
          await forgetClient();
        }
        return store.call(name, payload);
      },
    };
    const deps = { store: racing, clock: systemClock(NOW), log: silentLog };
    expect((await collect(deps, config)).problems).toEqual([]);
    expect(JSON.stringify(await all(true))).not.toContain('Barwon');
  });
});
