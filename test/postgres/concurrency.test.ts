import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { claimFeed, readStatus } from '../../src/store/feeds.ts';
import { commitPage, importTouchpoints } from '../../src/store/pages.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { retainStep } from '../../src/store/privacy.ts';
import { StoreConflict, StoreUnavailable } from '../../src/store/store.ts';
import {
  copy,
  type Feed,
  item,
  NOW,
  newFeed,
  type PageRest,
  page,
  stored,
  touchpoint,
} from '../store/contract/fixtures.ts';
import type { Harness } from '../store/contract/harness.ts';
import { asServiceRole } from '../support/postgres.ts';
import { emptyStore } from '../support/store.ts';
import { nativeDatabase, openNative } from './harness.ts';

/** What only several connections at once can show: the embedded store has one. */

const ROUNDS = 100;

let harness: Harness;
beforeAll(async () => {
  harness = await openNative();
});
afterAll(() => harness.close());
beforeEach(() => emptyStore(harness));

const commit = (feed: Feed, version: number, rest: PageRest = {}) =>
  commitPage(harness.store, page(feed, version, rest));

async function twoFeeds(): Promise<[Feed, Feed]> {
  return [await newFeed(harness.store), await newFeed(harness.store)];
}

/** Touchpoints that live without copies, or are deleted with some: there must be none. */
async function contradictions(): Promise<readonly Record<string, unknown>[]> {
  return harness.sql(
    `select t.source_key from touchpoint.touchpoints t
     where (t.deleted_at is null) <> exists (select from touchpoint.copies c where c.touchpoint = t.id)`,
  );
}

describe('the last two copies of a touchpoint', () => {
  it.each(['removed', 'forgotten'] as const)('that are %s at once take it with them', async (how) => {
    const [a, b] = await twoFeeds();
    for (let round = 0; round < ROUNDS; round++) {
      const copies = [copy('x', touchpoint('k'))];
      await commit(a, round * 2, { copies });
      await commit(b, round * 2, { copies });
      const gone = { [how]: ['x'] };
      const results = await Promise.all([commit(a, round * 2 + 1, gone), commit(b, round * 2 + 1, gone)]);
      expect(results.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(1);
      expect(await stored(harness, 'k')).toEqual(how === 'removed' ? [{ title: 'QBR', deleted: true }] : []);
    }
  });

  it('one removed while another mailbox adds one leave a live touchpoint', async () => {
    const [a, b] = await twoFeeds();
    for (let round = 0; round < ROUNDS; round++) {
      const copies = [copy('x', touchpoint('k'))];
      await commit(a, round * 2, { copies });
      const how = round % 2 === 0 ? 'removed' : 'forgotten';
      await Promise.all([commit(a, round * 2 + 1, { [how]: ['x'] }), commit(b, round * 2, { copies })]);
      expect(await stored(harness, 'k')).toEqual([{ title: 'QBR', deleted: false }]);
      await commit(b, round * 2 + 1, { removed: ['x'] });
      expect(await contradictions()).toEqual([]);
    }
  });
});

describe('commits on one feed at once', () => {
  it('are won by exactly one, the others hear of the conflict', async () => {
    const feed = await newFeed(harness.store);
    for (let round = 0; round < ROUNDS; round++) {
      const tries = [0, 1, 2].map((n) =>
        commit(feed, round, { copies: [copy('x', touchpoint('k', { title: `${round} ${n}` }))] }),
      );
      const results = await Promise.allSettled(tries);
      const lost = results.filter((result) => result.status === 'rejected');
      expect(lost).toHaveLength(2);
      for (const { reason } of lost) expect(reason).toBeInstanceOf(StoreConflict);
      const won = results.findIndex((result) => result.status === 'fulfilled');
      expect(await stored(harness, 'k')).toEqual([{ title: `${round} ${won}`, deleted: false }]);
    }
  });

  it('start from a lease that exactly one of several owners gets', async () => {
    const feed = await newFeed(harness.store);
    for (let round = 0; round < ROUNDS; round++) {
      const owners = ['a', 'b', 'c', 'd'].map((owner) =>
        claimFeed(harness.store, { feed: feed.id, owner: `${round} ${owner}`, seconds: 60 }),
      );
      expect((await Promise.all(owners)).filter((claimed) => claimed !== null)).toHaveLength(1);
      await harness.sql(`update touchpoint.feeds set lease_until = now() - interval '1 second'`);
    }
  });
});

describe('touchpoints that several feeds bring at once', () => {
  it('are written in one order, whatever order the pages have: no deadlock', async () => {
    const [a, b] = await twoFeeds();
    for (let round = 0; round < ROUNDS; round++) {
      const copies = (side: string) =>
        Array.from({ length: 20 }, (_, n) =>
          copy(`x${n}`, touchpoint(`k${n}`, { title: `${round} ${side}` }), { authoritative: true }),
        );
      const [forth, back] = [copies('a'), copies('b').reverse()];
      await Promise.all([commit(a, round, { copies: forth }), commit(b, round, { copies: back })]);
    }
    expect(await readStatus(harness.store)).toMatchObject({ touchpoints: { meeting: 20 }, copies: 40 });
    expect(await contradictions()).toEqual([]);
  });

  it('are inserted by one and copied by the others, in the counts too', async () => {
    const feeds = [...(await twoFeeds()), ...(await twoFeeds())];
    for (let round = 0; round < ROUNDS; round++) {
      const copies = [copy(`x${round}`, touchpoint(`k${round}`))];
      const results = await Promise.all(feeds.map((feed) => commit(feed, round, { copies })));
      const outcomes = results.map((result) => result.outcomes[`x${round}`]).sort();
      expect(outcomes).toEqual(['copied', 'copied', 'copied', 'inserted']);
    }
  });

  it('are imported twice at once and counted as inserted once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const rows = [item(touchpoint(`k${round}`, { kind: 'nps' }))];
      const both = await Promise.all([1, 2].map(() => importTouchpoints(harness.store, NOW, rows)));
      expect(
        both
          .flat()
          .map(({ outcome }) => outcome)
          .sort(),
      ).toEqual(['inserted', 'unchanged']);
    }
  });

  it('may be crossed with removals: a deadlock is told as something that waiting cures, and undoes its page', async () => {
    const [a, b] = await twoFeeds();
    const versions = new Map([a, b].map((feed) => [feed.id, 0]));
    const attempt = async (feed: Feed, rest: PageRest) => {
      const version = versions.get(feed.id) ?? 0;
      try {
        versions.set(feed.id, (await commit(feed, version, rest)).version);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable);
      }
    };
    const keys = Array.from({ length: 10 }, (_, n) => `k${n}`);
    const [low, high] = [keys.slice(0, 5), keys.slice(5)];
    const copies = (some: string[]) => some.map((key) => copy(key, touchpoint(key)));
    for (let round = 0; round < 20; round++) {
      await attempt(a, { copies: copies(keys) });
      await attempt(b, { copies: copies(keys) });
      await Promise.all([
        attempt(a, { removed: low, copies: copies(high) }),
        attempt(b, { removed: high, copies: copies(low) }),
      ]);
      expect(await contradictions()).toEqual([]);
    }
  });
});

