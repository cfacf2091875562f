import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Touchpoint } from '../../src/core/touchpoint.ts';
import { listFeeds, putFeeds } from '../../src/store/feeds.ts';
import { type CopyRow, commitPage, type PageCommit } from '../../src/store/pages.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { StoreConflict } from '../../src/store/store.ts';
import { memoryStore } from '../support/store.ts';

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());

let mailboxes = 0;
/** Each test has mailboxes and keys of its own, so that all can share one store. */
async function newFeed(kind: 'meeting' | 'email' = 'meeting') {
  const mailbox = `m${++mailboxes}@example.test`;
  const [feed] = await putFeeds(store, mailbox, [{ kind, target: 'calendar', name: 'calendar' }]);
  if (feed === undefined) throw new Error('no feed');
  return feed;
}

type Feed = Awaited<ReturnType<typeof newFeed>>;

function page(feed: Feed, version: number, rest: Partial<PageCommit>): PageCommit {
  return {
    feed: feed.id,
    expect: version,
    owner: 'test',
    leaseSeconds: 60,
    now: '2026-03-01T00:00:00.000Z',
    mailbox: feed.mailbox,
    begin: version === 0 ? { round: 'full', scope: 's', window: null } : null,
    nextLink: null,
    deltaLink: 'https://graph.example/delta',
    copies: [],
    removed: [],
    forgotten: [],
    shown: [],
    series: [],
    ...rest,
  };
}

function touchpoint(sourceKey: string, rest: Partial<Touchpoint> = {}): Touchpoint {
  return {
    kind: 'meeting',
    sourceKey,
    title: 'QBR',
    body: 'Agenda',
    people: [],
    occurredAt: '2026-03-02T00:00:00.000Z',
    endsAt: '2026-03-02T01:00:00.000Z',
    allDay: false,
    timeZone: 'UTC',
    details: {},
    ...rest,
  };
}

function copy(graphId: string, point: Touchpoint, rest: Partial<CopyRow> = {}): CopyRow {
  return {
    graphId,
    etag: 'e1',
    series: null,
    modifiedAt: '2026-02-01T00:00:00.000Z',
    authoritative: false,
    touchpoint: point,
    match: { client: null, method: null, confidence: null },
    ...rest,
  };
}

const titles = async (key: string) =>
  (await store.sql('select title, deleted_at from touchpoint.touchpoints where source_key = $1', [key])) as {
    title: string;
    deleted_at: unknown;
  }[];

describe('a page', () => {
  it('writes new copies once and leaves the same content alone', async () => {
    const feed = await newFeed();
    const first = await commitPage(store, page(feed, 0, { copies: [copy('a', touchpoint('k1'))] }));
    expect(first.outcomes).toEqual({ a: 'inserted' });
    const again = await commitPage(
      store,
      page(feed, 1, { begin: { round: 'delta', scope: 's', window: null }, copies: [copy('a', touchpoint('k1'))] }),
    );
    expect(again.outcomes).toEqual({ a: 'unchanged' });
    const moved = touchpoint('k1', { title: 'QBR moved' });
    const changed = await commitPage(store, page(feed, 2, { copies: [copy('a', moved)] }));
    expect(changed.outcomes).toEqual({ a: 'updated' });
  });

  it('is refused when the cursor has moved, and writes nothing', async () => {
    const feed = await newFeed();
    await commitPage(store, page(feed, 0, {}));
    await expect(commitPage(store, page(feed, 0, { copies: [copy('a', touchpoint('cas'))] }))).rejects.toThrow(
      StoreConflict,
    );
    expect(await titles('cas')).toEqual([]);
  });

  it('keeps one touchpoint for copies in five mailboxes and deletes it with the last', async () => {
    const feeds = await Promise.all(Array.from({ length: 5 }, () => newFeed()));
    for (const [at, feed] of feeds.entries()) {
      const { outcomes } = await commitPage(store, page(feed, 0, { copies: [copy('x', touchpoint('five'))] }));
      expect(outcomes).toEqual({ x: at === 0 ? 'inserted' : 'copied' });
    }
    for (const [at, feed] of feeds.entries()) {
      const result = await commitPage(store, page(feed, 1, { removed: ['x', 'never seen'] }));
      expect(result).toMatchObject({ removed: ['x'], deleted: at === 4 ? 1 : 0 });
    }
    expect((await titles('five'))[0]?.deleted_at).not.toBeNull();
  });

  it('restores a deleted touchpoint without losing its row', async () => {
    const feed = await newFeed();
    await commitPage(store, page(feed, 0, { copies: [copy('r', touchpoint('restore'))] }));
    const before = await store.sql(`select id from touchpoint.touchpoints where source_key = 'restore'`);
    await commitPage(store, page(feed, 1, { removed: ['r'] }));
    const { outcomes } = await commitPage(store, page(feed, 2, { copies: [copy('r', touchpoint('restore'))] }));
    expect(outcomes).toEqual({ r: 'restored' });
    expect(await store.sql(`select id from touchpoint.touchpoints where source_key = 'restore'`)).toEqual(before);
  });

  it('wipes what must be forgotten instead of marking it', async () => {
    const feed = await newFeed();
    await commitPage(store, page(feed, 0, { copies: [copy('p', touchpoint('private'))] }));
    await commitPage(store, page(feed, 1, { forgotten: ['p'] }));
    expect(await titles('private')).toEqual([]);
  });

  it('takes the content of the organiser whatever order copies come in', async () => {
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
        if (next !== undefined) await commitPage(store, page(await newFeed(), 0, { copies: [next] }));
      }
      expect(await titles(key)).toMatchObject([{ title: 'organiser' }]);
    }
  });

  it('lets another copy take over when the one its content came from is gone', async () => {
    const [own, other] = [await newFeed(), await newFeed()];
    await commitPage(
      store,
      page(own, 0, { copies: [copy('o', touchpoint('over', { title: 'first' }), { authoritative: true })] }),
    );
    await commitPage(store, page(other, 0, { copies: [copy('n', touchpoint('over', { title: 'second' }))] }));
    expect(await titles('over')).toMatchObject([{ title: 'first' }]);
    await commitPage(store, page(own, 1, { removed: ['o'] }));
    await commitPage(store, page(other, 1, { copies: [copy('n', touchpoint('over', { title: 'second' }))] }));
    expect(await titles('over')).toMatchObject([{ title: 'second', deleted_at: null }]);
  });
});

