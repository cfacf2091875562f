import { beforeEach, describe, expect, it } from 'vitest';
import { listFeeds, putClients } from '../../../src/store/feeds.ts';
import { commitPage, importTouchpoints } from '../../../src/store/pages.ts';
import { type Question, search } from '../../../src/store/search.ts';
import { emptyStore } from '../../support/store.ts';
import {
  copy,
  direction,
  item,
  NOW,
  newFeed,
  page,
  type Seed,
  seed,
  touchpoint,
  VERSIONS,
} from './fixtures.ts';
import type { Harness } from './harness.ts';

const near = (angle: number) => ({ vector: direction(angle), encoder: VERSIONS.encoder });
const nps = (key: string, body: string, rest = {}) =>
  touchpoint(key, { kind: 'nps', title: key, body, ...rest });

/** Hybrid search: words and meaning, and the filters on both. */
export function searchContract(harness: () => Harness): void {
  const ask = (question: Partial<Question>) =>
    search(harness().store, { query: '', embedding: null, limit: 10, ...question });
  const ids = async (question: Partial<Question>) => (await ask(question)).map(({ id }) => id);
  beforeEach(() => emptyStore(harness()));

  describe('a search by words', () => {
    it('finds any word of the question, stemmed, and puts those with more of them first', async () => {
      await seed(harness(), [
        { point: nps('both', 'The invoices were disputed by finance'), angle: 0 },
        { point: nps('one', 'An invoice arrived'), angle: 0 },
        { point: nps('none', 'The training went well'), angle: 0 },
      ]);
      expect(await ids({ query: 'why was that invoice disputed?' })).toEqual(['both', 'one']);
      const [hit] = await ask({ query: 'disputed' });
      expect(hit).toMatchObject({ kind: 'nps', title: 'both', client: null, similarity: null });
      expect(hit?.snippet).toContain('disputed');
    });

    it('finds titles, and shows the title where there is no body', async () => {
      await seed(harness(), [{ point: touchpoint('k', { title: 'Quarterly review', body: '' }), angle: 0 }]);
      expect(await ask({ query: 'quarterly' })).toMatchObject([{ id: 'k', snippet: 'Quarterly review' }]);
    });

    it('of nothing, or of stop words and operators alone, finds nothing and does not fail', async () => {
      await seed(harness(), [{ point: nps('k', 'The one and only'), angle: 0 }]);
      for (const query of ['', '   ', 'the and of', '& | ! ( ) :* <->', `'; drop table --`, '"\\']) {
        expect(await ids({ query })).toEqual([]);
      }
    });
  });

  describe('a search by meaning', () => {
    it('orders by angle and says how similar', async () => {
      await seed(harness(), [
        { point: nps('far', 'x'), angle: 1.2 },
        { point: nps('near', 'y'), angle: 0.1 },
        { point: nps('middle', 'z'), angle: 0.6 },
      ]);
      const hits = await ask({ embedding: near(0) });
      expect(hits.map(({ id }) => id)).toEqual(['near', 'middle', 'far']);
      expect(hits[0]?.similarity).toBeCloseTo(Math.cos(0.1), 3);
    });

    it('puts what words and meaning agree on before what only one of them found', async () => {
      await seed(harness(), [
        { point: nps('agreed', 'renewal of the contract, at some length'), angle: 0.2 },
        { point: nps('meaning', 'something else'), angle: 0.1 },
      ]);
      await importTouchpoints(harness().store, NOW, [item(nps('word', 'renewal'))]);
      const found = await ids({ query: 'renewal', embedding: near(0) });
      expect(found[0]).toBe('agreed');
      expect(found.sort()).toEqual(['agreed', 'meaning', 'word']);
    });

    it('compares vectors of the same encoder only', async () => {
      await seed(harness(), [{ point: nps('old', 'x'), angle: 0 }], { ...VERSIONS, encoder: 'encoder@0' });
      expect(await ids({ embedding: near(0) })).toEqual([]);
      expect(await ids({ embedding: { vector: direction(0), encoder: 'encoder@0' } })).toEqual(['old']);
    });
  });

  describe('the filters of a search', () => {
    it('are kind, client and time, for words and meaning alike', async () => {
      const { store } = harness();
      const names = [{ name: 'Acme', aliases: ['ACME Health'], domains: [] }];
      const [acme] = await putClients(store, 'configuration', names);
      const match = { client: acme?.id ?? null, method: 'domain', confidence: 1 };
      await seed(harness(), [
        { point: nps('mine', 'renewal one', { occurredAt: '2026-01-01T00:00:00.000Z' }), angle: 0, match },
        { point: nps('other', 'renewal two', { occurredAt: '2026-02-01T00:00:00.000Z' }), angle: 0.1 },
        { point: { ...nps('risk', 'renewal three', { occurredAt: null }), kind: 'risk' }, angle: 0.2 },
      ]);
      for (const question of [
        { query: 'renewal' },
        { embedding: near(0) },
        { query: 'renewal', embedding: near(0) },
      ]) {
        const found = async (rest: Partial<Question>) => (await ids({ ...question, ...rest })).sort();
        expect(await found({})).toEqual(['mine', 'other', 'risk']);
        expect(await found({ kinds: ['risk', 'email'] })).toEqual(['risk']);
        expect(await found({ client: 'acme' })).toEqual(['mine']);
        expect(await found({ client: 'acme health' })).toEqual(['mine']);
        expect(await found({ client: 'Acm' })).toEqual([]);
        expect(await found({ since: '2026-01-15T00:00:00Z' })).toEqual(['other']);
        expect(await found({ until: '2026-02-01T00:00:00Z' })).toEqual(['mine']);
      }
      expect(await ask({ query: 'renewal', client: 'ACME' })).toMatchObject([{ client: 'Acme' }]);
    });

    it('take a client by its own name before one that has it as an alias', async () => {
      const { store } = harness();
      const clients = await putClients(store, 'configuration', [
        { name: 'Aardvark', aliases: ['Bolt'], domains: [] },
        { name: 'Bolt', aliases: [], domains: [] },
        { name: 'Zebra', aliases: ['Bolt'], domains: [] },
      ]);
      const seeds = clients.map(({ id, name }): Seed => {
        return {
          point: nps(name, `renewal ${name}`),
          angle: 0,
          match: { client: id, method: 'name', confidence: 1 },
        };
      });
      await seed(harness(), seeds);
      expect(await ids({ query: 'renewal', client: 'bolt' })).toEqual(['Bolt']);
    });

    it('leave out the deleted', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      await commitPage(store, page(feed, 0, { copies: [copy('a', touchpoint('k', { title: 'Renewal' }))] }));
      expect(await ids({ query: 'renewal' })).toEqual(['k']);
      await commitPage(store, page(feed, 1, { removed: ['a'] }));
      expect(await ids({ query: 'renewal' })).toEqual([]);
    });

    // what the index would give first is all filtered away: it must be read on, not give up
    it('that keep few rows still fill the answer from the vector index', async () => {
      const crowd = Array.from({ length: 300 }, (_, n): Seed => {
        return { point: touchpoint(`m${n}`, { title: `crowd ${n}` }), angle: n / 3000 };
      });
      const few = Array.from(
        { length: 12 },
        (_, n): Seed => ({ point: nps(`few ${n}`, 'x'), angle: 2 + n / 100 }),
      );
      await seed(harness(), [...crowd, ...few]);
      const only = (setting: string) =>
        harness().sql(`alter function public.touchpoint_search(jsonb) ${setting}`);
      for (const plan of ['enable_seqscan', 'enable_sort', 'enable_bitmapscan'])
        await only(`set ${plan} = off`);
      try {
        expect(await ids({ embedding: near(0), kinds: ['nps'] })).toEqual(
          few.slice(0, 10).map(({ point }) => point.title),
        );
      } finally {
        for (const plan of ['enable_seqscan', 'enable_sort', 'enable_bitmapscan'])
          await only(`reset ${plan}`);
      }
    });

    it('cut the answer at its limit', async () => {
      const many = Array.from({ length: 30 }, (_, n) => item(nps(`k${n}`, `renewal ${n}`)));
      await importTouchpoints(harness().store, NOW, many);
      for (const limit of [1, 7, 30, 100]) {
        expect(await ids({ query: 'renewal', limit })).toHaveLength(Math.min(limit, 30));
      }
    });
  });
}

/** Instants read the same whatever zone the database lives in. */
export function zoneContract(harness: () => Harness): void {
  beforeEach(() => emptyStore(harness()));

  describe('instants', () => {
    it('come in UTC from a database that lives in another zone', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      await commitPage(store, page(feed, 0, { copies: [copy('a', touchpoint('k', { title: 'Renewal' }))] }));
      const [hit] = await search(store, { query: 'renewal', embedding: null, limit: 1 });
      expect(hit?.occurred_at).toBe('2026-03-02T00:00:00+00:00');
      const [row] = await listFeeds(store);
      expect(row?.last_success_at).toBe('2026-03-01T00:00:00+00:00');
    });
  });
}
