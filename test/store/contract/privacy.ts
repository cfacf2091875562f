import { beforeEach, describe, expect, it } from 'vitest';
import { contentHash, sha256 } from '../../../src/core/hash.ts';
import { compareCopies, listCopies } from '../../../src/store/compare.ts';
import { listFeeds, putFeeds } from '../../../src/store/feeds.ts';
import { commitPage, importTouchpoints, type PageResult } from '../../../src/store/pages.ts';
import {
  erase,
  listSkips,
  putSkips,
  readContents,
  readPrivacy,
  remember,
  retainStep,
} from '../../../src/store/privacy.ts';
import { StoreConflict } from '../../../src/store/store.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, type Feed, item, NOW, newFeed, type PageRest, page, stored, touchpoint } from './fixtures.ts';
import type { Harness } from './harness.ts';

const WINDOW = { start: '2026-01-01T00:00:00.000Z', end: '2026-06-01T00:00:00.000Z' };
const FULL = { round: 'full', scope: 's', window: WINDOW } as const;
const DELTA = { round: 'delta', scope: 's', window: WINDOW } as const;
const BEFORE = { occurredAt: '2025-12-01T00:00:00.000Z', endsAt: '2025-12-01T01:00:00.000Z' };
const ASIDE = { aside: true, begin: null, deltaLink: null } as const;