describe('a full round', () => {
  it('sweeps at its end what it did not show, inside its window only', async () => {
    const feed = await newFeed();
    const window = { start: '2026-01-01T00:00:00.000Z', end: '2026-06-01T00:00:00.000Z' };
    const early = { occurredAt: '2025-12-01T00:00:00.000Z', endsAt: '2025-12-01T01:00:00.000Z' };
    const copies = [copy('in', touchpoint('in')), copy('stay', touchpoint('stay')), copy('old', touchpoint('old', early))];
    const begin = { round: 'full', scope: 's', window } as const;
    await commitPage(store, page(feed, 0, { begin, copies }));
    const half = await commitPage(
      store,
      page(feed, 1, { begin, copies: [copy('stay', touchpoint('stay'))], nextLink: 'n', deltaLink: null }),
    );
    expect(half.swept).toBe(0);
    expect(await commitPage(store, page(feed, 2, {}))).toMatchObject({ swept: 1, deleted: 1 });
    expect((await titles('in'))[0]?.deleted_at).not.toBeNull();
    expect((await titles('stay'))[0]?.deleted_at).toBeNull();
    expect((await titles('old'))[0]?.deleted_at).toBeNull();
    const [row] = await listFeeds(store, [feed.mailbox]);
    expect(row).toMatchObject({ round: null, next_link: null, epoch: 2, scope: 's', cursor_version: 3 });
  });

  it('keeps copies that were shown but not stored anew', async () => {
    const feed = await newFeed();
    await commitPage(store, page(feed, 0, { copies: [copy('s', touchpoint('shown'))] }));
    const begin = { round: 'full', scope: 's', window: null } as const;
    expect(await commitPage(store, page(feed, 1, { begin, shown: ['s', 'unknown'] }))).toMatchObject({ swept: 0 });
  });
});

describe('a series', () => {
  it('goes with its removed master', async () => {
    const feed = await newFeed();
    const copies = ['1', '2', '3'].map((n) => copy(`o${n}`, touchpoint(`series ${n}`), { series: 'master' }));
    await commitPage(store, page(feed, 0, { copies }));
    expect(await commitPage(store, page(feed, 1, { removed: ['master'] }))).toMatchObject({
      removed: ['master'],
      deleted: 3,
    });
  });

  it('is replaced as a whole inside the window', async () => {
    const feed = await newFeed();
    const late = { occurredAt: '2027-03-01T00:00:00.000Z', endsAt: '2027-03-01T01:00:00.000Z' };
    const copies = [
      copy('a', touchpoint('whole a'), { series: 'm' }),
      copy('b', touchpoint('whole b'), { series: 'm' }),
      copy('c', touchpoint('whole c', late), { series: 'm' }),
    ];
    await commitPage(store, page(feed, 0, { copies }));
    const window = { start: '2026-01-01T00:00:00.000Z', end: '2026-06-01T00:00:00.000Z' };
    const result = await commitPage(store, page(feed, 1, { series: [{ master: 'm', keep: ['a'], window }] }));
    expect(result.deleted).toBe(1);
    expect((await titles('whole b'))[0]?.deleted_at).not.toBeNull();
    expect((await titles('whole c'))[0]?.deleted_at).toBeNull();
  });
});
