import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { listFeeds } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { syncPass } from '../../src/sync/pass.ts';
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
const pass = (deps = syncDeps(sandbox, store)) => syncPass(deps, config);
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
