import { beforeEach, describe, expect, it } from 'vitest';
import { readStatus } from '../../../src/store/feeds.ts';
import { importTouchpoints } from '../../../src/store/pages.ts';
import { erase } from '../../../src/store/privacy.ts';
import { exportTouchpoints, search } from '../../../src/store/search.ts';
import {
  beginTagging,
  pauseTagging,
  readEncoders,
  readUntagged,
  saveTagsPage,
  type Versions,
} from '../../../src/store/tags.ts';
import { emptyStore } from '../../support/store.ts';
import { direction, item, NOW, touchpoint } from './fixtures.ts';
import type { Harness } from './harness.ts';

const ONE = { encoder: 'encoder@1', taxonomy: 'taxonomy@1' };
const TWO = { encoder: 'encoder@2', taxonomy: 'taxonomy@2' };
const THREE = { encoder: 'encoder@3', taxonomy: 'taxonomy@3' };

/** A new encoder or taxonomy beside the one that serves. */
export function versionContract(harness: () => Harness): void {
  const store = () => harness().store;
  const put = (...keys: string[]) =>
    importTouchpoints(
      store(),
      NOW,
      keys.map((key) => item(touchpoint(key, { kind: 'nps', title: key }))),
    );
  const begin = (version: Versions, start = true) => beginTagging(store(), { ...version, now: NOW, start });
  const save = (version: Versions, rows: { id: string; text_hash: string }[], failed: string[] = []) =>
    saveTagsPage(store(), {
      ...version,
      now: NOW,
      rows: rows.map(({ id, text_hash }) => ({
        id,
        textHash: text_hash,
        vector: direction(0.5),
        uncertain: [],
        tags: [{ task: 'intent', label: version.taxonomy, score: 1 }],
      })),
      failed: failed.map((id) => ({ id, error: 'odd' })),
    });
  const pending = (version: Versions, limit = 100) =>
    readUntagged(store(), { ...version, limit, after: null });
  const tagAll = async (version: Versions) => save(version, await pending(version));
  const byMeaning = async ({ encoder }: Versions) => {
    const embedding = { vector: direction(0.5), encoder };
    return (await search(store(), { query: '', embedding, limit: 50 })).map(({ id }) => id).sort();
  };
  const versions = async () => (await readStatus(store())).versions;
  beforeEach(() => emptyStore(harness()));

  describe('a new encoder', () => {
    it('leaves searches with the old one until no row lacks it, and takes over with its last page', async () => {
      const keys = ['a', 'b', 'c', 'd', 'e'];
      await put(...keys);
      await begin(ONE);
      await tagAll(ONE);
      await begin(TWO);
      for (let done = 0; done < keys.length; done++) {
        expect(await readEncoders(store())).toEqual({ serving: ONE.encoder, building: TWO.encoder });
        expect((await versions()).building).toMatchObject({ encoder: TWO.encoder, done, total: 5 });
        expect(await byMeaning(ONE)).toEqual(keys);
        expect(await byMeaning(TWO)).toEqual([]);
        await save(TWO, await pending(TWO, 1));
      }
      expect(await readEncoders(store())).toEqual({ serving: TWO.encoder, building: null });
      expect(await byMeaning(TWO)).toEqual(keys);
      expect(await byMeaning(ONE)).toEqual([]);
      expect((await readStatus(store())).embedded).toBe(5);
      const tags = await harness().sql('select touchpoint from touchpoint.tags where version = $1', [
        TWO.taxonomy,
      ]);
      expect(tags).toHaveLength(5);
    });

    it('serves at once where there was none, and where the last row that lacked it was deleted', async () => {
      await begin(ONE);
      await put('a', 'b');
      await save(ONE, await pending(ONE, 1));
      expect(await byMeaning(ONE)).toHaveLength(1);
      await tagAll(ONE);
      await begin(TWO);
      const [row, rest] = await pending(TWO);
      await save(TWO, row === undefined ? [] : [row]);
      expect((await readEncoders(store())).serving).toBe(ONE.encoder);
      await harness().sql('update touchpoint.touchpoints set deleted_at = now() where id = $1', [rest?.id]);
      await begin(TWO, false);
      expect((await readEncoders(store())).serving).toBe(TWO.encoder);
    });

    it('is not held up by rows that fail, which were tried anew under it', async () => {
      await put('good', 'bad');
      await begin(ONE);
      const bad = (await pending(ONE)).find(({ title }) => title === 'bad')?.id ?? '';
      for (let attempt = 0; attempt < 3; attempt++) await save(ONE, [], [bad]);
      await tagAll(ONE);
      await begin(TWO);
      expect(await pending(TWO)).toHaveLength(2);
      await save(
        TWO,
        (await pending(TWO)).filter(({ id }) => id !== bad),
      );
      for (let attempt = 0; attempt < 3; attempt++) {
        expect((await readEncoders(store())).serving).toBe(ONE.encoder);
        await save(TWO, [], [bad]);
      }
      expect((await readEncoders(store())).serving).toBe(TWO.encoder);
    });

    it('gives way to a third, which starts from nothing, and comes back as if new', async () => {
      await put('a', 'b');
      await begin(ONE);
      await tagAll(ONE);
      await begin(TWO);
      await save(TWO, await pending(TWO, 1));
      await begin(THREE);
      expect(await readEncoders(store())).toEqual({ serving: ONE.encoder, building: THREE.encoder });
      await save(THREE, await pending(THREE, 1));
      await begin(TWO);
      // the row that the third one wrote over is due again; at most one of the two may have been kept
      expect((await pending(TWO)).length).toBeGreaterThan(0);
      await tagAll(TWO);
      expect(await byMeaning(TWO)).toEqual(['a', 'b']);
      expect(await pending(TWO)).toEqual([]);
    });

    it('is given up when the one that serves is started again, whose tags come back', async () => {
      await put('a', 'b');
      await begin(ONE);
      await tagAll(ONE);
      await begin({ ...ONE, encoder: TWO.encoder });
      await save({ ...ONE, encoder: TWO.encoder }, await pending({ ...ONE, encoder: TWO.encoder }, 1));
      await begin(ONE);
      expect(await readEncoders(store())).toEqual({ serving: ONE.encoder, building: null });
      // the taxonomy is the same, but the tags are the other encoder's
      expect(await pending(ONE)).toHaveLength(1);
      await tagAll(ONE);
      expect(await byMeaning(ONE)).toEqual(['a', 'b']);
    });

    it('drops the old vector of a text that changed while it builds: words find the row until it serves', async () => {
      await put('a', 'b');
      await begin(ONE);
      await tagAll(ONE);
      await begin(TWO);
      const changed = touchpoint('a', { kind: 'nps', title: 'a', body: 'ransomware' });
      await importTouchpoints(store(), NOW, [item(changed)]);
      const row = (await pending(TWO)).find(({ title }) => title === 'a');
      await save(TWO, row === undefined ? [] : [row]);
      expect(await byMeaning(ONE)).toEqual(['b']);
      const embedding = { vector: direction(0.5), encoder: ONE.encoder };
      const hits = await search(store(), { query: 'ransomware', embedding, limit: 50 });
      expect(hits.filter(({ id }) => id === 'a')).toMatchObject([{ similarity: null }]);
      await tagAll(TWO);
      expect(await byMeaning(TWO)).toEqual(['a', 'b']);
    });
  });

  describe('two taggers of different versions', () => {
    it('do not undo each other: the one that was started last goes on, and the status says who stands aside', async () => {
      await put('a', 'b');
      await begin(ONE);
      const page = await pending(ONE);
      await begin(TWO);
      expect(await save(ONE, page)).toMatchObject({ saved: 0, aside: true });
      await save(ONE, [], [page[0]?.id ?? '']);
      expect(await harness().sql('select max(attempts) as most from touchpoint.touchpoints')).toEqual([
        { most: 0 },
      ]);
      expect(await tagAll(TWO)).toMatchObject({ saved: 2, aside: false });
      expect(await begin(ONE, false)).toMatchObject({ aside: true });
      expect((await versions()).aside).toMatchObject(ONE);
      expect(await begin(ONE)).toMatchObject({ aside: false });
      expect(await begin(TWO, false)).toMatchObject({ aside: true });
      expect((await versions()).aside).toMatchObject(TWO);
    });

    it('are told apart by their taxonomy too', async () => {
      await put('a');
      await begin(ONE);
      await tagAll(ONE);
      const newer = { ...ONE, taxonomy: TWO.taxonomy };
      await begin(newer);
      expect(await tagAll(newer)).toMatchObject({ saved: 1 });
      expect(await tagAll(ONE)).toMatchObject({ saved: 0, aside: true });
      expect(await readEncoders(store())).toEqual({ serving: ONE.encoder, building: null });
    });
  });

  it('a pause is told to every tagger with its next page, until it is taken back', async () => {
    await put('a', 'b');
    expect(await begin(ONE)).toEqual({ paused: false, aside: false });
    await pauseTagging(store(), true, NOW);
    expect(await save(ONE, await pending(ONE, 1))).toEqual({ saved: 1, paused: true, aside: false });
    expect(await begin(ONE, false)).toEqual({ paused: true, aside: false });
    expect((await versions()).paused).toBe(true);
    await pauseTagging(store(), false, NOW);
    expect(await begin(ONE, false)).toEqual({ paused: false, aside: false });
  });

  it('what was redacted has a vector in neither slot', async () => {
    await put('a');
    await begin(ONE);
    await tagAll(ONE);
    await put('b');
    await begin(TWO);
    await save(
      TWO,
      (await pending(TWO)).filter(({ title }) => title === 'a'),
    );
    const sql = 'select id, content_hash from touchpoint.touchpoints where embedding_b is not null';
    const [row] = await harness().sql(sql);
    const redacted = touchpoint('a', { kind: 'nps', title: 'redacted' });
    const was = { id: String(row?.['id']), was: String(row?.['content_hash']) };
    await erase(store(), { now: NOW, dryRun: false, erase: [], redact: [{ ...was, touchpoint: redacted }] });
    const left = await harness().sql(
      'select source_key from touchpoint.touchpoints where embedding is not null or embedding_b is not null',
    );
    expect(left).toEqual([]);
    for await (const { embedded } of exportTouchpoints(store(), {})) expect(embedded).toBe(false);
  });
}
