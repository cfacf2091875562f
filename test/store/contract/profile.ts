import { beforeEach, describe, expect, it } from 'vitest';
import { putFeedback } from '../../../src/store/feedback.ts';
import { listClients, readHeatmap, readSignal, readTrend, type Span } from '../../../src/store/profile.ts';
import { emptyStore } from '../../support/store.ts';
import { arrange, type Meeting, TODAY } from './briefing.ts';
import type { Harness } from './harness.ts';

const DAY = 86_400_000;
const SPAN = {
  now: TODAY,
  period: 'month',
  since: '2026-01-01T00:00:00Z',
  until: '2026-04-01T00:00:00Z',
} as const;

/** What a client's profile shows. */
export function profileContract(harness: () => Harness): void {
  const heatmap = (rest: Partial<Span & { top: number }> = {}) =>
    readHeatmap(harness().store, { ...SPAN, ...rest });
  const cellsOf = async (topic: string, rest: Partial<Span> = {}) =>
    (await heatmap(rest)).topics
      .find((found) => found.topic === topic)
      ?.cells.map(({ start, n }) => `${start}: ${n}`);
  const at = (key: string, occurredAt: string, topics: string[], rest: Partial<Meeting> = {}): Meeting => ({
    key,
    occurredAt,
    labels: { topic: topics },
    ...rest,
  });
  beforeEach(() => emptyStore(harness()));

  describe('the heatmap', () => {
    it('of an empty store has its periods and nothing in them', async () => {
      expect(await heatmap()).toEqual({
        zone: 'UTC',
        period: 'month',
        periods: [
          { start: '2026-01-01', complete: true },
          { start: '2026-02-01', complete: true },
          { start: '2026-03-01', complete: false },
        ],
        topics: [],
        clients: [],
      });
    });

    it('counts each topic in each period, noughts too, and says how that changed', async () => {
      await arrange(harness(), [
        at('before', '2025-12-31T23:59:59.999Z', ['value']),
        at('a', '2026-01-01T00:00:00.000Z', ['value', 'support']),
        at('b', '2026-01-31T23:59:59.999Z', ['value']),
        at('c', '2026-03-05T00:00:00.000Z', ['value'], { kind: 'nps' }),
        at('after', '2026-04-01T00:00:00.000Z', ['value']),
        at('off', '2026-01-15T00:00:00.000Z', ['value'], { details: { status: 'cancelled' } }),
      ]);
      expect((await heatmap()).topics).toEqual([
        {
          topic: 'value',
          n: 3,
          cells: [
            { start: '2026-01-01', n: 2, previous: 1, change: 1, relative: 1 },
            { start: '2026-02-01', n: 0, previous: 2, change: -2, relative: -1 },
            { start: '2026-03-01', n: 1, previous: 0, change: 1, relative: null },
          ],
        },
        {
          topic: 'support',
          n: 1,
          cells: [
            { start: '2026-01-01', n: 1, previous: 0, change: 1, relative: null },
            { start: '2026-02-01', n: 0, previous: 1, change: -1, relative: -1 },
            { start: '2026-03-01', n: 0, previous: 0, change: 0, relative: null },
          ],
        },
      ]);
    });

    it('is of one client, or of all with those that have most', async () => {
      await arrange(harness(), [
        at('a1', '2026-01-02T00:00:00.000Z', ['value'], { client: 'Acme' }),
        at('a2', '2026-01-02T00:00:00.000Z', ['value', 'support'], { client: 'Acme' }),
        at('b1', '2026-01-02T00:00:00.000Z', ['support'], { client: 'Bolt' }),
        at('nobody', '2026-01-02T00:00:00.000Z', ['support']),
      ]);
      expect(await cellsOf('support')).toEqual(['2026-01-01: 3', '2026-02-01: 0', '2026-03-01: 0']);
      expect(await cellsOf('support', { client: 'acme ltd' })).toEqual([
        '2026-01-01: 1',
        '2026-02-01: 0',
        '2026-03-01: 0',
      ]);
      const acme = {
        name: 'Acme',
        n: 3,
        topics: [
          { topic: 'value', n: 2 },
          { topic: 'support', n: 1 },
        ],
      };
      expect((await heatmap()).clients).toMatchObject([acme, { name: 'Bolt', n: 1 }]);
      expect((await heatmap({ top: 1 })).clients).toMatchObject([acme]);
      expect((await heatmap({ client: 'Bolt' })).clients).toMatchObject([{ name: 'Bolt' }]);
      await expect(heatmap({ client: 'Zeta' })).rejects.toMatchObject({ code: 'PT404' });
    });

    it('never counts a kind that is withheld', async () => {
      await arrange(harness(), [
        at('m', '2026-01-02T00:00:00.000Z', ['value']),
        at('n', '2026-01-02T00:00:00.000Z', ['value'], { kind: 'nps', client: 'Acme' }),
      ]);
      expect(await heatmap({ withhold: ['nps'] })).toMatchObject({ topics: [{ n: 1 }], clients: [] });
      expect((await heatmap({ kinds: ['nps'], withhold: ['nps'] })).topics).toEqual([]);
    });

    it('reads the labels that hold', async () => {
      await arrange(harness(), [at('m', '2026-01-02T00:00:00.000Z', ['value'])]);
      const tasks = { topic: { labels: [{ id: 'support' }] } };
      await putFeedback(harness().store, tasks, {
        now: TODAY,
        kind: 'meeting',
        source_key: 'm',
        verdict: 'labels',
        task: 'topic',
        labels: ['support'],
      });
      expect((await heatmap()).topics).toMatchObject([{ topic: 'support', n: 1 }]);
    });

    it.each<[string, string, string, Partial<Span>, string[]]>([
      [
        'a month ends at midnight in Sydney, with summer time',
        '2026-01-31T12:59:59.000Z',
        '2026-01-31T13:00:00.000Z',
        { zone: 'Australia/Sydney' },
        ['2026-01-01: 1', '2026-02-01: 1'],
      ],
      [
        'a month ends at midnight in Guam',
        '2026-01-31T13:59:59.000Z',
        '2026-01-31T14:00:00.000Z',
        { zone: 'Pacific/Guam' },
        ['2026-01-01: 1', '2026-02-01: 1'],
      ],
      [
        'a month ends at midnight in Perth',
        '2026-01-31T15:59:59.000Z',
        '2026-01-31T16:00:00.000Z',
        { zone: 'Australia/Perth' },
        ['2026-01-01: 1', '2026-02-01: 1'],
      ],
      [
        'a quarter ends with March',
        '2026-03-31T23:59:59.000Z',
        '2026-04-01T00:00:00.000Z',
        { period: 'quarter', until: '2026-06-01T00:00:00Z' },
        ['2026-01-01: 1', '2026-04-01: 1'],
      ],
      [
        'a week ends with Sunday',
        '2026-02-01T23:59:59.000Z',
        '2026-02-02T00:00:00.000Z',
        { period: 'week', since: '2026-01-30T00:00:00Z', until: '2026-02-03T00:00:00Z' },
        ['2026-01-26: 1', '2026-02-02: 1'],
      ],
      [
        'a week over the change of clocks in Sydney',
        '2026-04-05T13:59:59.000Z',
        '2026-04-05T14:00:00.000Z',
        {
          period: 'week',
          since: '2026-04-01T00:00:00Z',
          until: '2026-04-07T00:00:00Z',
          zone: 'Australia/Sydney',
        },
        ['2026-03-30: 1', '2026-04-06: 1'],
      ],
    ])('%s', async (_, last, first, rest, expected) => {
      await arrange(harness(), [at('last', last, ['value']), at('first', first, ['value'])]);
      const span = { until: '2026-02-02T00:00:00Z', since: '2026-01-10T00:00:00Z', ...rest };
      expect(await cellsOf('value', span)).toEqual(expected);
    });

    it('puts an all-day meeting into the month of its own day, wherever one is', async () => {
      const day = { allDay: true, endsAt: '2026-02-02T00:00:00.000Z' };
      await arrange(harness(), [at('day', '2026-02-01T00:00:00.000Z', ['value'], day)]);
      for (const zone of ['Pacific/Auckland', 'America/Los_Angeles']) {
        expect(
          await cellsOf('value', { zone, until: '2026-02-10T00:00:00Z', since: '2026-01-10T00:00:00Z' }),
        ).toEqual(['2026-01-01: 0', '2026-02-01: 1']);
      }
    });

    it.each<[string, object]>([
      ['a period', { period: 'day' }],
      ['a span that ends before it begins', { until: '2025-01-01T00:00:00Z' }],
      ['an endless span', { period: 'week', until: '9999-01-01T00:00:00Z' }],
      ['no span', { since: null }],
      ['a zone', { zone: 'Mars/Olympus' }],
      ['a number of clients', { top: -1 }],
    ])('refuses %s', async (_, rest) => {
      const call = harness().store.call('touchpoint_heatmap', { ...SPAN, ...rest });
      await expect(call).rejects.toMatchObject({ code: 'PT400' });
    });
  });

  const said = (
    key: string,
    occurredAt: string,
    sentiment: string[],
    rest: Partial<Meeting> = {},
  ): Meeting => ({
    key,
    kind: 'nps',
    occurredAt,
    client: 'Acme',
    labels: { sentiment },
    ...rest,
  });

  describe('the trend', () => {
    it('counts sentiments, their shares and their mean, and what is mixed apart', async () => {
      await arrange(harness(), [
        said('a', '2026-01-02T00:00:00.000Z', ['positive']),
        said('b', '2026-01-03T00:00:00.000Z', ['negative'], { kind: 'email' }),
        said('c', '2026-01-04T00:00:00.000Z', ['mixed', 'negative']),
        said('d', '2026-01-05T00:00:00.000Z', ['neutral']),
        said('e', '2026-01-05T00:00:00.000Z', ['positive'], { client: 'Bolt' }),
        said('f', '2026-03-05T00:00:00.000Z', ['positive']),
      ]);
      const { periods } = await readTrend(harness().store, { ...SPAN, client: 'Acme' });
      expect(periods).toMatchObject([
        {
          start: '2026-01-01',
          n: 4,
          ...{ positive: 1, neutral: 1, negative: 1, mixed: 1 },
          share: { positive: 0.25, neutral: 0.25, negative: 0.25, mixed: 0.25 },
          mean: -0.25,
        },
        { start: '2026-02-01', n: 0, positive: 0, share: null, mean: null },
        { start: '2026-03-01', n: 1, mean: 1, complete: false },
      ]);
      const all = await readTrend(harness().store, { ...SPAN, withhold: ['email'] });
      expect(all.periods[0]).toMatchObject({ n: 4, positive: 2, negative: 0 });
    });
  });

  describe('the signal', () => {
    const signal = (rest: Partial<Parameters<typeof readSignal>[1]> = {}) =>
      readSignal(harness().store, { client: 'Acme', now: TODAY, ...rest });
    const ago = (days: number) => new Date(Date.parse(TODAY) - days * DAY).toISOString();

    it('is null where there is too little to say', async () => {
      await arrange(harness(), [said('a', ago(1), ['negative'])]);
      expect(await signal()).toMatchObject({
        client: { name: 'Acme' },
        signal: null,
        sentiment: { value: null, n: 1, negative: 1, minimum: 5 },
        escalations: { value: null, n: 0, open: [] },
        risks: { value: null, n: 0, by_category: {} },
      });
    });

    it('is the share of what is negative, which fades with its age', async () => {
      const ages = [0, 30, 60, 60, 60] as const;
      await arrange(
        harness(),
        ages.map((days, n) => said(`s${n}`, ago(days + 0.000_01), [days === 30 ? 'negative' : 'positive'])),
      );
      // 0.5 of 1 + 0.5 + 3 * 0.25
      expect(await signal()).toMatchObject({ signal: 22, sentiment: { value: 0.2222, n: 5 } });
      expect(await signal({ half_life_days: 1_000_000 })).toMatchObject({ sentiment: { value: 0.2, n: 5 } });
      expect(await signal({ days: 45 })).toMatchObject({ signal: null, sentiment: { n: 2 } });
      expect(await signal({ withhold: ['nps'] })).toMatchObject({ signal: null, sentiment: { n: 0 } });
    });

    it('adds escalations and risks, each part with its weight', async () => {
      const about = (key: string, rest: Partial<Meeting>) => ({
        key,
        client: 'Acme',
        occurredAt: ago(0),
        ...rest,
      });
      await arrange(harness(), [
        about('war', { labels: { intent: ['escalation'] } }),
        about('raise', { kind: 'action', labels: { action: ['escalation'] } }),
        about('done', {
          kind: 'action',
          labels: { action: ['escalation'] },
          details: { status: 'Completed' },
        }),
        about('off', { labels: { intent: ['escalation'] }, details: { status: 'cancelled' } }),
        about('old', { labels: { intent: ['escalation'] }, occurredAt: ago(200) }),
        about('r1', { kind: 'risk', labels: { risk: ['churn', 'technical'] }, occurredAt: null }),
        about('r2', { kind: 'risk', labels: { risk: ['churn'] }, occurredAt: ago(400) }),
        about('r3', { kind: 'risk', labels: { risk: [] } }),
      ]);
      // 1 - exp(-2 / 2) = 0.6321 by 30, 1 - exp(-3 / 3) = 0.6321 by 20
      expect(await signal()).toMatchObject({
        signal: 63,
        sentiment: { value: null, weight: 50 },
        escalations: { value: 0.6321, weight: 30, n: 2 },
        risks: { value: 0.6321, weight: 20, n: 3, by_category: { churn: 2, none: 1 } },
      });
      expect((await signal()).escalations.open.map(({ title }) => title).sort()).toEqual(['raise', 'war']);
      expect(await signal({ withhold: ['risk', 'action', 'meeting'] })).toMatchObject({ signal: null });
    });

    it('is nought where enough was said and nothing points to trouble', async () => {
      await arrange(
        harness(),
        [1, 2, 3, 4, 5].map((n) => ({
          key: `m${n}`,
          client: 'Acme',
          occurredAt: ago(n),
          labels: { intent: [] },
        })),
      );
      expect(await signal()).toMatchObject({ signal: 0, touchpoints: 5, escalations: { value: 0, n: 0 } });
    });

    it('wants a client that is known', async () => {
      await expect(signal({ client: 'Acme' })).rejects.toMatchObject({ code: 'PT404' });
      await expect(harness().store.call('touchpoint_signal', { now: TODAY })).rejects.toMatchObject({
        code: 'PT400',
      });
    });
  });

  describe('the list of clients', () => {
    it('is empty without any, and has each with its counts and contacts', async () => {
      expect(await listClients(harness().store, { now: TODAY })).toEqual([]);
      await arrange(harness(), [
        { key: 'last', client: 'Acme', occurredAt: '2026-03-01T00:00:00.000Z' },
        { key: 'mail', client: 'Acme', kind: 'email', occurredAt: '2026-03-02T00:00:00.000Z' },
        {
          key: 'off',
          client: 'Acme',
          occurredAt: '2026-03-03T00:00:00.000Z',
          details: { status: 'cancelled' },
        },
        { key: 'next', client: 'Acme', occurredAt: '2026-03-11T00:00:00.000Z' },
        { key: 'later', client: 'Acme', occurredAt: '2026-03-12T00:00:00.000Z' },
        { key: 'said', client: 'Acme', kind: 'nps', occurredAt: '2026-03-05T00:00:00.000Z' },
        { key: 'b', client: 'Bolt', kind: 'nps' },
      ]);
      const lines = await listClients(harness().store, { now: TODAY });
      expect(lines).toMatchObject([
        { name: 'Acme', aliases: ['Acme Ltd'], n: 6, by_kind: { meeting: 4, email: 1, nps: 1 } },
        { name: 'Bolt', n: 1, last_contact: null, next_meeting: null },
      ]);
      const [acme] = lines;
      expect(Date.parse(acme?.last_contact ?? '')).toBe(Date.parse('2026-03-02T00:00:00Z'));
      expect(Date.parse(acme?.next_meeting ?? '')).toBe(Date.parse('2026-03-11T00:00:00Z'));
      const some = await listClients(harness().store, { now: TODAY, withhold: ['nps', 'email'] });
      expect(some).toMatchObject([
        { name: 'Acme', n: 4, by_kind: { meeting: 4 } },
        { name: 'Bolt', n: 0, by_kind: {} },
      ]);
    });
  });
}
