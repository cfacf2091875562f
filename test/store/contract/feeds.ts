import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  claimFeed,
  listFeeds,
  listMailboxes,
  putClients,
  putFeeds,
  type Run,
  readStatus,
  releaseFeed,
  retireFeeds,
  saveRun,
  setMailbox,
} from '../../../src/store/feeds.ts';
import { commitPage } from '../../../src/store/pages.ts';
import { remember } from '../../../src/store/privacy.ts';
import { StoreConflict, StoreError } from '../../../src/store/store.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, NO_MATCH, NOW, newFeed, page, seed, stored, touchpoint, VERSIONS } from './fixtures.ts';
import type { Harness } from './harness.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Mailboxes, their feeds and who may read them. */
export function feedContract(harness: () => Harness): void {
  const claim = (feed: { id: number }, owner: string, seconds = 60) =>
    claimFeed(harness().store, { feed: feed.id, owner, seconds });
  beforeEach(() => emptyStore(harness()));

  describe('feeds', () => {
    it('become known once, and follow the name of their folder', async () => {
      const { store } = harness();
      const inbox = { kind: 'email', target: 'folder-1', name: 'Inbox' } as const;
      const [first] = await putFeeds(store, 'ana@example.test', [inbox]);
      const [again] = await putFeeds(store, 'ana@example.test', [{ ...inbox, name: 'Posteingang' }]);
      expect(again).toEqual({ ...first, name: 'Posteingang' });
      await putFeeds(store, 'ben@example.test', [inbox]);
      expect(await listFeeds(store)).toHaveLength(2);
      expect(await listFeeds(store, ['ben@example.test'])).toMatchObject([{ mailbox: 'ben@example.test' }]);
      expect(await listFeeds(store, [])).toEqual([]);
    });

    it('come with the one that waited longest first', async () => {
      const { store } = harness();
      const [a, b, c] = [await newFeed(store), await newFeed(store), await newFeed(store)];
      await commitPage(store, page(a, 0, { now: '2026-03-02T00:00:00.000Z' }));
      await commitPage(store, page(b, 0, { now: '2026-03-01T00:00:00.000Z' }));
      expect((await listFeeds(store)).map(({ id }) => id)).toEqual([c.id, b.id, a.id]);
    });

    it('that are no more take what lay in them alone with them, and end a walk that is under way', async () => {
      const { store } = harness();
      const [old, other] = [await newFeed(store), await newFeed(store)];
      const both = copy('both', touchpoint('both'));
      await commitPage(store, page(old, 0, { copies: [copy('alone', touchpoint('alone')), both] }));
      await commitPage(store, page(other, 0, { copies: [both] }));
      await retireFeeds(store, [old.id], NOW);
      expect((await listFeeds(store)).map(({ id }) => id)).toEqual([other.id]);
      expect(await stored(harness(), 'alone')).toEqual([{ title: 'QBR', deleted: true }]);
      expect(await stored(harness(), 'both')).toEqual([{ title: 'QBR', deleted: false }]);
      await expect(commitPage(store, page(old, 1))).rejects.toThrow(StoreConflict);
      await retireFeeds(store, [old.id], NOW);
    });

    it('keep when the folders of their mailbox were listed until that is told anew', async () => {
      const { store } = harness();
      await setMailbox(store, { mailbox: 'ana@example.test', state: 'active', foldersListedAt: NOW });
      await setMailbox(store, { mailbox: 'ana@example.test', state: 'blocked', reason: 'policy' });
      const [row] = await listMailboxes(store);
      expect(row).toMatchObject({ state: 'blocked', state_reason: 'policy' });
      expect(Date.parse(row?.folders_listed_at ?? '')).toBe(Date.parse(NOW));
    });
  });

  describe('how a mailbox stands', () => {
    const mailbox = 'ana@example.test';
    const later = '2026-03-01T01:00:00.000Z';
    const refusal = { kind: 'email', state: 'no consent', reason: 'denied', retry_at: later } as const;
    const only = async () => (await listMailboxes(harness().store))[0];

    it('is told part by part, and what is left out stays', async () => {
      const { store } = harness();
      await setMailbox(store, { mailbox, refusals: [refusal], now: NOW });
      await setMailbox(store, { mailbox, failures: 3, retryAt: later });
      await setMailbox(store, { mailbox, state: 'no consent', reason: 'denied' });
      expect(await only()).toMatchObject({
        state: 'no consent',
        state_reason: 'denied',
        failures: 3,
        refusals: [{ kind: 'email', state: 'no consent', reason: 'denied' }],
      });
      expect(Date.parse((await only())?.retry_at ?? '')).toBe(Date.parse(later));
      await setMailbox(store, { mailbox, state: 'active' });
      await setMailbox(store, { mailbox, failures: 0 });
      expect(await only()).toMatchObject({
        state: 'active',
        state_reason: null,
        failures: 0,
        retry_at: null,
      });
      expect((await only())?.refusals).toHaveLength(1);
      await setMailbox(store, { mailbox, refusals: [] });
      expect(await only()).toMatchObject({ refusals: [] });
    });

    it('remembers since when, for as long as it stays the same', async () => {
      const { store } = harness();
      const since = async () => {
        const [row] = (await readStatus(store)).mailboxes;
        return [row?.since, row?.refusals[0]?.since].map((instant) => Date.parse(instant ?? ''));
      };
      const told = { mailbox, state: 'gone', refusals: [{ ...refusal, state: 'gone' }] } as const;
      await setMailbox(store, { ...told, now: NOW });
      await setMailbox(store, { ...told, now: later });
      expect(await since()).toEqual([Date.parse(NOW), Date.parse(NOW)]);
      await setMailbox(store, { mailbox, state: 'blocked', refusals: [refusal], now: later });
      expect(await since()).toEqual([Date.parse(later), Date.parse(later)]);
    });

    it('is not remembered of a mailbox that was forgotten', async () => {
      const { store } = harness();
      await remember(store, NOW, [{ kind: 'mailbox', hash: sha256(mailbox), words: null }]);
      await expect(setMailbox(store, { mailbox, state: 'gone' })).rejects.toThrow(StoreConflict);
      expect(await only()).toBeUndefined();
    });
  });

  describe('a lease', () => {
    it('has one owner, who may renew it', async () => {
      const feed = await newFeed(harness().store);
      expect(await claim(feed, 'one')).toMatchObject({ id: feed.id });
      expect(await claim(feed, 'two')).toBeNull();
      expect(await claim(feed, 'one')).toMatchObject({ id: feed.id });
    });

    it('passes on when it has run out', async () => {
      const feed = await newFeed(harness().store);
      await claim(feed, 'one');
      await harness().sql(
        `update touchpoint.feeds set lease_until = clock_timestamp() - interval '1 second'`,
      );
      expect(await claim(feed, 'two')).toMatchObject({ id: feed.id });
      expect(await claim(feed, 'one')).toBeNull();
    });

    it('is given back by its owner alone, with what went wrong', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      await claim(feed, 'one');
      await releaseFeed(store, { feed: feed.id, owner: 'two', now: NOW });
      expect(await claim(feed, 'two')).toBeNull();
      await releaseFeed(store, { feed: feed.id, owner: 'one', now: NOW, error: 'throttled' });
      expect(await listFeeds(store)).toMatchObject([{ last_error: 'throttled' }]);
      expect(await claim(feed, 'two')).toMatchObject({ id: feed.id });
      await releaseFeed(store, { feed: feed.id, owner: 'two', now: NOW });
      expect(await listFeeds(store)).toMatchObject([{ last_error: null }]);
    });

    it('is prolonged by the pages of its owner, and keeps out those of another', async () => {
      const { store, sql } = harness();
      const feed = await newFeed(store);
      await claim(feed, 'one', 1);
      await commitPage(store, page(feed, 0, { owner: 'one', leaseSeconds: 1000 }));
      const text =
        'select extract(epoch from lease_until - clock_timestamp())::float8 as left from touchpoint.feeds';
      expect(Number((await sql(text))[0]?.['left'])).toBeGreaterThan(900);
      await expect(commitPage(store, page(feed, 1, { owner: 'two' }))).rejects.toThrow(StoreConflict);
      expect(await commitPage(store, page(feed, 1, { owner: 'one' }))).toMatchObject({ version: 2 });
    });

    it('that ran out keeps nobody out, and lets its owner go on until another has one', async () => {
      const { store, sql } = harness();
      const feed = await newFeed(store);
      const runOut = () =>
        sql(`update touchpoint.feeds set lease_until = clock_timestamp() - interval '1 second'`);
      await claim(feed, 'slow');
      await runOut();
      expect(await commitPage(store, page(feed, 0, { owner: 'slow' }))).toMatchObject({ version: 1 });
      await runOut();
      await claim(feed, 'quick');
      await expect(commitPage(store, page(feed, 1, { owner: 'slow' }))).rejects.toThrow(StoreConflict);
      expect(await commitPage(store, page(feed, 1, { owner: 'quick' }))).toMatchObject({ version: 2 });
    });
  });
}

