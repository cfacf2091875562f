import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ClaimFilter,
  claimUncertain,
  type OpinionRow,
  readFallbackStatus,
  reserve,
  type Settlement,
  settle,
} from '../../../src/store/opinions.ts';
import { importTouchpoints } from '../../../src/store/pages.ts';
import { pauseTagging, readUntagged, saveTags } from '../../../src/store/tags.ts';
import { emptyStore } from '../../support/store.ts';
import { direction, item, NOW, touchpoint, VERSIONS } from './fixtures.ts';
import type { Harness } from './harness.ts';

const DAY = NOW.slice(0, 10);
const TASKS = { intent: 'q1', topic: 'q1' };

/** Second opinions: who asks what, what it may cost, and what becomes of the answers. */
export function opinionContract(harness: () => Harness): void {
  const store = () => harness().store;
  const put = async (keys: readonly string[], uncertain: readonly string[] = ['intent', 'topic']) => {
    await importTouchpoints(
      store(),
      NOW,
      keys.map((key) => item(touchpoint(key, { kind: 'nps', title: key }))),
    );
    const found = await readUntagged(store(), { ...VERSIONS, limit: 100, after: null });
    const tags = ['intent', 'topic'].map((task) => ({ task, label: 'qbr', score: 0.4 }));
    const rows = found.map(({ id, text_hash: textHash }) => {
      return { id, textHash, vector: direction(0), uncertain, tags };
    });
    await saveTags(store(), { ...VERSIONS, now: NOW, rows, failed: [] });
  };
  const claim = (rest: Partial<ClaimFilter> = {}) =>
    claimUncertain(store(), {
      ...{ now: NOW, owner: 'a', seconds: 60, taxonomy: VERSIONS.taxonomy, limit: 10, tasks: TASKS },
      ...{ withholdKinds: [], withholdLabels: [], ...rest },
    });
  const settled = (rows: readonly OpinionRow[], rest: Partial<Settlement> = {}) =>
    settle(store(), {
      ...{ now: NOW, owner: 'a', reservation: { day: DAY, tokens: 100, micros: 7 }, requests: 1 },
      ...{ failedRequests: 0, tokensIn: 60, tokensOut: 20, micros: 5, rows, released: [], ...rest },
    });
  const answer = (touchpointId: string, textHash: string, rest: Partial<OpinionRow> = {}): OpinionRow => ({
    ...{ touchpoint: touchpointId, task: 'intent', textHash, version: 'q1', state: 'answered' },
    ...{ labels: [{ label: 'training', score: 0.9 }], ...rest },
  });
  const current = async () =>
    (
      await harness().sql(
        `select t.title, g.task, g.label, g.origin from touchpoint.current_tags g
         join touchpoint.touchpoints t on t.id = g.touchpoint order by 1, 2, 3`,
      )
    ).map((row) => Object.values(row).join(' '));
  const room = (tokens: number, micros = 0) => reserve(store(), { day: DAY, tokens, micros }, BUDGET);
  const BUDGET = { tokens: 1000, micros: 1000 };
  beforeEach(() => emptyStore(harness()));

  describe('second opinions', () => {
    it('are claimed once, until the claim ends', async () => {
      await put(['a', 'b']);
      const { rows } = await claim();
      expect(rows.map(({ title, tasks }) => [title, tasks]).sort()).toEqual([
        ['a', ['intent', 'topic']],
        ['b', ['intent', 'topic']],
      ]);
      expect((await claim({ owner: 'b' })).rows).toEqual([]);
      expect((await claim({ now: '2026-03-01T00:00:59.000Z' })).rows).toEqual([]);
      expect((await claim({ now: '2026-03-01T00:01:00.000Z', owner: 'b' })).rows).toHaveLength(2);
    });

    it('are of known questions, of tagged texts, and of nothing withheld or paused', async () => {
      await put(['a']);
      expect((await claim({ tasks: {} })).rows).toEqual([]);
      expect((await claim({ taxonomy: 'other' })).rows).toEqual([]);
      expect((await claim({ withholdKinds: ['email', 'nps'] })).rows).toEqual([]);
      expect((await claim({ withholdLabels: [{ task: 'topic', label: 'qbr' }] })).rows).toEqual([]);
      await pauseTagging(store(), true, NOW);
      expect((await claim()).rows).toEqual([]);
      await pauseTagging(store(), false, NOW);
      const other = { withholdKinds: ['email'], withholdLabels: [{ task: 'intent', label: 'training' }] };
      expect((await claim({ tasks: { topic: 'q1' }, ...other })).rows).toMatchObject([{ tasks: ['topic'] }]);
    });

    it("replace the model's tags of their task alone, and come back after new heads", async () => {
      await put(['a']);
      const [row] = (await claim()).rows;
      if (row === undefined) throw new Error('nothing claimed');
      await room(100, 7);
      expect(await settled([answer(row.id, row.text_hash)])).toBe(1);
      const after = ['a intent training fallback', 'a topic qbr model'];
      expect(await current()).toEqual(after);
      await harness().sql(`update touchpoint.touchpoints set taxonomy = 'old'`);
      await put([]);
      expect(await current()).toEqual(['a intent qbr model', 'a topic qbr model']);
      expect(await claim({ tasks: { intent: 'q1' } })).toEqual({ reused: 1, rows: [] });
      expect(await current()).toEqual(after);
    });

    it('are asked again for another question, and where they were given back', async () => {
      await put(['a'], ['intent']);
      const [row] = (await claim()).rows;
      const given = { touchpoint: row?.id ?? '', task: 'intent' };
      await room(100, 7);
      await settled([], { owner: 'b', released: [given] });
      expect((await claim()).rows).toEqual([]);
      await settled([], { released: [given] });
      expect((await claim()).rows).toHaveLength(1);
      await settled([answer(row?.id ?? '', row?.text_hash ?? '', { state: 'unsure', labels: [] })]);
      expect((await claim()).rows).toEqual([]);
      expect((await claim({ tasks: { intent: 'q2' } })).rows).toHaveLength(1);
    });

    it('never overdraw the budget, however many ask at once', async () => {
      const granted = await Promise.all(Array.from({ length: 15 }, () => room(100)));
      expect(granted.filter(Boolean)).toHaveLength(10);
      await settled([], { reservation: { day: DAY, tokens: 100, micros: 0 } });
      // 900 reserved and 80 spent
      expect(await room(21)).toBe(false);
      expect(await room(20)).toBe(true);
      expect(await reserve(store(), { day: '2026-03-02', tokens: 1000, micros: 0 }, BUDGET)).toBe(true);
      expect(await room(0, 996)).toBe(false);
      expect(
        await reserve(store(), { day: DAY, tokens: 1e6, micros: 1e6 }, { tokens: null, micros: null }),
      ).toBe(true);
    });

    it('have counts that reconcile', async () => {
      await put(['a', 'b']);
      const { rows } = await claim();
      await room(100, 7);
      const states = ['answered', 'unsure', 'refused', 'unusable'] as const;
      const said = rows.flatMap(({ id, text_hash }) =>
        ['intent', 'topic'].map((task) => ({ id, text_hash, task })),
      );
      await settled(
        said.map(({ id, text_hash, task }, at) =>
          answer(id, text_hash, { task, state: states[at] ?? 'unsure' }),
        ),
        { requests: 3, failedRequests: 2, error: 'away' },
      );
      const counts = {
        requests: 3,
        failed_requests: 2,
        asked: 4,
        answered: 1,
        unsure: 1,
        refused: 1,
        unusable: 1,
      };
      expect(await readFallbackStatus(store(), DAY)).toEqual({
        today: { ...counts, tokens: 80, micros: 5 },
        total: { ...counts, tokens: 80, micros: 5 },
        ...{ reserved_tokens: 0, last_error: 'away', last_error_at: '2026-03-01T00:00:00+00:00' },
        ...{ uncertain: 3, tokens_saved: 0 },
      });
      const nothing = await readFallbackStatus(store(), '2026-03-02');
      expect(nothing).toMatchObject({
        today: { asked: 0, tokens: 0 },
        total: { asked: 4 },
        last_error: null,
      });
    });
  });
}
