import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tagger } from '../../src/classify/tagger.ts';
import { systemClock } from '../../src/core/clock.ts';
import { TransientError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { readStatus } from '../../src/store/feeds.ts';
import { importTouchpoints } from '../../src/store/pages.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { search } from '../../src/store/search.ts';
import { pauseTagging } from '../../src/store/tags.ts';
import { embedQuestion } from '../../src/sync/question.ts';
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

describe('a tagger of another version', () => {
  const titles = Array.from({ length: 120 }, (_, index) => `meeting ${index}`);
  const old = () => quickTagger();
  const fresh = () => quickTagger({ encoder: 'quick@2', taxonomy: 'quicker' });
  const byMeaning = async (encoder: string) => {
    const vector = new Float32Array(384).fill(1);
    return (await search(store, { query: '', embedding: { vector, encoder }, limit: 200 })).length;
  };
  const versionsOfTags = async () =>
    (await store.sql('select version, count(*)::int as n from touchpoint.tags group by 1 order by 1')).map(
      ({ version, n }) => [version, n],
    );

  it('may be stopped at every page: searches go on with the old encoder, every row has the tags of one version', async () => {
    await put(titles);
    await tagPending(deps(old()));
    const tagger = fresh();
    for (const done of [50, 100]) {
      const stopping = new AbortController();
      const onPage = () => stopping.abort(new Error('stopped'));
      await expect(tagPending(deps(tagger), { signal: stopping.signal, onPage })).rejects.toThrow('stopped');
      expect(await byMeaning('quick@1')).toBe(120);
      expect(await byMeaning('quick@2')).toBe(0);
      expect(await versionsOfTags()).toEqual([
        ['quick', 120 - done],
        ['quicker', done],
      ]);
      expect((await readStatus(store)).versions.building).toMatchObject({ done, total: 120 });
    }
    expect(await tagPending(deps(tagger))).toEqual({ tagged: 20, failed: 0 });
    expect(tagger.seen).toHaveLength(120);
    expect(await byMeaning('quick@1')).toBe(0);
    expect(await byMeaning('quick@2')).toBe(120);
    expect(await versionsOfTags()).toEqual([['quicker', 120]]);
  });

  it('makes the one that was started before stand aside in the middle of its work, and neither undoes the other', async () => {
    await put(titles);
    const [first, second] = [old(), fresh()];
    let joined: Promise<unknown> | undefined;
    const onPage = () => {
      joined ??= tagPending(deps(second));
    };
    const { tagged } = await tagPending(deps(first), { onPage });
    await joined;
    expect(tagged).toBeLessThan(120);
    for (let round = 0; round < 3; round++) {
      expect(await tagPending(deps(first))).toEqual({ tagged: 0, failed: 0 });
      expect(await tagPending(deps(second))).toEqual({ tagged: 0, failed: 0 });
    }
    expect(await byMeaning('quick@2')).toBe(120);
    expect((await readStatus(store)).versions).toMatchObject({
      serving: 'quick@2',
      building: null,
      aside: { encoder: 'quick@1' },
    });
  });

  it('stops after its page when somebody pauses it, and goes on from there', async () => {
    await put(titles);
    const tagger = old();
    const now = '2026-03-01T00:00:00.000Z';
    let paused: Promise<void> | undefined;
    const onPage = () => {
      paused ??= pauseTagging(store, true, now);
    };
    const { tagged } = await tagPending(deps(tagger), { onPage });
    expect(tagged).toBeLessThan(120);
    await paused;
    expect(await tagPending(deps(tagger))).toEqual({ tagged: 0, failed: 0 });
    await pauseTagging(store, false, now);
    expect(await tagPending(deps(tagger))).toEqual({ tagged: 120 - tagged, failed: 0 });
    expect(tagger.seen).toHaveLength(120);
  });
});

describe('a question', () => {
  const asked = (configured: Tagger, other: (folder: string) => Promise<Tagger>) =>
    embedQuestion(
      { store, log: silentLog, tagger: async () => configured, taggerOf: other },
      'slow reports?',
    );
  const gone = async (): Promise<Tagger> => {
    throw new TransientError('no such folder');
  };

  it('is embedded by the encoder that serves: the configured one, another folder, or none', async () => {
    const [old, fresh] = [quickTagger(), quickTagger({ encoder: 'quicker@2' })];
    expect(await asked(fresh, gone)).toBeNull();
    await put(['a', 'b']);
    await tagPending(deps(old));
    await tagPending(deps(fresh), { limit: 1 });
    expect(await asked(old, gone)).toMatchObject({ encoder: 'quick@1' });
    const folders: string[] = [];
    const other = async (folder: string) => {
      folders.push(folder);
      return old;
    };
    expect(await asked(fresh, other)).toMatchObject({ encoder: 'quick@1' });
    expect(folders).toEqual(['quick']);
    expect(await asked(fresh, gone)).toBeNull();
    expect(await asked(fresh, async () => fresh)).toBeNull();
    await tagPending(deps(fresh));
    expect(await asked(fresh, gone)).toMatchObject({ encoder: 'quicker@2' });
  });
});
