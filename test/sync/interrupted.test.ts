import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { claimFeed, listFeeds } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { type PassOptions, syncPass } from '../../src/sync/pass.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { ANCHOR, type Expected, expected, stored, syncDeps, testConfig } from '../support/sync.ts';

/** What a pass makes of rounds that the one before left in the middle. */

let store: PgliteStore;
let sandbox: Sandbox;
let config: Config;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  sandbox = await startSandbox({ anchor: ANCHOR, scale: 0.02 });
  const { graph } = await testConfig();
  config = await testConfig({ mailboxes: [mailbox()], graph: { ...graph, page_size: 3 } });
});
afterEach(() => sandbox.close());
afterAll(() => store.close());

const mailbox = () => sandbox.tenant.mailboxes[0]?.address ?? '';
const pass = (deps = syncDeps(sandbox, store), options: PassOptions = {}) => syncPass(deps, config, options);
const ofMailbox = (rows: readonly Expected[]) =>
  rows.flatMap(({ key, title, copies }) =>
    copies.filter((copy) => copy.startsWith(mailbox())).map((copy) => `${key} ${title} ${copy}`),
  );
const midway = async () => (await listFeeds(store)).filter(({ next_link }) => next_link !== null).length;

/** Every feed gets one page further. */
async function interrupted(): Promise<void> {
  const committed = new Set<unknown>();
  const cut = async (name: string, payload: object) => {
    if (name === 'touchpoint_page_commit' && 'feed' in payload) {
      if (committed.has(payload.feed)) throw new Error('killed');
      committed.add(payload.feed);
    }
    return store.call(name, payload);
  };
  await pass(syncDeps(sandbox, { ...store, call: cut }));
}

describe('a pass after one that was interrupted', () => {
  it('goes on with its rounds, and knows what changed since they began', async () => {
    await interrupted();
    expect(await midway()).toBeGreaterThan(1);
    for (let step = 0; step < 5; step++) sandbox.mutate();
    expect((await pass()).problems).toEqual([]);
    expect(await midway()).toBe(0);
    expect(ofMailbox(await stored(store))).toEqual(ofMailbox(expected(sandbox, config)));
  });

  it('begins each round that was not interrupted once', async () => {
    await pass();
    const { feeds, requests } = await pass();
    expect(requests).toBe(feeds);
  });
});

describe('a pass that is stopped', () => {
  /** At the first page that a feed would store. */
  async function stopped(): Promise<void> {
    const stopping = new AbortController();
    const call = async (name: string, payload: object) => {
      if (name === 'touchpoint_page_commit') stopping.abort(new Error('stopping'));
      return store.call(name, payload);
    };
    const deps = syncDeps(sandbox, { ...store, call });
    await expect(pass(deps, { signal: stopping.signal })).rejects.toThrow('stopping');
  }

  it('leaves its feeds to whoever comes next, and no failure on them', async () => {
    await stopped();
    const feeds = await listFeeds(store);
    expect(feeds.map(({ last_error }) => last_error)).toEqual(feeds.map(() => null));
    for (const { id } of feeds) {
      expect(await claimFeed(store, { feed: id, owner: 'another', seconds: 60 })).not.toBeNull();
    }
  });

  it('leaves the failures on them that were known before', async () => {
    const mend = sandbox.faults.add({
      match: { path: 'calendarView.delta' },
      effect: { type: 'no links' },
    });
    await pass();
    mend();
    const before = (await listFeeds(store)).map(({ id, last_error }) => ({ id, last_error }));
    expect(before.some(({ last_error }) => last_error !== null)).toBe(true);
    await stopped();
    const after = new Map((await listFeeds(store)).map(({ id, last_error }) => [id, last_error]));
    expect(before.filter(({ id, last_error }) => last_error !== (after.get(id) ?? null))).toEqual([]);
  });
});
