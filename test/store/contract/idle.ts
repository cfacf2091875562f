import { beforeEach, describe, expect, it } from 'vitest';
import { claimFeed, type IdleLook, listFeeds, moveIdle, releaseFeed } from '../../../src/store/feeds.ts';
import { commitPage } from '../../../src/store/pages.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, type Feed, NOW, newFeed, page, touchpoint } from './fixtures.ts';
import type { Harness } from './harness.ts';

const LATER = '2026-03-01T01:00:00.000Z';
const LINK = 'https://graph.example/delta?2';

/** A look at a feed that finds nothing is one small write. */
export function idleContract(harness: () => Harness): void {
  beforeEach(() => emptyStore(harness()));

  /** A feed whose first round is complete. */
  async function walked(): Promise<Feed> {
    const feed = await newFeed(harness().store);
    await commitPage(harness().store, page(feed, 0));
    return feed;
  }
  const look = (feed: Feed, rest: Partial<IdleLook> = {}) =>
    moveIdle(harness().store, {
      feed: feed.id,
      expect: 1,
      deltaLink: LINK,
      now: LATER,
      ...rest,
    });
  async function now(feed: Feed): Promise<Feed> {
    const [found] = await listFeeds(harness().store, [feed.mailbox]);
    if (found === undefined) throw new Error('no feed');
    return found;
  }

  describe('a look that finds nothing', () => {
    it('moves the cursor once, and says when', async () => {
      const feed = await walked();
      expect(await look(feed)).toBe(true);
      const moved = await now(feed);
      expect(moved).toMatchObject({ delta_link: LINK, cursor_version: 2, last_error: null });
      expect(new Date(moved.last_success_at ?? '').toISOString()).toBe(LATER);
      expect(await look(feed)).toBe(false);
      await expect(commitPage(harness().store, page(feed, 1))).rejects.toThrow();
    });

    it('writes nothing while somebody holds the feed, and takes the place of a dead lease', async () => {
      const { store, sql } = harness();
      const feed = await walked();
      await claimFeed(store, { feed: feed.id, owner: 'other', seconds: 60 });
      expect(await look(feed)).toBe(false);
      await claimFeed(store, { feed: feed.id, owner: 'other', seconds: -1 });
      expect(await look(feed)).toBe(true);
      const [row] = await sql('select lease_owner from touchpoint.feeds where id = $1', [feed.id]);
      expect(row).toEqual({ lease_owner: null });
    });

    it('ends what went wrong before', async () => {
      const { store } = harness();
      const feed = await walked();
      await claimFeed(store, { feed: feed.id, owner: 'me', seconds: 60 });
      await releaseFeed(store, { feed: feed.id, owner: 'me', now: NOW, error: 'no answer' });
      expect(await look(feed)).toBe(true);
      expect((await now(feed)).last_error).toBeNull();
    });

    it('leaves a mark, which may have come after it', async () => {
      const { sql } = harness();
      const feed = await walked();
      await sql('update touchpoint.feeds set dirty_at = $2 where id = $1', [feed.id, NOW]);
      expect(await look(feed)).toBe(true);
      expect((await now(feed)).dirty_at).not.toBeNull();
    });

    it('is not enough in the middle of a round, before the first one, or while a copy is in doubt', async () => {
      const { store, sql } = harness();
      const fresh = await newFeed(store);
      expect(await look(fresh, { expect: 0 })).toBe(false);
      const midway = await walked();
      const begin = { round: 'delta', scope: 's', window: null } as const;
      await commitPage(
        store,
        page(midway, 1, { begin, nextLink: 'https://graph.example/next', deltaLink: null }),
      );
      expect(await look(midway, { expect: 2 })).toBe(false);
      const doubting = await newFeed(store);
      await commitPage(store, page(doubting, 0, { copies: [copy('one', touchpoint('idle-doubt'))] }));
      await sql('update touchpoint.copies set doubted = true where feed = $1', [doubting.id]);
      expect(await look(doubting)).toBe(false);
    });
  });
}
