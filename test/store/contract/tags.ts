import { beforeEach, describe, expect, it } from 'vitest';
import { putClients } from '../../../src/store/feeds.ts';
import { commitPage, importTouchpoints } from '../../../src/store/pages.ts';
import { type Exported, type ExportFilter, exportTouchpoints } from '../../../src/store/search.ts';
import { readUntagged, saveTags, type TagsPage } from '../../../src/store/tags.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, direction, item, NOW, newFeed, page, touchpoint, VERSIONS } from './fixtures.ts';
import type { Harness } from './harness.ts';

/** What needs a tag, and tags coming back. */
export function tagContract(harness: () => Harness): void {
  const store = (key: string, title: string) =>
    importTouchpoints(harness().store, NOW, [item(touchpoint(key, { kind: 'nps', title }))]);
  const untagged = (versions = VERSIONS, after: string | null = null, limit = 10) =>
    readUntagged(harness().store, { ...versions, limit, after });
  const save = (rest: Partial<TagsPage>) =>
    saveTags(harness().store, { ...VERSIONS, now: NOW, rows: [], failed: [], ...rest });
  const tagged = (row: { id: string; text_hash: string }, ...labels: string[]) => ({
    id: row.id,
    textHash: row.text_hash,
    vector: direction(0),
    uncertain: ['topic'],
    tags: labels.map((label) => ({ task: 'intent', label, score: 0.75 })),
  });
  const labels = async () =>
    (await harness().sql('select label, origin from touchpoint.tags order by label, origin')).map((tag) => [
      tag['label'],
      tag['origin'],
    ]);
  beforeEach(() => emptyStore(harness()));

  describe('the backlog', () => {
    it('comes in pages that never overlap and together hold everything', async () => {
      for (const n of [1, 2, 3, 4, 5]) await store(`k${n}`, `title ${n}`);
      const titles: string[] = [];
      let after: string | null = null;
      for (;;) {
        const rows: Awaited<ReturnType<typeof untagged>> = await untagged(VERSIONS, after, 2);
        if (rows.length === 0) break;
        titles.push(...rows.map(({ title }) => title));
        after = rows.at(-1)?.id ?? null;
      }
      expect(titles.sort()).toEqual([1, 2, 3, 4, 5].map((n) => `title ${n}`));
    });

    it('holds new text, changed text, and what another encoder or taxonomy tagged; not the deleted', async () => {
      await store('k', 'first');
      const [row] = await untagged();
      if (row === undefined) throw new Error('nothing to tag');
      expect(await save({ rows: [tagged(row, 'qbr')] })).toBe(1);
      expect(await untagged()).toEqual([]);
      expect(await untagged({ ...VERSIONS, encoder: 'encoder@2' })).toHaveLength(1);
      expect(await untagged({ ...VERSIONS, taxonomy: 'taxonomy@2' })).toHaveLength(1);
      await store('k', 'second');
      expect(await untagged()).toMatchObject([{ id: row.id, title: 'second' }]);
      await harness().sql('update touchpoint.touchpoints set deleted_at = now()');
      expect(await untagged()).toEqual([]);
    });

    it('leaves a meeting out that only moved', async () => {
      const feed = await newFeed(harness().store);
      await commitPage(harness().store, page(feed, 0, { copies: [copy('a', touchpoint('k'))] }));
      await save({ rows: (await untagged()).map((row) => tagged(row, 'qbr')) });
      const later = touchpoint('k', {
        occurredAt: '2026-03-09T00:00:00.000Z',
        endsAt: '2026-03-09T01:00:00.000Z',
      });
      const { outcomes } = await commitPage(harness().store, page(feed, 1, { copies: [copy('a', later)] }));
      expect(outcomes).toEqual({ a: 'updated' });
      expect(await untagged()).toEqual([]);
    });

    it('gives a failing row up after three attempts, until its text changes', async () => {
      await store('k', 'first');
      const id = (await untagged())[0]?.id ?? '';
      for (const left of [1, 1, 0]) {
        await save({ failed: [{ id, error: 'too odd' }] });
        expect(await untagged()).toHaveLength(left);
      }
      expect(await harness().sql('select attempts, tag_error from touchpoint.touchpoints')).toEqual([
        { attempts: 3, tag_error: 'too odd' },
      ]);
      await store('k', 'second');
      const [row] = await untagged();
      if (row === undefined) throw new Error('nothing to tag');
      await save({ rows: [tagged(row)] });
      expect(await harness().sql('select attempts, tag_error from touchpoint.touchpoints')).toEqual([
        { attempts: 0, tag_error: null },
      ]);
    });
  });

  describe('saved tags', () => {
    it('replace what a model said before and never touch what a person said', async () => {
      await store('k', 'first');
      const [row] = await untagged();
      if (row === undefined) throw new Error('nothing to tag');
      await save({ rows: [tagged(row, 'qbr', 'training')] });
      await harness().sql(
        `insert into touchpoint.tags (touchpoint, task, label, score, origin, version) values
           ($1, 'intent', 'training', 1, 'person', 'p'), ($1, 'intent', 'onboarding', 0.5, 'fallback', 'f')`,
        [row.id],
      );
      await save({ rows: [tagged(row, 'renewal')] });
      expect(await labels()).toEqual([
        ['renewal', 'model'],
        ['training', 'person'],
      ]);
    });

    it('are not written for a row whose text changed meanwhile', async () => {
      await store('k', 'first');
      const [row] = await untagged();
      if (row === undefined) throw new Error('nothing to tag');
      await store('k', 'second');
      expect(await save({ rows: [tagged(row, 'qbr')] })).toBe(0);
      expect(await labels()).toEqual([]);
      expect(await untagged()).toMatchObject([{ id: row.id, title: 'second' }]);
    });

    it('take every row of the page or, when one is refused, none', async () => {
      await store('a', 'one');
      await store('b', 'two');
      const [first, second] = await untagged();
      if (first === undefined || second === undefined) throw new Error('nothing to tag');
      const wrong = { ...tagged(second), tags: [{ task: 'intent', label: 'qbr', score: 1.5 }] };
      await expect(save({ rows: [tagged(first, 'qbr'), wrong] })).rejects.toThrow(
        'touchpoint_tags_save failed',
      );
      expect(await untagged()).toHaveLength(2);
    });
  });
}

