import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { TransientError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { importTouchpoints } from '../../src/store/pages.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { quickTagger } from '../support/tagger.ts';

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(() => emptyStore(store));
afterAll(() => store.close());

const clock = systemClock(Date.UTC(2026, 2, 1));
const deps = (tagger = quickTagger()) => ({ store, tagger, clock, log: silentLog });

async function put(
  titles: readonly string[],
  rest: { readonly occurredAt?: string; readonly body?: string } = {},
) {
  const items = titles.map((title, index) => ({
    touchpoint: {
      kind: 'meeting' as const,
      sourceKey: `k${index}`,
      title,
      body: '',
      people: [],
      occurredAt: null,
      endsAt: null,
      allDay: false,
      timeZone: 'UTC',
      details: {},
      ...rest,
    },
    match: { client: null, method: null, confidence: null },
  }));
  await importTouchpoints(store, '2026-03-01T00:00:00.000Z', items);
}

describe('tagging', () => {
  it('tags everything once, in pages, and nothing twice', async () => {
    await put(Array.from({ length: 120 }, (_, index) => `meeting ${index}`));
    const tagger = quickTagger();
    expect(await tagPending(deps(tagger))).toEqual({ tagged: 120, failed: 0 });
    expect(new Set(tagger.seen).size).toBe(120);
    expect(await tagPending(deps(tagger))).toEqual({ tagged: 0, failed: 0 });
    const [row] = await store.sql('select count(*)::int as tags from touchpoint.tags');
    expect(row).toEqual({ tags: 120 });
  });

  it('tags again what changed in words, not what only moved in time', async () => {
    await put(['a', 'b']);
    await tagPending(deps());
    await put(['a', 'b'], { occurredAt: '2026-05-01T00:00:00.000Z' });
    expect(await tagPending(deps())).toEqual({ tagged: 0, failed: 0 });
    await put(['a'], { body: 'new words' });
    expect(await tagPending(deps())).toEqual({ tagged: 1, failed: 0 });
  });

  it('lets one bad text cost itself only, and gives up on it after three tries', async () => {
    await put(['good', 'bad', 'fine']);
    const fail = (title: string) => (title === 'bad' ? new Error('unreadable') : undefined);
    expect(await tagPending(deps(quickTagger({ fail })))).toEqual({ tagged: 2, failed: 1 });
    expect(await tagPending(deps(quickTagger({ fail })))).toEqual({ tagged: 0, failed: 1 });
    expect(await tagPending(deps(quickTagger({ fail })))).toEqual({ tagged: 0, failed: 1 });
    expect(await tagPending(deps(quickTagger({ fail })))).toEqual({ tagged: 0, failed: 0 });
    await put(['good', 'mended', 'fine']);
    expect(await tagPending(deps())).toEqual({ tagged: 1, failed: 0 });
  });

  it('stops when the model is away, without blaming the texts', async () => {
    await put(['a']);
    const away = quickTagger({ fail: () => new TransientError('no model') });
    await expect(tagPending(deps(away))).rejects.toThrow('no model');
    const [row] = await store.sql('select attempts from touchpoint.touchpoints');
    expect(row).toEqual({ attempts: 0 });
  });

  it('stops at its limit', async () => {
    await put(['a', 'b', 'c']);
    expect(await tagPending(deps(), { limit: 2 })).toEqual({ tagged: 2, failed: 0 });
  });
});
