import { beforeEach, describe, expect, it } from 'vitest';
import { listFeeds } from '../../../src/store/feeds.ts';
import { commitPage, type PageResult } from '../../../src/store/pages.ts';
import { StoreConflict, StoreError } from '../../../src/store/store.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, type Feed, newFeed, type PageRest, page, stored, touchpoint } from './fixtures.ts';
import type { Harness } from './harness.ts';

const FULL = { round: 'full', scope: 's', window: null } as const;
const WINDOW = { start: '2026-01-01T00:00:00.000Z', end: '2026-06-01T00:00:00.000Z' };
const BEFORE = { occurredAt: '2025-12-01T00:00:00.000Z', endsAt: '2025-12-01T01:00:00.000Z' };
const AFTER = { occurredAt: '2027-03-01T00:00:00.000Z', endsAt: '2027-03-01T01:00:00.000Z' };

/** A page of a feed: rows, deletions and the cursor in one transaction, or none of it. */
export function pageContract(harness: () => Harness): void {
  const feed = () => newFeed(harness().store);
  const commit = (to: Feed, version: number, rest: PageRest = {}): Promise<PageResult> =>
    commitPage(harness().store, page(to, version, rest));
  beforeEach(() => emptyStore(harness()));

  describe('a page', () => {
    it('writes new copies once and leaves the same content alone', async () => {
      const own = await feed();
      expect((await commit(own, 0, { copies: [copy('a', touchpoint('k'))] })).outcomes).toEqual({
        a: 'inserted',
      });
      const begin = { round: 'delta', scope: 's', window: null } as const;
      const again = await commit(own, 1, { begin, copies: [copy('a', touchpoint('k'))] });
      expect(again).toMatchObject({ version: 2, outcomes: { a: 'unchanged' } });
      const moved = await commit(own, 2, { copies: [copy('a', touchpoint('k', { title: 'QBR moved' }))] });
      expect(moved.outcomes).toEqual({ a: 'updated' });
    });

    it('is refused when the cursor has moved, and writes nothing', async () => {
      const own = await feed();
      await commit(own, 0);
      await expect(commit(own, 0, { copies: [copy('a', touchpoint('k'))] })).rejects.toThrow(StoreConflict);
      await expect(commit({ ...own, id: 999_999 }, 0)).rejects.toThrow(StoreConflict);
      expect(await stored(harness(), 'k')).toEqual([]);
    });

    it('writes nothing at all when one of its rows is refused', async () => {
      const own = await feed();
      const broken = touchpoint('broken', { occurredAt: 'next Tuesday-ish' });
      const copies = [copy('a', touchpoint('k')), copy('b', broken)];
      await expect(commit(own, 0, { copies })).rejects.toThrow(StoreError);
      expect(await stored(harness(), 'k')).toEqual([]);
      expect(await listFeeds(harness().store)).toMatchObject([{ cursor_version: 0, delta_link: null }]);
    });

    it('keeps one touchpoint for copies in five mailboxes and deletes it with the last', async () => {
      const feeds = await Promise.all(Array.from({ length: 5 }, feed));
      for (const [at, own] of feeds.entries()) {
        const { outcomes } = await commit(own, 0, { copies: [copy('x', touchpoint('k'))] });
        expect(outcomes).toEqual({ x: at === 0 ? 'inserted' : 'copied' });
      }
      for (const [at, own] of feeds.entries()) {
        const result = await commit(own, 1, { removed: ['x', 'never seen'] });
        expect(result).toMatchObject({ removed: ['x'], deleted: at === 4 ? 1 : 0 });
      }
      expect(await stored(harness(), 'k')).toMatchObject([{ deleted: true }]);
    });

    it('takes two copies of one touchpoint in the same mailbox', async () => {
      const own = await feed();
      const copies = [copy('a', touchpoint('k')), copy('b', touchpoint('k'))];
      await commit(own, 0, { copies });
      expect(await commit(own, 1, { removed: ['a'] })).toMatchObject({ deleted: 0 });
      expect(await commit(own, 2, { removed: ['b'] })).toMatchObject({ deleted: 1 });
    });

    it('restores a deleted touchpoint without losing its row', async () => {
      const own = await feed();
      const copies = [copy('r', touchpoint('k'))];
      const id = () => harness().sql(`select id from touchpoint.touchpoints where source_key = 'k'`);
      await commit(own, 0, { copies });
      const before = await id();
      await commit(own, 1, { removed: ['r'] });
      expect((await commit(own, 2, { copies })).outcomes).toEqual({ r: 'restored' });
      expect(await id()).toEqual(before);
    });

    it('deletes what a graph id stood for when it comes to stand for something else', async () => {
      const own = await feed();
      await commit(own, 0, { copies: [copy('a', touchpoint('first'))] });
      expect(await commit(own, 1, { copies: [copy('a', touchpoint('second'))] })).toMatchObject({
        deleted: 1,
      });
      expect(await stored(harness(), 'first')).toMatchObject([{ deleted: true }]);
    });

    it('wipes what must be forgotten instead of marking it', async () => {
      const own = await feed();
      await commit(own, 0, { copies: [copy('p', touchpoint('private'))] });
      await commit(own, 1, { forgotten: ['p'] });
      expect(await stored(harness(), 'private')).toEqual([]);
    });

    it('takes a body of any length', async () => {
      const words = Array.from({ length: 200_000 }, (_, n) => `word${n}`).join(' ');
      const { outcomes } = await commit(await feed(), 0, {
        copies: [copy('a', touchpoint('k', { body: words }))],
      });
      expect(outcomes).toEqual({ a: 'inserted' });
    });
  });

  describe('the copies of a touchpoint', () => {
    it('leave the content to the organiser whatever order they come in', async () => {
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
      ]) {
        const key = `rank ${order.join()}`;
        const copies = [
          copy('o', touchpoint(key, { title: 'organiser' }), { authoritative: true }),
          copy('n', touchpoint(key, { title: 'newer' }), { modifiedAt: '2026-02-20T00:00:00.000Z' }),
          copy('l', touchpoint(key, { title: 'older' })),
        ];
        for (const index of order) {
          const next = copies[index];
          if (next !== undefined) await commit(await feed(), 0, { copies: [next] });
        }
        expect(await stored(harness(), key)).toMatchObject([{ title: 'organiser' }]);
      }
    });

    it('take over when the one that the content came from is gone', async () => {
      const [own, other] = [await feed(), await feed()];
      const first = copy('o', touchpoint('k', { title: 'first' }), { authoritative: true });
      const second = copy('n', touchpoint('k', { title: 'second' }));
      await commit(own, 0, { copies: [first] });
      await commit(other, 0, { copies: [second] });
      expect(await stored(harness(), 'k')).toMatchObject([{ title: 'first' }]);
      await commit(own, 1, { removed: ['o'] });
      await commit(other, 1, { copies: [second] });
      expect(await stored(harness(), 'k')).toMatchObject([{ title: 'second', deleted: false }]);
    });
  });

  describe('a full round', () => {
    it('sweeps at its end what it did not show, inside its window only', async () => {
      const own = await feed();
      const copies = [
        copy('in', touchpoint('in')),
        copy('stay', touchpoint('stay')),
        copy('old', touchpoint('old', BEFORE)),
      ];
      const begin = { ...FULL, window: WINDOW };
      await commit(own, 0, { begin, copies });
      const half = { begin, copies: [copy('stay', touchpoint('stay'))], nextLink: 'n', deltaLink: null };
      expect(await commit(own, 1, half)).toMatchObject({ swept: 0 });
      expect(await listFeeds(harness().store)).toMatchObject([
        { round: 'full', next_link: 'n', round_scope: 's' },
      ]);
      expect(await commit(own, 2)).toMatchObject({ swept: 1, deleted: 1 });
      expect(await stored(harness(), 'in')).toMatchObject([{ deleted: true }]);
      expect(await stored(harness(), 'stay')).toMatchObject([{ deleted: false }]);
      expect(await stored(harness(), 'old')).toMatchObject([{ deleted: false }]);
      const ended = {
        round: null,
        next_link: null,
        round_scope: null,
        epoch: 2,
        scope: 's',
        cursor_version: 3,
      };
      expect(await listFeeds(harness().store)).toMatchObject([ended]);
    });

    it('keeps copies that were shown but not stored anew', async () => {
      const own = await feed();
      await commit(own, 0, { copies: [copy('s', touchpoint('k'))] });
      expect(await commit(own, 1, { begin: FULL, shown: ['s', 'unknown'] })).toMatchObject({ swept: 0 });
    });
  });

  describe('a series', () => {
    it('goes with its removed master', async () => {
      const own = await feed();
      const copies = ['1', '2', '3'].map((n) =>
        copy(`o${n}`, touchpoint(`series ${n}`), { series: 'master' }),
      );
      await commit(own, 0, { copies });
      expect(await commit(own, 1, { removed: ['master'] })).toMatchObject({
        removed: ['master'],
        deleted: 3,
      });
    });

    it('is replaced as a whole inside the window', async () => {
      const own = await feed();
      const copies = [
        copy('a', touchpoint('a'), { series: 'm' }),
        copy('b', touchpoint('b'), { series: 'm' }),
        copy('c', touchpoint('c', AFTER), { series: 'm' }),
      ];
      await commit(own, 0, { copies });
      const series = [{ master: 'm', keep: ['a'], window: WINDOW }];
      expect(await commit(own, 1, { series })).toMatchObject({ deleted: 1 });
      expect(await stored(harness(), 'b')).toMatchObject([{ deleted: true }]);
      expect(await stored(harness(), 'c')).toMatchObject([{ deleted: false }]);
    });
  });
}
