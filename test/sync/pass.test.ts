import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import type { FaultRule } from '../../src/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { truth } from '../../src/sandbox/truth.ts';
import { listFeeds } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { type PassOptions, type PassResult, syncPass } from '../../src/sync/pass.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { ANCHOR, type Expected, expected, stored, syncDeps, testConfig } from '../support/sync.ts';

let store: PgliteStore;
let sandbox: Sandbox;
let config: Config;
beforeAll(async () => {
  store = await memoryStore();
  config = await testConfig();
});
beforeEach(async () => {
  await emptyStore(store);
  sandbox = await startSandbox({ anchor: ANCHOR });
});
afterEach(() => sandbox.close());
afterAll(() => store.close());

const pass = (options: PassOptions = {}): Promise<PassResult> =>
  syncPass(syncDeps(sandbox, store), config, options);

function expectReconciled({ tally }: PassResult): void {
  const { fetched, written, unchanged, skipped, failed } = tally.counts;
  expect(fetched).toBe(written + unchanged + skipped + failed);
}

describe('a pass over the sandbox tenant', () => {
  it('stores exactly the truth, with counts that reconcile', async () => {
    const result = await pass();
    expect(result.problems).toEqual([]);
    expectReconciled(result);
    expect(result.tally.counts.failed).toBe(0);
    expect(await stored(store)).toEqual(expected(sandbox, config));
    const [run] = await store.sql('select fetched::int, written::int from touchpoint.runs');
    expect(run).toEqual({ fetched: result.tally.counts.fetched, written: result.tally.counts.written });
  });

  it('asks once per feed and writes nothing when nothing changed', async () => {
    await pass();
    const before = await store.sql('select max(updated_at) as at, count(*) from touchpoint.touchpoints');
    sandbox.clearRequests();
    const again = await pass();
    expect(again.feeds).toBe((await listFeeds(store)).length);
    expect(sandbox.requests()).toHaveLength(again.feeds);
    expect(again.requests).toBe(again.feeds);
    expect(again.tally.counts.written).toBe(0);
    expect(await store.sql('select max(updated_at) as at, count(*) from touchpoint.touchpoints')).toEqual(
      before,
    );
  });

  it('follows the mutation script step by step, and touches nothing else', async () => {
    await pass();
    for (let step = 0; step < 2; step++) {
      const before = new Map(
        (await stored(store)).map((row) => [`${row.kind} ${row.key}`, JSON.stringify(row)]),
      );
      sandbox.mutate();
      expectReconciled(await pass());
      const after = await stored(store);
      expect(after).toEqual(expected(sandbox, config));
      const touched = await store.sql(
        'select kind, source_key from touchpoint.touchpoints where updated_at >= $1',
        [new Date(sandbox.tenant.now).toISOString()],
      );
      const changed = after.filter((row) => before.get(`${row.kind} ${row.key}`) !== JSON.stringify(row));
      const gone = [...before.keys()].filter((key) => !after.some((row) => `${row.kind} ${row.key}` === key));
      // content that changed without showing in these terms (a body) is written too, nothing else is
      expect(touched.length).toBeGreaterThan(0);
      expect(touched.length).toBeLessThan(before.size / 4);
      expect(changed.length + gone.length).toBeGreaterThan(0);
    }
  });

  it('knows a series of 20 in five mailboxes as 20 meetings of five copies, and the master as none', async () => {
    const [organizer, ...others] = sandbox.tenant.mailboxes.slice(0, 5);
    if (organizer === undefined) throw new Error('no mailbox in the tenant');
    const start = ANCHOR - 30 * 86_400_000;
    const { uid } = sandbox.tenant.createMeeting({
      title: 'Fortnightly pulse',
      start,
      end: start + 3_600_000,
      organizer,
      attendees: others.map((person) => ({ ...person, type: 'required' as const })),
      zone: 'Australia/Sydney',
      series: { every: 'week', interval: 1, count: 20 },
    });
    await pass();
    const series = (await stored(store)).filter(({ key }) => key.startsWith(uid));
    expect(series).toHaveLength(20);
    expect(new Set(series.map(({ start }) => start)).size).toBe(20);
    for (const { title, copies } of series)
      expect({ title, copies: copies.length }).toEqual({ title: 'Fortnightly pulse', copies: 5 });
    const ghosts = await store.sql(
      'select 1 from touchpoint.copies c where c.graph_id in (select series from touchpoint.copies)',
    );
    expect(ghosts).toEqual([]);
  });

  it('keeps private items and responses out of every column of the store', async () => {
    await pass();
    const { now } = sandbox.tenant;
    const everything = truth(sandbox.tenant, { from: 0, to: now * 2, mailFrom: 0 });
    const hidden = everything.filter(({ sensitivity, isResponse }) => sensitivity !== 'normal' || isResponse);
    expect(hidden.some(({ kind }) => kind === 'email')).toBe(true);
    expect(hidden.some(({ kind }) => kind === 'meeting')).toBe(true);
    const [{ dump } = { dump: '' }] = await store.sql(
      `select coalesce(string_agg(t::text, ' '), '') as dump from touchpoint.touchpoints t`,
    );
    for (const { key } of hidden) expect(dump).not.toContain(key);
  });
});

