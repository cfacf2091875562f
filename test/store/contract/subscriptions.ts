import { beforeEach, describe, expect, it } from 'vitest';
import {
  claimFeed,
  type FeedRow,
  listFeeds,
  putFeeds,
  readStatus,
  releaseFeed,
} from '../../../src/store/feeds.ts';
import {
  type MailboxKind,
  markDirty,
  putSubscription,
  readSubscriptions,
  refuseSubscription,
  removeSubscriptions,
} from '../../../src/store/subscriptions.ts';
import { emptyStore } from '../../support/store.ts';
import { NOW, newFeed } from './fixtures.ts';
import type { Harness } from './harness.ts';

const LATER = '2026-03-01T01:00:00.000Z';
const EXPIRES = '2026-03-08T00:00:00.000Z';

/** Subscriptions, and the marks that notifications leave on feeds. */
export function subscriptionContract(harness: () => Harness): void {
  beforeEach(() => emptyStore(harness()));

  const feedsOf = async (mailbox: string): Promise<FeedRow[]> => {
    const inbox = { kind: 'email', target: 'f1', name: 'inbox' } as const;
    const sent = { kind: 'email', target: 'f2', name: 'sentitems' } as const;
    return putFeeds(harness().store, mailbox, [
      { kind: 'meeting', target: 'calendar', name: 'calendar' },
      inbox,
      sent,
    ]);
  };
  const dirty = async () =>
    (await listFeeds(harness().store))
      .filter(({ dirty_at }) => dirty_at !== null)
      .map(({ mailbox, name }) => `${mailbox} ${name}`)
      .sort();
  const put = (id: string, pair: MailboxKind, rest: { now?: string; expires_at?: string } = {}) =>
    putSubscription(harness().store, {
      id,
      ...pair,
      resource: `/users/${pair.mailbox}/events`,
      url: 'https://hooks.example/webhooks/graph',
      client_state: `secret of ${id}`,
      expires_at: EXPIRES,
      now: NOW,
      ...rest,
    });
  const ana = { mailbox: 'ana@example.test', kind: 'meeting' } as const;

  describe('a mark', () => {
    it('falls on the feeds of the mailboxes and kinds that are named, and on those named by id', async () => {
      await feedsOf('ana@example.test');
      const [calendar] = await feedsOf('ben@example.test');
      await feedsOf('eve@example.test');
      const marks = { now: NOW, changed: [{ mailbox: 'ana@example.test', kind: 'email' as const }] };
      expect(await markDirty(harness().store, { ...marks, feeds: [calendar?.id ?? 0] })).toBe(3);
      expect(await dirty()).toEqual([
        'ana@example.test inbox',
        'ana@example.test sentitems',
        'ben@example.test calendar',
      ]);
    });

    it('names no feed when nothing is known of the mailbox', async () => {
      expect(await markDirty(harness().store, { now: NOW, changed: [ana] })).toBe(0);
    });

    it('is cleared by the round that saw it, and stays when it came during that round', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      const claim = () => claimFeed(store, { feed: feed.id, owner: 'one', seconds: 60 });
      const release = (dirtyBefore: string | null | undefined) =>
        releaseFeed(store, {
          feed: feed.id,
          owner: 'one',
          now: NOW,
          ...(dirtyBefore ? { dirtyBefore } : {}),
        });
      await markDirty(store, { now: NOW, feeds: [feed.id] });
      const seen = (await claim())?.dirty_at;
      // on a clock that stands still
      await markDirty(store, { now: NOW, feeds: [feed.id] });
      await release(seen);
      expect(await dirty()).toHaveLength(1);
      const next = (await claim())?.dirty_at;
      expect(Date.parse(next ?? '')).toBeGreaterThanOrEqual(Date.parse(NOW));
      await release(next);
      expect(await dirty()).toEqual([]);
    });

    it('stays when the clock of whoever marks is behind', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      await markDirty(store, { now: LATER, feeds: [feed.id] });
      const seen = (await claimFeed(store, { feed: feed.id, owner: 'one', seconds: 60 }))?.dirty_at;
      await markDirty(store, { now: NOW, feeds: [feed.id] });
      await releaseFeed(store, {
        feed: feed.id,
        owner: 'one',
        now: NOW,
        ...(seen ? { dirtyBefore: seen } : {}),
      });
      expect(await dirty()).toHaveLength(1);
    });

    it('stays after a round that failed or that was only gone on with', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      await markDirty(store, { now: NOW, feeds: [feed.id] });
      await claimFeed(store, { feed: feed.id, owner: 'one', seconds: 60 });
      await releaseFeed(store, { feed: feed.id, owner: 'one', now: NOW, error: 'Graph answered 503' });
      expect(await dirty()).toHaveLength(1);
    });

    it('writes nothing to a feed that waits for its round already', async () => {
      const { store, sql } = harness();
      const feed = await newFeed(store);
      await markDirty(store, { now: NOW, feeds: [feed.id] });
      const version = () => sql('select xmin::text, dirty_at from touchpoint.feeds where id = $1', [feed.id]);
      const before = await version();
      expect(await markDirty(store, { now: LATER, feeds: [feed.id] })).toBe(1);
      expect(await version()).toEqual(before);
    });
  });

  describe('a subscription', () => {
    it('takes the place of the mailbox’s earlier one and makes its feeds dirty, which a renewal does not', async () => {
      const { store } = harness();
      await feedsOf('ana@example.test');
      await put('s-1', ana);
      expect(await dirty()).toEqual(['ana@example.test calendar']);
      await harness().sql('update touchpoint.feeds set dirty_at = null');
      await put('s-1', ana, { now: LATER, expires_at: '2026-03-09T00:00:00.000Z' });
      expect(await dirty()).toEqual([]);
      await put('s-2', ana, { now: LATER });
      const { subscriptions } = await readSubscriptions(store);
      expect(subscriptions).toMatchObject([{ id: 's-2', client_state: 'secret of s-2', state: 'active' }]);
      expect(Date.parse(subscriptions[0]?.renewed_at ?? '')).toBe(Date.parse(LATER));
      expect(await dirty()).toEqual(['ana@example.test calendar']);
    });

    it('is marked for renewal, and active again once renewed', async () => {
      const { store } = harness();
      await feedsOf('ana@example.test');
      await put('s-1', ana);
      await markDirty(store, { now: NOW, renew: ['s-1', 'nobody'] });
      expect((await readSubscriptions(store)).subscriptions).toMatchObject([{ id: 's-1', state: 'renew' }]);
      await put('s-1', ana);
      expect((await readSubscriptions(store)).subscriptions).toMatchObject([{ id: 's-1', state: 'active' }]);
    });

    it('goes when Graph has removed it, and leaves its feeds dirty', async () => {
      const { store } = harness();
      await feedsOf('ana@example.test');
      await put('s-1', ana);
      await harness().sql('update touchpoint.feeds set dirty_at = null');
      await markDirty(store, { now: NOW, changed: [ana], removed: ['s-1'] });
      expect((await readSubscriptions(store)).subscriptions).toEqual([]);
      expect(await dirty()).toEqual(['ana@example.test calendar']);
    });

    it('goes with its mailbox', async () => {
      await feedsOf('ana@example.test');
      await put('s-1', ana);
      await harness().sql('delete from touchpoint.mailboxes');
      expect((await readSubscriptions(harness().store)).subscriptions).toEqual([]);
    });

    it('refuses a clientState that is too long for Graph', async () => {
      await feedsOf('ana@example.test');
      const row = { id: 's', ...ana, resource: 'r', url: 'u', expires_at: EXPIRES, now: NOW };
      await expect(
        putSubscription(harness().store, { ...row, client_state: 'x'.repeat(129) }),
      ).rejects.toThrow();
      expect((await readSubscriptions(harness().store)).subscriptions).toEqual([]);
    });
  });

  it('says in the status who is told of changes and who is polled, why and until when', async () => {
    const { store } = harness();
    await feedsOf('ana@example.test');
    await feedsOf('ben@example.test');
    await put('s-1', ana);
    const refusal = { mailbox: 'ben@example.test', kind: 'email', reason: 'on-premise', now: NOW } as const;
    await refuseSubscription(store, { ...refusal, retry_at: LATER });
    const { subscriptions } = await readStatus(store);
    expect(subscriptions).toMatchObject([
      { mailbox: 'ana@example.test', kind: 'meeting', state: 'active', reason: null, retry_at: null },
      {
        mailbox: 'ben@example.test',
        kind: 'email',
        state: 'polling',
        expires_at: null,
        reason: 'on-premise',
      },
    ]);
    // a new one ends the refusal, and so does a mailbox that is not wanted any more
    await put('s-2', { mailbox: 'ben@example.test', kind: 'email' });
    expect((await readSubscriptions(store)).refusals).toEqual([]);
    await refuseSubscription(store, { ...refusal, ...ana, retry_at: LATER });
    await removeSubscriptions(store, { ids: ['s-1', 'nobody'], unwanted: [ana] });
    expect((await readStatus(store)).subscriptions).toMatchObject([
      { mailbox: 'ben@example.test', state: 'active' },
    ]);
  });
}