/** What is known of the clients' names. */
export function clientContract(harness: () => Harness): void {
  const put = (...clients: { name: string; aliases: string[]; domains: string[] }[]) =>
    putClients(harness().store, 'configuration', clients);
  beforeEach(() => emptyStore(harness()));

  describe('clients', () => {
    it('have their names and domains replaced as a whole, and leave other clients alone', async () => {
      await put(
        { name: 'Acme', aliases: ['ACME Health', 'Acme Inc'], domains: ['acme.test', 'Acme.Example'] },
        { name: 'Bolt', aliases: ['Bolt Ltd'], domains: ['bolt.test'] },
      );
      const [acme, bolt, ...rest] = await put({
        name: 'Acme',
        aliases: ['Acme Inc', 'New'],
        domains: ['acme.example'],
      });
      expect(acme).toMatchObject({ name: 'Acme', aliases: ['Acme Inc', 'New'], domains: ['acme.example'] });
      expect(bolt).toMatchObject({ name: 'Bolt', aliases: ['Bolt Ltd'], domains: ['bolt.test'] });
      expect(rest).toEqual([]);
    });

    it('keep their ids, and their names when an import mentions them', async () => {
      const [before] = await put({ name: 'Acme', aliases: ['A'], domains: ['acme.test'] });
      const imported = { name: 'Acme', aliases: [], domains: [] };
      const found = await putClients(harness().store, 'import', [imported, { ...imported, name: 'Zeta' }]);
      expect(found).toEqual([before, expect.objectContaining({ name: 'Zeta', aliases: [], domains: [] })]);
    });

    it('may be given twice in one call', async () => {
      const acme = { name: 'Acme', aliases: ['A', 'A'], domains: ['acme.test', 'ACME.test'] };
      expect(await put(acme, acme)).toMatchObject([{ name: 'Acme', aliases: ['A'], domains: ['acme.test'] }]);
    });
  });
}

