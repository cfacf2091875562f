import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Facets, Meetings, Whole } from '../../../src/store/briefing.ts';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { arrange } from '../../store/contract/briefing.ts';
import { emptyStore, memoryStore } from '../../support/store.ts';
import { quickTagger } from '../../support/tagger.ts';
import { serving, someKey } from './serving.ts';

/** The Briefing Room, a client's profile and feedback, over HTTP. */

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await emptyStore(store);
  const at = (day: number) => `2026-02-${String(day).padStart(2, '0')}T01:00:00.000Z`;
  await arrange({ store, sql: store.sql, close: store.close }, [
    {
      key: 'review',
      client: 'Acme',
      occurredAt: at(3),
      labels: { intent: ['qbr'], topic: ['value & pricing'] },
    },
    {
      key: 'outage',
      client: 'Acme',
      occurredAt: at(9),
      labels: { intent: ['escalation'], topic: ['support & service'] },
    },
    { key: 'lunch', occurredAt: at(12), labels: { intent: [] } },
    {
      key: 'mail',
      kind: 'email',
      client: 'Acme',
      occurredAt: at(14),
      labels: { sentiment: ['negative'], topic: ['support & service'] },
    },
    {
      key: 'comment',
      kind: 'nps',
      client: 'Acme',
      occurredAt: at(15),
      labels: { sentiment: ['positive'], topic: ['support & service'] },
    },
  ]);
});

const keysOf = (body: unknown) => Meetings.parse(body).rows.map(({ source_key }) => source_key);
const SPAN = 'since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z';

async function idOf(key: string): Promise<string> {
  const [row] = await store.sql('select id from touchpoint.touchpoints where source_key = $1', [key]);
  return z.object({ id: z.uuid() }).parse(row).id;
}

describe('the Briefing Room', () => {
  it('filters before it pages, and counts', async () => {
    const { get } = await serving({ store });
    const body = await (await get('/api/v1/meetings?limit=1&facets=true&zone=Australia/Sydney')).json();
    const page = Meetings.parse(body);
    expect(keysOf(body)).toEqual(['lunch']);
    expect(page.facets).toMatchObject({ total: 3, meeting_type: { qbr: 1, escalation: 1 } });
    const next = await (await get(`/api/v1/meetings?limit=5&after=${page.next}`)).json();
    expect(keysOf(next)).toEqual(['outage', 'review']);
    expect(keysOf(await (await get('/api/v1/meetings?meeting_types=qbr&meeting_types=none')).json())).toEqual(
      ['lunch', 'review'],
    );
    expect(keysOf(await (await get('/api/v1/meetings?kinds=email')).json())).toEqual(['mail']);
    const facets = Facets.parse(await (await get('/api/v1/meetings/facets?clients=Acme')).json());
    expect(facets.total).toBe(2);
  });

  it.each([
    'zone=Mars/Base',
    'after=x',
    'limit=0',
    'kinds=secret',
    'recurring=maybe',
    'since=soon',
    'order=up',
  ])('refuses what it does not understand, by name: %s', async (query) => {
    const { get } = await serving({ store });
    const answer = await get(`/api/v1/meetings?${query}`);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(await answer.json())).toContain(query.split('=')[0]);
  });
});

describe('a client’s profile', () => {
  it('has topics and sentiment by period, and a signal', async () => {
    const { get } = await serving({ store });
    const heatmap = await (await get(`/api/v1/heatmap?client=Acme&${SPAN}`)).json();
    expect(heatmap).toMatchObject({
      topics: [
        { topic: 'support & service', n: 3 },
        { topic: 'value & pricing', n: 1 },
      ],
    });
    const trend = await (await get(`/api/v1/trend?client=Acme&${SPAN}`)).json();
    expect(trend).toMatchObject({ periods: [{ n: 0 }, { n: 2, positive: 1, negative: 1 }] });
    expect(await (await get('/api/v1/signal?client=Acme')).json()).toMatchObject({
      client: { name: 'Acme' },
    });
    expect(await (await get('/api/v1/clients')).json()).toMatchObject([{ name: 'Acme', n: 4 }]);
    expect((await get('/api/v1/signal?client=Nobody')).status).toBe(404);
  });
});

