import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import type { Graph } from '../../src/graph/client.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { listFeeds } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { markDirty } from '../../src/store/subscriptions.ts';
import type { SyncDeps } from '../../src/sync/feed.ts';
import { type PassOptions, syncPass } from '../../src/sync/pass.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { ANCHOR, syncDeps, testConfig } from '../support/sync.ts';

/** What becomes of a feed's mark: a notification is never lost between two rounds. */

let store: PgliteStore;
let sandbox: Sandbox;
let config: Config;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  sandbox = await startSandbox({ anchor: ANCHOR, scale: 0.02 });
  const [mailbox] = sandbox.tenant.mailboxes;
  const graph = { ...(await testConfig()).graph, page_size: 5 };
  config = await testConfig({ mailboxes: [mailbox?.address.toLowerCase() ?? ''], graph });
});
afterEach(() => sandbox.close());
afterAll(() => store.close());

const pass = (options: PassOptions = {}, deps: SyncDeps = syncDeps(sandbox, store)) =>
  syncPass(deps, config, options);
const mark = () => {
  const [mailbox = ''] = config.mailboxes;
  return markDirty(store, {
    now: new Date(sandbox.tenant.now).toISOString(),
    changed: [{ mailbox, kind: 'meeting' }],
  });
};
const dirty = async () =>
  (await listFeeds(store)).filter(({ dirty_at }) => dirty_at !== null).map(({ name }) => name);

/** Does something before a request goes out, by the count of delta requests so far. */
function withRequests(before: (count: number) => Promise<unknown>): SyncDeps {
  const deps = syncDeps(sandbox, store);
  let count = 0;
  const request: Graph['request'] = async (link, options) => {
    if (link.includes('calendarView/delta')) await before(++count);
    return deps.graph.request(link, options);
  };
  return { ...deps, graph: { ...deps.graph, request } };
}

describe('a marked feed', () => {
  it('is clean after the round that followed, and is not walked again', async () => {
    await pass();
    await mark();
    expect(await pass({ only: 'dirty' })).toMatchObject({ feeds: 1, requests: 1, problems: [] });
    expect(await dirty()).toEqual([]);
    expect(await pass({ only: 'dirty' })).toMatchObject({ feeds: 0, requests: 0 });
  });

  it('is clean after a pass over everything as well', async () => {
    await pass();
    await mark();
    await pass();
    expect(await dirty()).toEqual([]);
  });

  it('stays marked when the notification came while its round ran', async () => {
    await pass();
    await mark();
    await pass({ only: 'dirty' }, withRequests(mark));
    expect(await dirty()).toEqual(['calendar']);
    await pass({ only: 'dirty' });
    expect(await dirty()).toEqual([]);
  });

  it('is clean after the round that followed one that was only gone on with', async () => {
    const cut = async (count: number) => {
      if (count === 3) throw new Error('killed');
    };
    expect((await pass({ kind: 'meeting' }, withRequests(cut))).problems).toHaveLength(1);
    const [calendar] = await listFeeds(store);
    expect(calendar?.next_link).not.toBeNull();
    await mark();
    // the old round had begun before the notification, and another one fails before it can have begun
    const fail = async () => {
      if ((await listFeeds(store))[0]?.next_link === null) throw new Error('killed');
    };
    expect((await pass({ kind: 'meeting' }, withRequests(fail))).problems).toHaveLength(1);
    expect(await dirty()).toEqual(['calendar']);
    await pass({ kind: 'meeting' });
    expect(await dirty()).toEqual([]);
  });

  it('is clean after the new round that a lost cursor began', async () => {
    await pass();
    await mark();
    sandbox.faults.add({
      match: { kind: 'calendar delta', nth: 1 },
      effect: { type: 'gone', location: false },
    });
    expect((await pass({ only: 'dirty' })).problems).toEqual([]);
    expect(await dirty()).toEqual([]);
  });

  it('whose round failed stays marked and waits for the schedule', async () => {
    await pass();
    await mark();
    sandbox.faults.add({ match: { kind: 'calendar delta', nth: 1 }, effect: { type: 'denied' } });
    expect((await pass({ only: 'dirty' })).problems).toHaveLength(1);
    expect(await dirty()).toEqual(['calendar']);
    expect(await pass({ only: 'dirty' })).toMatchObject({ feeds: 0 });
    // a refusal is asked about again after an hour
    sandbox.tenant.now += 3_600_000;
    await pass();
    expect(await dirty()).toEqual([]);
  });
});

describe('a pass over marked feeds', () => {
  const runs = async () => (await store.sql('select 1 from touchpoint.runs')).length;

  it('leaves no line behind when it found nothing new', async () => {
    await pass();
    const before = await runs();
    await mark();
    await pass({ only: 'dirty' });
    expect(await runs()).toBe(before);
    await pass();
    expect(await runs()).toBe(before + 1);
  });

  it('leaves feeds alone that the settings do not ask for any more', async () => {
    await pass();
    await mark();
    config = { ...config, calendar: { ...config.calendar, enabled: false } };
    expect(await pass({ only: 'dirty' })).toMatchObject({ feeds: 0, requests: 0 });
  });
});
