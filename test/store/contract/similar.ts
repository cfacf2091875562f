import { beforeEach, describe, expect, it } from 'vitest';
import type { Touchpoint } from '../../../src/core/touchpoint.ts';
import { putClients } from '../../../src/store/feeds.ts';
import { type Filter, search, similar } from '../../../src/store/search.ts';
import { vectorText } from '../../../src/store/tags.ts';
import { emptyStore } from '../../support/store.ts';
import { direction, type Seed, seed, touchpoint, VERSIONS } from './fixtures.ts';
import type { Harness } from './harness.ts';

const PERSON = { name: 'Priya Nair', address: 'Priya.Nair@acme.test', role: 'required' } as const;
const near = (angle: number) => ({ vector: direction(angle), encoder: VERSIONS.encoder });
const spread = (
  key: string,
  kind: Touchpoint['kind'],
  angle: number,
  rest: Partial<Touchpoint> = {},
): Seed => ({
  point: touchpoint(key, { kind, title: key, body: `renewal of ${key}`, ...rest }),
  angle,
});

/** What narrows a search, what keeps kinds back, and what ranks beside it. */
export function similarContract(harness: () => Harness): void {
  const ids = async (filter: Filter) =>
    (await search(harness().store, { query: 'renewal', embedding: near(0), limit: 10, ...filter }))
      .map(({ id }) => id)
      .sort();
  const label = (key: string, task: string, name: string, origin = 'model') =>
    harness().sql(
      `insert into touchpoint.tags (touchpoint, task, label, score, origin, version)
       select id, $2, $3, 1, $4, 'v' from touchpoint.touchpoints where source_key = $1`,
      [key, task, name, origin],
    );
  describe('what narrows a search, and what ranks beside it', () => {
    beforeEach(async () => {
      await emptyStore(harness());
      await seed(harness(), [
        spread('meeting', 'meeting', 0, { people: [PERSON] }),
        spread('mail', 'email', 0.1, { people: [{ name: 'Jo', address: 'jo@beta.test', role: 'from' }] }),
        spread('nps', 'nps', 0.2),
        spread('action', 'action', 0.3),
      ]);
    });

    describe('a search is narrowed by', () => {
      it('people: address, name or a word of it, in any case; any of several', async () => {
        for (const person of ['priya.nair@ACME.test', 'priya nair', 'Nair']) {
          expect(await ids({ people: [person] })).toEqual(['meeting']);
        }
        expect(await ids({ people: ['jo', 'priya'] })).toEqual(['mail', 'meeting']);
        expect(await ids({ people: ['riya'] })).toEqual([]);
        expect(await ids({ people: [] })).toEqual([]);
      });

      it('labels that hold: any of a task, and so for every task', async () => {
        for (const [key, task, name] of [
          ['meeting', 'intent', 'qbr'],
          ['meeting', 'topic', 'billing'],
          ['mail', 'intent', 'renewal'],
          ['mail', 'topic', 'support'],
        ] as const)
          await label(key, task, name);
        const [qbr, renewal, billing] = [
          { task: 'intent', label: 'qbr' },
          { task: 'intent', label: 'renewal' },
          { task: 'topic', label: 'billing' },
        ];
        expect(await ids({ labels: [qbr] })).toEqual(['meeting']);
        expect(await ids({ labels: [qbr, renewal] })).toEqual(['mail', 'meeting']);
        expect(await ids({ labels: [qbr, renewal, billing] })).toEqual(['meeting']);
        expect(await ids({ labels: [] })).toEqual([]);
        const payload = { query: 'renewal', labels: { intent: ['qbr', 'renewal'], topic: 'support' } };
        expect(await harness().store.call('touchpoint_search', payload)).toMatchObject([{ id: 'mail' }]);
        // a person's decision hides what the model says
        await harness().sql(
          `insert into touchpoint.settled (touchpoint, task, settled_at)
         select id, 'intent', now() from touchpoint.touchpoints where source_key = 'meeting'`,
        );
        await label('meeting', 'intent', 'training', 'person');
        expect(await ids({ labels: [qbr] })).toEqual([]);
        const [hit] = await search(harness().store, { query: '', embedding: near(0), limit: 1 });
        expect(hit?.tags).toMatchObject([
          { task: 'intent', label: 'training', origin: 'person' },
          { task: 'topic', label: 'billing', origin: 'model' },
        ]);
      });

      it('several clients, known or not', async () => {
        const clients = await putClients(harness().store, 'configuration', [
          { name: 'Acme', aliases: ['AH'], domains: [] },
          { name: 'Beta', aliases: [], domains: [] },
        ]);
        for (const [at, key] of ['meeting', 'mail'].entries()) {
          await harness().sql('update touchpoint.touchpoints set client = $1 where source_key = $2', [
            clients[at]?.id,
            key,
          ]);
        }
        expect(await ids({ clients: ['ah', 'BETA', 'nobody'] })).toEqual(['mail', 'meeting']);
        expect(await ids({ clients: ['beta'], client: 'Acme' })).toEqual([]);
        expect(await ids({ clients: ['nobody'] })).toEqual([]);
      });

      it('nothing that it does not know: a wrong name or shape is refused', async () => {
        for (const wrong of [
          { withold: ['nps'] },
          { withhold: ['mail'] },
          { withhold: null },
          { withhold: 'nps' },
          { people: 'jo' },
          { labels: ['qbr'] },
          { limit: 0 },
          { embedding: vectorText(direction(0)) },
        ]) {
          await expect(
            harness().store.call('touchpoint_search', { query: 'renewal', ...wrong }),
          ).rejects.toMatchObject({ name: 'StoreError' });
        }
      });
    });

    describe('kinds that are withheld', () => {
      const withhold = ['nps', 'email'] as const;

      it('are in no answer, whatever else is asked for', async () => {
        expect(await ids({ withhold })).toEqual(['action', 'meeting']);
        expect(await ids({ withhold, kinds: ['nps', 'email'] })).toEqual([]);
        expect(await ids({ withhold, people: ['jo'] })).toEqual([]);
        const hits = await similar(harness().store, { id: 'meeting', limit: 10, withhold });
        expect(hits.map(({ id }) => id)).toEqual(['action']);
      });

      it('cannot be looked up by an id, no more than what there is not', async () => {
        const [row] = await harness().sql(`select id from touchpoint.touchpoints where source_key = 'nps'`);
        for (const id of ['nps', String(row?.['id']), 'nothing']) {
          await expect(similar(harness().store, { id, limit: 3, withhold })).rejects.toMatchObject({
            code: 'PT404',
          });
        }
        expect(await similar(harness().store, { id: String(row?.['id']), limit: 3 })).toHaveLength(3);
      });
    });

    describe('what is like a touchpoint', () => {
      it('comes nearest first, without itself, and may be narrowed', async () => {
        const found = async (filter: Filter, limit = 10) =>
          (await similar(harness().store, { id: 'mail', limit, ...filter })).map(({ id }) => id);
        expect((await found({})).slice(2)).toEqual(['action']);
        expect((await found({}, 2)).sort()).toEqual(['meeting', 'nps']);
        expect(await found({ kinds: ['action', 'email'] })).toEqual(['action']);
      });

      it('wants a kind where several have the id, and is nothing without a vector', async () => {
        await seed(harness(), [spread('mail', 'risk', 0.4)]);
        await expect(similar(harness().store, { id: 'mail', limit: 1 })).rejects.toMatchObject({
          code: 'PT400',
        });
        expect(await similar(harness().store, { id: 'mail', kind: 'risk', limit: 1 })).toMatchObject([
          { id: 'action' },
        ]);
        await harness().sql('update touchpoint.touchpoints set embedding = null, encoder = null');
        expect(await similar(harness().store, { id: 'mail', kind: 'risk', limit: 1 })).toEqual([]);
      });
    });

    describe('a blend', () => {
      const rows = [
        { kind: 'nps', id: 'nps', text_score: 0.5 },
        { kind: 'meeting', id: 'meeting', text_score: 0.45 },
        { kind: 'action', id: 'unknown', text_score: 0.3 },
      ];
      const blend = (rest: object) =>
        harness().store.call('touchpoint_blend', {
          rows,
          embedding: vectorText(direction(0)),
          encoder: VERSIONS.encoder,
          ...rest,
        });

      it('orders by text and meaning, weighed; what has no vector counts as the mean of the others', async () => {
        const [first, second, third] = [0.45 * 0.2 + 0.8, 0.5 * 0.2 + 0.8 * Math.cos(0.2), 0.3 * 0.2];
        const mean = (1 + Math.cos(0.2)) / 2;
        expect(await blend({ weight: 0.8 })).toMatchObject([
          { id: 'meeting', similarity: 1, score: expect.closeTo(first, 3) },
          { id: 'nps', score: expect.closeTo(second, 3) },
          { id: 'unknown', similarity: null, score: expect.closeTo(third + 0.8 * mean, 3) },
        ]);
        expect(await blend({ weight: 0 })).toMatchObject([
          { id: 'nps' },
          { id: 'meeting' },
          { id: 'unknown' },
        ]);
      });

      it('is the text alone for a vector of another encoder, and without what is withheld', async () => {
        expect(await blend({ encoder: 'encoder@0' })).toMatchObject([
          { id: 'nps', similarity: null, score: 0.5 },
          { id: 'meeting', score: 0.45 },
          { id: 'unknown', score: 0.3 },
        ]);
        expect(await blend({ withhold: ['nps'] })).toMatchObject([{ id: 'meeting' }, { id: 'unknown' }]);
      });
    });
  });
}