const RUN: Run = {
  started_at: NOW,
  ended_at: '2026-03-01T00:01:00.000Z',
  fetched: 10,
  written: 4,
  unchanged: 3,
  skipped: 2,
  failed: 1,
  reasons: { 'written: inserted': 4 },
  errors: [{ feed: 'ana@example.test calendar', reason: 'throttled' }],
};

/** Runs, and the status that is made of everything. */
export function statusContract(harness: () => Harness): void {
  beforeEach(() => emptyStore(harness()));

  describe('a run', () => {
    it('is saved when its counts reconcile, and refused when they do not', async () => {
      await saveRun(harness().store, RUN);
      await expect(saveRun(harness().store, { ...RUN, fetched: 11 })).rejects.toThrow(StoreError);
      await expect(saveRun(harness().store, { ...RUN, fetched: 9, failed: 0, skipped: 3 })).rejects.toThrow(
        StoreError,
      );
      expect(await harness().sql('select count(*)::int as runs from touchpoint.runs')).toEqual([{ runs: 1 }]);
    });
  });

  describe('the status', () => {
    it('of an empty store is all noughts', async () => {
      expect(await readStatus(harness().store)).toMatchObject({
        touchpoints: {},
        deleted: 0,
        embedded: 0,
        untagged: 0,
        tag_failures: 0,
        with_client: 0,
        copies: 0,
        feeds: [],
        mailboxes: [],
        last_run: null,
      });
    });

    it('counts what there is, the backlog of newer versions included', async () => {
      const { store } = harness();
      const [acme] = await putClients(store, 'configuration', [{ name: 'Acme', aliases: [], domains: [] }]);
      const match = { client: acme?.id ?? null, method: 'domain', confidence: 1 };
      await seed(harness(), [
        { point: touchpoint('a', { kind: 'nps', title: 'a' }), angle: 0, match },
        { point: touchpoint('b', { kind: 'nps', title: 'b' }), angle: 1, match: NO_MATCH },
      ]);
      const feed = await newFeed(store);
      await commitPage(
        store,
        page(feed, 0, { copies: [copy('c', touchpoint('c')), copy('d', touchpoint('d'))] }),
      );
      await commitPage(store, page(feed, 1, { removed: ['d'] }));
      await saveRun(store, { ...RUN, reasons: {}, errors: [] });
      await saveRun(store, RUN);
      const counts = {
        touchpoints: { nps: 2, meeting: 1 },
        deleted: 1,
        embedded: 2,
        with_client: 1,
        copies: 1,
      };
      const status = await readStatus(store, VERSIONS);
      expect(status).toMatchObject({
        ...counts,
        untagged: 1,
        tag_failures: 0,
        last_run: { errors: RUN.errors },
      });
      expect(status.feeds).toMatchObject([{ mailbox: feed.mailbox, complete: true, round: null }]);
      expect(status.mailboxes).toMatchObject([
        { mailbox: feed.mailbox, state: 'active', reason: null, failures: 0, retry_at: null, refusals: [] },
      ]);
      expect(await readStatus(store, { ...VERSIONS, encoder: 'encoder@2' })).toMatchObject({ untagged: 3 });
    });
  });
}