it('writes no word of any item into the log, not even at debug', async () => {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  sandbox.faults.add({ match: { count: 3 }, effect: { type: 'refuse', status: 503 } });
  sandbox.faults.add({ effect: { type: 'malformed', items: ['nul', 'year 9999'] }, match: { nth: 5 } });
  await syncPass(syncDeps(sandbox, store, 'test', log), config);
  expect(lines.length).toBeGreaterThan(50);
  const said = lines.join('');
  const everything = truth(sandbox.tenant, { from: 0, to: ANCHOR * 2, mailFrom: 0 });
  for (const { key, title } of everything) {
    expect(said).not.toContain(key);
    if (title.length > 8) expect(said).not.toContain(title);
  }
  expect(said).not.toContain(sandbox.token);
});

describe('trouble', () => {
  const small = () => ({ mailbox: sandbox.tenant.mailboxes[0]?.address ?? '' });
  const ofOne = (rows: readonly Expected[]) =>
    rows.flatMap(({ key, title, copies }) =>
      copies.filter((copy) => copy.startsWith(small().mailbox)).map((copy) => `${key} ${title} ${copy}`),
    );
  const expectTruth = async () =>
    expect(ofOne(await stored(store))).toEqual(ofOne(expected(sandbox, config)));

  it.each<[string, FaultRule]>([
    ['410', { match: { token: true, count: 2 }, effect: { type: 'gone', location: false } }],
    ['410 with a Location', { match: { token: true, count: 2 }, effect: { type: 'gone', location: true } }],
    [
      'a nested code with 404',
      {
        match: { token: true, count: 2 },
        effect: { type: 'lost state', code: 'SyncStateNotFound', status: 404, nested: true },
      },
    ],
    ['429 with seconds', { match: { count: 3 }, effect: { type: 'refuse', status: 429, retryAfter: 7 } }],
    [
      '503 with a date',
      { match: { count: 3 }, effect: { type: 'refuse', status: 503, retryAfter: 90, httpDate: true } },
    ],
    ['504', { match: { count: 2 }, effect: { type: 'refuse', status: 504 } }],
    ['a connection that is cut', { match: { count: 2 }, effect: { type: 'cut' } }],
    ['a body that ends early', { match: { count: 2 }, effect: { type: 'truncate' } }],
    ['duplicates', { effect: { type: 'duplicate', stale: true } }],
    ['another order', { effect: { type: 'reorder' } }],
    ['replays', { match: { token: true }, effect: { type: 'replay', changes: 5 } }],
  ])('is survived: %s', async (_, fault) => {
    await pass(small());
    sandbox.mutate();
    sandbox.faults.add(fault);
    const result = await pass(small());
    expect(result.problems).toEqual([]);
    expectReconciled(result);
    await expectTruth();
  });

  it('sets malformed items aside with a reason, and commits their page', async () => {
    sandbox.faults.add({
      effect: {
        type: 'malformed',
        items: ['nul', 'lone surrogate', 'huge body', 'year 9999', 'no subject', 'null attendees', 'no id'],
      },
      match: { nth: 1, path: 'calendarView.delta' },
    });
    const result = await pass(small());
    expect(result.problems).toEqual([]);
    expectReconciled(result);
    expect(result.tally.reasons['failed: date out of range']).toBeGreaterThan(0);
    const reasons = Object.keys(result.tally.reasons).filter((reason) => reason.startsWith('failed: '));
    expect(reasons.some((reason) => reason.includes('id'))).toBe(true);
  });

  it('of one mailbox stays its own', async () => {
    sandbox.faults.add({ match: { mailbox: small().mailbox }, effect: { type: 'denied' } });
    const result = await pass();
    expect(
      result.problems.every(({ feed, transient }) => feed.startsWith(small().mailbox) && !transient),
    ).toBe(true);
    const others = (rows: readonly Expected[]) =>
      rows.flatMap(({ key, copies }) =>
        copies.filter((copy) => !copy.startsWith(small().mailbox)).map((copy) => `${key} ${copy}`),
      );
    expect(others(await stored(store))).toEqual(others(expected(sandbox, config)));
    sandbox.faults.clear();
    sandbox.tenant.now += 2 * 3_600_000;
    expect((await pass()).problems).toEqual([]);
    expect(await stored(store)).toEqual(expected(sandbox, config));
  });

  it('without a next or a delta link is an error, never the end', async () => {
    sandbox.faults.add({ match: { token: false, path: 'calendarView.delta' }, effect: { type: 'no links' } });
    const result = await pass(small());
    expect(result.problems[0]?.reason).toContain('neither nextLink nor deltaLink');
  });
});

describe('the last copies', () => {
  it('say what the touchpoint is once the copy it was taken from is gone, whichever page came first', async () => {
    await pass();
    const meeting = sandbox.tenant.meetings.find(
      ({ series, copies, cancelled, sensitivity, start }) =>
        series === null &&
        copies.size > 2 &&
        !cancelled &&
        sensitivity === 'normal' &&
        start > sandbox.tenant.now,
    );
    if (meeting === undefined) throw new Error('no such meeting in the tenant');
    sandbox.tenant.cancelMeeting(meeting.uid);
    // attendees first, one by one; the organiser, whose copy outranks theirs, last
    const organiser = meeting.organizer.address;
    const mailboxes = sandbox.tenant.mailboxes
      .map(({ address }) => address)
      .filter((address) => address !== organiser);
    for (const mailbox of [...mailboxes, organiser]) await pass({ mailbox });
    await pass();
    expect(await stored(store)).toEqual(expected(sandbox, config));
  });
});