/** What is left out, forgotten and retained; pages beside the rounds, and removals in doubt. */
export function privacyContract(harness: () => Harness): void {
  const feed = () => newFeed(harness().store);
  const commit = (to: Feed, version: number, rest: PageRest = {}): Promise<PageResult> =>
    commitPage(harness().store, page(to, version, rest));
  const contents = async () => {
    const rows = [];
    for await (const row of readContents(harness().store, 2)) rows.push(row);
    return rows;
  };
  beforeEach(() => emptyStore(harness()));

  describe('a removal', () => {
    const old = copy('old', touchpoint('old', BEFORE));

    it('from outside the window leaves the copy in doubt until it is settled', async () => {
      const own = await feed();
      await commit(own, 0, { begin: FULL, copies: [old, copy('now', touchpoint('now'))] });
      const result = await commit(own, 1, { begin: DELTA, removed: ['old', 'now', 'unknown'] });
      expect(result).toMatchObject({ removed: ['now'], doubtful: ['old'], deleted: 1 });
      expect(await commit(own, 2, { begin: DELTA })).toMatchObject({ doubtful: ['old'] });
      expect(await commit(own, 3, { ...ASIDE, removed: ['old'] })).toMatchObject({
        removed: ['old'],
        doubtful: [],
      });
      expect(await stored(harness(), 'old')).toMatchObject([{ deleted: true }]);
    });

    it.each([
      ['seen again', { copies: [old] }],
      ['shown unchanged', { shown: ['old'] }],
    ])('is no longer in doubt once the copy is %s', async (_, rest) => {
      const own = await feed();
      await commit(own, 0, { begin: FULL, copies: [old] });
      await commit(own, 1, { begin: DELTA, removed: ['old'] });
      expect(await commit(own, 2, { ...ASIDE, ...rest })).toMatchObject({ doubtful: [] });
      expect(await stored(harness(), 'old')).toMatchObject([{ deleted: false }]);
    });

    it('of a series takes what lies in the window and doubts the rest', async () => {
      const own = await feed();
      const series = { series: 'm' };
      const copies = [copy('in', touchpoint('in'), series), copy('old', touchpoint('old', BEFORE), series)];
      await commit(own, 0, { begin: FULL, copies });
      const result = await commit(own, 1, { begin: DELTA, removed: ['m'] });
      expect(result).toMatchObject({ removed: ['m'], doubtful: ['old'], deleted: 1 });
    });
  });

  describe('a page aside', () => {
    it('moves no cursor and is fenced by it all the same', async () => {
      const own = await feed();
      await commit(own, 0, { begin: FULL, nextLink: 'next', deltaLink: null });
      const [before] = await listFeeds(harness().store);
      const result = await commit(own, 1, { ...ASIDE, copies: [copy('a', touchpoint('a'))] });
      expect(result).toMatchObject({ version: 2, outcomes: { a: 'inserted' } });
      await expect(commit(own, 1, { ...ASIDE })).rejects.toThrow(StoreConflict);
      const [after] = await listFeeds(harness().store);
      expect(after).toEqual({ ...before, cursor_version: 2 });
      // what it showed counts for the round in progress
      expect(await commit(own, 2, {})).toMatchObject({ swept: 0 });
    });
  });

  describe('lists of what is left out', () => {
    it('refuse pages and imports that were screened by older ones', async () => {
      const { store } = harness();
      const own = await feed();
      const { version } = await readPrivacy(store);
      await commit(own, 0, { privacy: version });
      await remember(store, NOW, [{ kind: 'person', hash: sha256('a@example.test'), words: null }]);
      const late = { privacy: version, copies: [copy('a', touchpoint('late'))] };
      await expect(commit(own, 1, late)).rejects.toThrow(StoreConflict);
      await expect(importTouchpoints(store, NOW, [item(touchpoint('late'))], version)).rejects.toThrow(
        StoreConflict,
      );
      expect(await stored(harness(), 'late')).toEqual([]);
      await commit(own, 1, { privacy: (await readPrivacy(store)).version });
    });

    it('take one mailbox’s skipped copy and leave a colleague’s', async () => {
      const { store } = harness();
      const [own, other] = [await feed(), await feed()];
      for (const each of [own, other]) await commit(each, 0, { copies: [copy('x', touchpoint('both'))] });
      await commit(own, 1, { copies: [copy('o', touchpoint('mine'), { series: 'master' })] });
      const skips = ['x', 'master'].map((graphId) => ({
        mailbox: own.mailbox.toUpperCase(),
        graphId,
        reason: 'no',
      }));
      expect(await putSkips(store, NOW, skips)).toEqual({ added: 2, copies: 2, touchpoints: 1 });
      expect(await putSkips(store, NOW, skips)).toEqual({ added: 0, copies: 0, touchpoints: 0 });
      expect(await stored(harness(), 'both')).toMatchObject([{ deleted: false }]);
      expect(await stored(harness(), 'mine')).toEqual([]);
      expect(await listSkips(store, own.mailbox)).toHaveLength(2);
      expect(await listSkips(store, other.mailbox)).toEqual([]);
    });

    it('keep no clear text', async () => {
      const entry = { kind: 'person', hash: 'anna@example.test', words: null } as const;
      await expect(remember(harness().store, NOW, [entry])).rejects.toThrow();
    });

    it('do not let a forgotten mailbox be made known again', async () => {
      const hash = sha256('gone@example.test');
      await remember(harness().store, NOW, [{ kind: 'mailbox', hash, words: null }]);
      await expect(putFeeds(harness().store, 'gone@example.test', [])).rejects.toThrow(StoreConflict);
    });
  });

  describe('contents that are read back', () => {
    it('have the hash they were stored under', async () => {
      const details = { status: 'scheduled', minutes: 30, online: true, joinUrl: null, a: 'ü' };
      const people = [{ name: 'Å', address: 'a@example.test', role: 'organizer' as const }];
      const points = ['a', 'b', 'c'].map((key) => touchpoint(key, { details, people, body: `\t${key}` }));
      await importTouchpoints(
        harness().store,
        NOW,
        points.map((point) => item(point)),
      );
      const rows = await contents();
      expect(rows).toHaveLength(3);
      for (const row of rows) expect(contentHash(row.touchpoint)).toBe(row.contentHash);
    });
  });

  describe('erasing', () => {
    const none = { now: NOW, dryRun: false, erase: [], redact: [] };

    it('does nothing at all when a touchpoint changed since it was read', async () => {
      const { store } = harness();
      await importTouchpoints(store, NOW, [item(touchpoint('a')), item(touchpoint('b'))]);
      const [a, b] = await contents();
      if (a === undefined || b === undefined) throw new Error('not imported');
      const redact = [{ id: b.id, was: 'another', touchpoint: { ...b.touchpoint, body: '' } }];
      await expect(erase(store, { ...none, erase: [a.id], redact })).rejects.toThrow(StoreConflict);
      expect(await contents()).toEqual([a, b]);
    });

    it('of a mailbox takes what only it holds or held, and its traces', async () => {
      const { store, sql } = harness();
      const [own, other] = [await feed(), await feed()];
      await commit(own, 0, { copies: ['both', 'mine', 'dead'].map((key) => copy(key, touchpoint(key))) });
      await commit(other, 0, { copies: [copy('both', touchpoint('both'))] });
      await commit(own, 1, { removed: ['dead'] });
      await putSkips(store, NOW, [{ mailbox: own.mailbox, graphId: 'z' }]);
      await sql(
        `insert into touchpoint.runs (started_at, ended_at, fetched, written, unchanged, skipped, failed, reasons, errors)
         values (now(), now(), 0, 0, 0, 0, 0, '{}', jsonb_build_array(jsonb_build_object('feed', $1::text, 'reason', 'r')))`,
        [`${own.mailbox} inbox`],
      );
      const target = { mailbox: own.mailbox, address: own.mailbox };
      const expected = { touchpoints: 2, copies: 2, feeds: 1, mailboxes: 1, skips: 1 };
      expect(await erase(store, { ...none, ...target, dryRun: true })).toMatchObject(expected);
      expect(await erase(store, { ...none, ...target })).toMatchObject(expected);
      const [left] = await sql(
        `select (select string_agg(source_key, ' ') from touchpoint.touchpoints) as keys,
           exists (select from touchpoint.touchpoints t where t::text like '%' || $1 || '%')
             or exists (select from touchpoint.runs r where r::text like '%' || $1 || '%')
             or exists (select from touchpoint.copies c where c::text like '%' || $1 || '%') as traces`,
        [own.mailbox],
      );
      expect(left).toEqual({ keys: 'both', traces: false });
      expect(await erase(store, { ...none, ...target })).toMatchObject({
        touchpoints: 0,
        copies: 0,
        feeds: 0,
      });
    });
  });

  describe('retention', () => {
    it('deletes in steps, and once a day under the same settings', async () => {
      const { store } = harness();
      const at = (key: string, occurredAt: string | null) =>
        item(touchpoint(key, { occurredAt, endsAt: null }));
      const points = [
        ...Array.from({ length: 3 }, (_, n) => at(`old${n}`, BEFORE.occurredAt)),
        at('new', NOW),
        at('undated', null),
      ];
      await importTouchpoints(store, NOW, points);
      const limits = { before: WINDOW.start, unless: 'today' };
      expect(await retainStep(store, limits, 2)).toEqual({ expired: 2, purged: 0, done: false });
      expect(await retainStep(store, limits, 2)).toEqual({ expired: 1, purged: 0, done: true });
      await importTouchpoints(store, NOW, [at('old again', BEFORE.occurredAt)]);
      expect(await retainStep(store, limits, 2)).toEqual({ expired: 0, purged: 0, done: true });
      expect(await retainStep(store, { ...limits, unless: 'tomorrow' }, 2)).toMatchObject({ expired: 1 });
      expect((await contents()).map(({ touchpoint: { sourceKey } }) => sourceKey).sort()).toEqual([
        'new',
        'undated',
      ]);
    });

    it('purges what was marked deleted long enough ago', async () => {
      const own = await feed();
      await commit(own, 0, { copies: [copy('a', touchpoint('a')), copy('b', touchpoint('b'))] });
      await commit(own, 1, { removed: ['a'] });
      const { store } = harness();
      expect(await retainStep(store, { deletedBefore: NOW }, 10)).toMatchObject({ purged: 0 });
      expect(await retainStep(store, { deletedBefore: '2026-03-01T00:00:00.001Z' }, 10)).toMatchObject({
        purged: 1,
      });
      expect(await contents()).toMatchObject([{ touchpoint: { sourceKey: 'b' } }]);
    });
  });

  describe('a comparison', () => {
    it('foresees what a commit then does, without writing', async () => {
      const { store } = harness();
      const [own, other] = [await feed(), await feed()];
      const title = { title: 'changed' };
      const sources = ['same', 'gone', 'new title', 'outranked'].map((key) =>
        copy(key, touchpoint(key), { authoritative: true }),
      );
      await commit(own, 0, { copies: sources });
      await commit(own, 1, { removed: ['gone'] });
      const copies = [
        copy('same', touchpoint('same'), { authoritative: true }),
        copy('gone', touchpoint('gone')),
        copy('new title', touchpoint('new title', title), { authoritative: true }),
        copy('new', touchpoint('new')),
      ];
      const foreseen = await compareCopies(store, { feed: own.id, mailbox: own.mailbox, copies });
      const beside = {
        feed: other.id,
        mailbox: other.mailbox,
        copies: [copy('o', touchpoint('outranked', title))],
      };
      expect(await compareCopies(store, beside)).toEqual(new Map([['o', 'copied']]));
      expect(Object.fromEntries(foreseen)).toEqual((await commit(own, 2, { copies })).outcomes);
      expect(Object.fromEntries(foreseen)).toEqual({
        same: 'unchanged',
        gone: 'restored',
        'new title': 'updated',
        new: 'inserted',
      });
    });

    it('lists a feed’s copies that touch a span', async () => {
      const own = await feed();
      const around = { occurredAt: '2025-12-31T23:00:00.000Z', endsAt: '2026-01-01T01:00:00.000Z' };
      const until = { occurredAt: '2025-12-31T23:00:00.000Z', endsAt: WINDOW.start };
      const points = { in: {}, around, until, old: BEFORE, from: { occurredAt: WINDOW.end, endsAt: null } };
      await commit(own, 0, {
        copies: Object.entries(points).map(([key, rest]) => copy(key, touchpoint(key, rest))),
      });
      expect([...(await listCopies(harness().store, own.id, WINDOW)).keys()]).toEqual(['around', 'in']);
      expect((await listCopies(harness().store, own.id, null)).size).toBe(5);
    });
  });
}