describe('a touchpoint', () => {
  it('is told with everything, or not at all', async () => {
    const { get } = await serving({ store });
    const one = Whole.parse(await (await get(`/api/v1/touchpoints/${await idOf('review')}`)).json());
    expect(one).toMatchObject({
      source_key: 'review',
      current: [{ label: 'qbr' }, { label: 'value & pricing' }],
    });
    expect((await get('/api/v1/touchpoints/00000000-0000-4000-8000-000000000000')).status).toBe(404);
    expect((await get('/api/v1/touchpoints/1')).status).toBe(400);
  });

  it('is corrected for good', async () => {
    const { get, post } = await serving({ store });
    const path = `/api/v1/touchpoints/${await idOf('review')}`;
    const saved = await post(`${path}/feedback`, {
      verdict: 'labels',
      task: 'intent',
      labels: ['training'],
      by: 'kim',
    });
    expect(saved.status).toBe(201);
    expect(await saved.json()).toMatchObject({ labels: ['training'], settled: true });
    const { current, feedback } = Whole.parse(await (await get(path)).json());
    expect(current).toContainEqual(expect.objectContaining({ label: 'training', origin: 'person' }));
    expect(feedback).toMatchObject([{ verdict: 'labels', by: 'kim', model: [{ label: 'qbr' }] }]);
  });

  it.each([
    { verdict: 'labels', task: 'intent', labels: ['billing'] },
    { verdict: 'labels', task: 'mood', labels: [] },
    { verdict: 'shrug', task: 'intent' },
    { verdict: 'down', task: 'intent' },
  ])('is not corrected by nonsense (%#)', async (said) => {
    const { post } = await serving({ store });
    expect((await post(`/api/v1/touchpoints/${await idOf('review')}/feedback`, said)).status).toBe(400);
  });

  it('says why it has its tags', async () => {
    const tagger = {
      ...quickTagger(),
      classify: async (_task: string, items: readonly { title: string }[]) =>
        items.map(({ title }) => {
          const score = title.includes('review') ? 0.9 : 0.2;
          return {
            primary: 'qbr',
            labels: [{ label: 'qbr', score }],
            scores: { qbr: score },
            uncertain: false,
          };
        }),
    };
    const { get } = await serving({ store, tagger });
    const why = await (await get(`/api/v1/touchpoints/${await idOf('review')}/why?task=intent`)).json();
    expect(why).toMatchObject({ label: 'qbr', evidence: [{ text: 'review' }] });
  });
});

describe('a key that is not shown mail and NPS comments', () => {
  const limited = someKey({ scopes: ['read', 'feedback'], withhold: ['email', 'nps'] });
  const full = someKey({ scopes: ['read', 'feedback'], withhold: [] });

  it('finds no trace of them anywhere', async () => {
    const { get, post } = await serving({
      store,
      keys: [limited.setting, full.setting],
      tagger: quickTagger(),
    });
    const [mail, comment] = [await idOf('mail'), await idOf('comment')];
    const paths = [
      '/api/v1/meetings?kinds=email&kinds=nps&kinds=meeting&facets=true',
      '/api/v1/meetings/facets?kinds=email&kinds=nps',
      '/api/v1/clients?kinds=email&kinds=nps',
      `/api/v1/heatmap?kinds=email&kinds=nps&${SPAN}`,
      `/api/v1/trend?kinds=email&kinds=nps&${SPAN}`,
      '/api/v1/signal?client=Acme',
    ];
    for (const path of paths) {
      const text = await (await get(path, limited.header)).text();
      for (const secret of [mail, comment, '"mail"', '"comment"']) expect(text, path).not.toContain(secret);
    }
    expect(await (await get(`/api/v1/heatmap?${SPAN}`, limited.header)).json()).toMatchObject({
      topics: expect.arrayContaining([expect.objectContaining({ topic: 'support & service', n: 1 })]),
    });
    expect(await (await get(`/api/v1/trend?${SPAN}`, limited.header)).json()).toMatchObject({
      periods: [{ n: 0 }, { n: 0 }],
    });
    for (const id of [mail, comment]) {
      expect((await get(`/api/v1/touchpoints/${id}`, limited.header)).status).toBe(404);
      expect((await get(`/api/v1/touchpoints/${id}/why?task=topic`, limited.header)).status).toBe(404);
      const said = { verdict: 'labels', task: 'topic', labels: [] };
      expect((await post(`/api/v1/touchpoints/${id}/feedback`, said, limited.header)).status).toBe(404);
      expect((await get(`/api/v1/touchpoints/${id}`, full.header)).status).toBe(200);
    }
  });
});