describe('a step of retention', () => {
  it('deletes as many as it may, whichever way the planner joins', async () => {
    const url = new URL(asServiceRole(await nativeDatabase()));
    // a nested loop runs its inner side again for each row
    const never = ['hashjoin', 'mergejoin', 'hashagg', 'sort', 'material', 'indexscan', 'bitmapscan'];
    const settings = never.map((way) => `-c enable_${way}=off`).join(' ');
    url.searchParams.set('options', `${url.searchParams.get('options')} ${settings}`);
    const store = openPostgres(url.href);
    const old = Array.from({ length: 5 }, (_, n) => item(touchpoint(`old${n}`, { endsAt: null })));
    await importTouchpoints(store, NOW, old);
    const limits = { before: '2030-01-01T00:00:00Z' };
    const steps = [await retainStep(store, limits, 2), await retainStep(store, limits, 2)];
    await store.close();
    expect(steps.map(({ expired }) => expired)).toEqual([2, 2]);
  });
});

describe('a commit that stands in another transaction’s way', () => {
  it('is done again when the database undoes it', async () => {
    const feed = await newFeed(harness.store);
    await commit(feed, 0, { copies: [copy('a', touchpoint('a')), copy('b', touchpoint('b'))] });
    const url = new URL(inject('postgresUrl'));
    const [{ name } = {}] = await harness.sql('select current_database() as name');
    url.pathname = `/${name}`;
    const other = new pg.Client({ connectionString: url.href });
    await other.connect();
    const lock = (key: string) =>
      other.query('select from touchpoint.touchpoints where source_key = $1 for update', [key]);
    // whoever waited longest looks for a deadlock first, and is undone
    await other.query(`set deadlock_timeout = '10min'`);
    await other.query('begin');
    await lock('b');
    const changed = [
      copy('a', touchpoint('a', { title: 'New' })),
      copy('b', touchpoint('b', { title: 'New' })),
    ];
    const committed = commit(feed, 1, { copies: changed });
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await harness.sql(waiting)).length === 0);
    await lock('a');
    await other.query('commit');
    await other.end();
    expect(await committed).toMatchObject({ version: 2 });
    expect(await stored(harness, 'b')).toEqual([{ title: 'New', deleted: false }]);
  });
});