/** Touchpoints that come from no mailbox, and everything coming out again. */
export function importContract(harness: () => Harness): void {
  const exported = async (filter: ExportFilter = {}, pageSize = 2): Promise<Exported[]> => {
    const rows: Exported[] = [];
    for await (const row of exportTouchpoints(harness().store, filter, pageSize)) rows.push(row);
    return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  };
  const ids = async (filter?: ExportFilter) => (await exported(filter)).map(({ id }) => id);
  beforeEach(() => emptyStore(harness()));

  describe('an import', () => {
    it('inserts, updates and leaves alone', async () => {
      const give = async (title: string) =>
        (await importTouchpoints(harness().store, NOW, [item(touchpoint('k', { kind: 'risk', title }))])).map(
          ({ outcome }) => outcome,
        );
      expect(await give('first')).toEqual(['inserted']);
      expect(await give('first')).toEqual(['unchanged']);
      expect(await give('second')).toEqual(['updated']);
    });

    it('takes the last of several rows with one id', async () => {
      const rows = Array.from({ length: 50 }, (_, n) => item(touchpoint('k', { title: `title ${n}` })));
      const outcomes = await importTouchpoints(harness().store, NOW, rows);
      expect(outcomes).toEqual([{ kind: 'meeting', source_key: 'k', outcome: 'inserted' }]);
      expect(await exported()).toMatchObject([{ title: 'title 49' }]);
    });

    it('keeps the same id apart in different kinds', async () => {
      const rows = (['nps', 'risk'] as const).map((kind) => item(touchpoint('1', { kind })));
      expect(await importTouchpoints(harness().store, NOW, rows)).toHaveLength(2);
    });
  });

  describe('an export', () => {
    it('holds every touchpoint once, however many pages it takes', async () => {
      const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
      await importTouchpoints(
        harness().store,
        NOW,
        keys.map((key) => item(touchpoint(key, { kind: 'topic' }))),
      );
      for (const size of [1, 2, 7, 500]) expect((await exported({}, size)).map(({ id }) => id)).toEqual(keys);
    });

    it('filters by kind and time, and shows the deleted only when asked', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      const early = { occurredAt: '2020-01-01T00:00:00.000Z', endsAt: null };
      await importTouchpoints(store, NOW, [
        item(touchpoint('nps', { kind: 'nps', occurredAt: null, endsAt: null })),
        item(touchpoint('old', { kind: 'nps', ...early })),
      ]);
      await commitPage(
        store,
        page(feed, 0, { copies: [copy('a', touchpoint('here')), copy('b', touchpoint('gone'))] }),
      );
      await commitPage(store, page(feed, 1, { removed: ['b'] }));
      expect(await ids()).toEqual(['here', 'nps', 'old']);
      expect(await ids({ kinds: ['nps'] })).toEqual(['nps', 'old']);
      expect(await ids({ kinds: [] })).toEqual([]);
      expect(await ids({ since: '2026-01-01T00:00:00Z' })).toEqual(['here']);
      expect(await ids({ deleted: true })).toEqual(['gone', 'here', 'nps', 'old']);
    });

    it('gives back what was stored, instants in UTC', async () => {
      const { store } = harness();
      const [acme] = await putClients(store, 'configuration', [{ name: 'Acme', aliases: [], domains: [] }]);
      const point = touchpoint('k', {
        timeZone: 'Australia/Sydney',
        people: [{ name: 'Ana', address: 'ana@acme.test', role: 'organizer' }],
        details: { join: 'https://meet.example/1', online: true, size: 3, status: null },
        body: 'Zeile "eins"\n\\ zwei 🙂',
      });
      const match = { client: acme?.id ?? null, method: 'domain', confidence: 0.5 };
      const [first, second] = [await newFeed(store), await newFeed(store)];
      await commitPage(store, page(first, 0, { copies: [copy('x', point, { match })] }));
      await commitPage(store, page(second, 0, { copies: [copy('y', point, { match })] }));
      const [row] = await readUntagged(store, { ...VERSIONS, limit: 1, after: null });
      const tags = [{ task: 'intent', label: 'qbr', score: 0.9 }];
      const vector = direction(0);
      const rows = [
        { id: row?.id ?? '', textHash: row?.text_hash ?? '', vector, uncertain: ['topic'], tags },
      ];
      await saveTags(store, { ...VERSIONS, now: NOW, rows, failed: [] });
      const { body, sourceKey, occurredAt, endsAt, allDay, timeZone, kind, title, people, details } = point;
      expect(await exported()).toEqual([
        {
          ...{
            id: sourceKey,
            source_key: sourceKey,
            kind,
            title,
            text: body,
            people,
            details,
            time_zone: timeZone,
          },
          ...{ occurred_at: occurredAt, ends_at: endsAt, all_day: allDay },
          ...{ client: 'Acme', client_method: 'domain', client_confidence: 0.5 },
          copies: [
            { mailbox: first.mailbox, graph_id: 'x' },
            { mailbox: second.mailbox, graph_id: 'y' },
          ],
          tags: [{ ...tags[0], origin: 'model' }],
          ...{ uncertain: ['topic'], embedded: true, deleted: false },
        },
      ]);
    });
  });
}
