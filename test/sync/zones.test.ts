import { DateTime } from 'luxon';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MeetingDraft } from '../../src/sandbox/meetings.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { exportTouchpoints } from '../../src/store/search.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { anna, bruno, HOUR, jane, type SmallTenant, smallTenant } from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { expected, stored, syncDeps, testConfig } from '../support/sync.ts';

/**
 * Meetings around the changes of daylight saving and at month ends. In 2026 it ends on 5 April in Sydney (02:00 UTC+11)
 * and in Auckland (02:00 UTC+13), and begins on 27 September in Auckland and on 4 October in Sydney.
 */

const SYDNEY = 'Australia/Sydney';
const AUCKLAND = 'Pacific/Auckland';

let store: PgliteStore;
let small: SmallTenant;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  small = await smallTenant();
  const { calendar } = await testConfig();
  small.config = { ...small.config, clients: [], calendar: { ...calendar, future_days: 300 } };
  const { tenant } = small.sandbox;
  const others = tenant.mailboxes.filter(({ address }) => !small.config.mailboxes.includes(address));
  for (const { address } of others) tenant.removeMailbox(address);
});
afterEach(() => small.sandbox.close());
afterAll(() => store.close());

interface Wanted extends Pick<Partial<MeetingDraft>, 'series' | 'allDay' | 'zoneLabel'> {
  /** Wall-clock time of the start, `2026-03-30T09:00`. */
  readonly at: string;
  readonly zone: string;
  readonly hours?: number;
}

/** Called by Anna, with a colleague and a client; returns its uid. */
function meet({ at, zone, hours = 1, ...rest }: Wanted): string {
  const start = DateTime.fromISO(at, { zone: rest.allDay === true ? 'UTC' : zone }).toMillis();
  const attendees = [bruno, jane].map((person) => ({ ...person, type: 'required' as const }));
  const draft = { title: 'Review', start, end: start + hours * HOUR, organizer: anna, attendees, zone };
  return small.sandbox.tenant.createMeeting({ ...draft, ...rest }).uid;
}

const weekly = (count: number) => ({ every: 'week', interval: 1, count }) as const;
const daily = (count: number) => ({ every: 'day', interval: 1, count }) as const;
const monthly = (count: number) => ({ every: 'month', interval: 1, count }) as const;

/** A pass, after which the store equals the truth; returns its meetings in order of time. */
async function synced() {
  const { problems } = await syncPass(syncDeps(small.sandbox, store), small.config);
  expect(problems).toEqual([]);
  expect(await stored(store)).toEqual(expected(small.sandbox, small.config));
  const rows = [];
  for await (const row of exportTouchpoints(store, { kinds: ['meeting'] })) rows.push(row);
  return rows.sort((a, b) => ((a.occurred_at ?? '') < (b.occurred_at ?? '') ? -1 : 1));
}
const startsOf = (rows: Awaited<ReturnType<typeof synced>>) => rows.map(({ occurred_at }) => occurred_at);
const iso = (minutes: string) => `${minutes}:00.000Z`;
/** The instants at which a clock on the wall of that zone shows the times. */
const instants = (zone: string, times: readonly string[]) =>
  times.map((time) => DateTime.fromISO(time, { zone }).toUTC().toISO());

describe('a series across the change', () => {
  it('keeps its time of day in Sydney, and with it one touchpoint per occurrence', async () => {
    const uid = meet({ at: '2026-03-23T09:00', zone: SYDNEY, series: weekly(4) });
    const rows = await synced();
    const starts = ['2026-03-22T22:00', '2026-03-29T22:00', '2026-04-05T23:00', '2026-04-12T23:00'].map(iso);
    expect(startsOf(rows)).toEqual(starts);
    expect(rows.map(({ source_key }) => source_key)).toEqual(starts.map((start) => `${uid}|${start}`));
    expect(rows.map(({ ends_at }) => ends_at)).toEqual(
      ['2026-03-22T23:00', '2026-03-29T23:00', '2026-04-06T00:00', '2026-04-13T00:00'].map(iso),
    );
    for (const { time_zone, copies } of rows) {
      expect(time_zone).toBe(SYDNEY);
      expect(copies).toHaveLength(2);
    }
  });

  it('keeps it in Auckland too, into daylight saving and out of it', async () => {
    meet({ at: '2026-04-02T08:30', zone: AUCKLAND, series: daily(5) });
    meet({ at: '2026-09-25T08:30', zone: AUCKLAND, series: daily(4) });
    expect(startsOf(await synced())).toEqual(
      [
        '2026-04-01T19:30',
        '2026-04-02T19:30',
        '2026-04-03T19:30',
        '2026-04-04T20:30',
        '2026-04-05T20:30',
        '2026-09-24T20:30',
        '2026-09-25T20:30',
        '2026-09-26T19:30',
        '2026-09-27T19:30',
      ].map(iso),
    );
  });

  it.each([
    ['that comes twice in the night', '2026-04-03T02:30', SYDNEY, 4],
    ['that the night leaves out', '2026-10-02T02:30', SYDNEY, 4],
    ['that the night leaves out, in Auckland', '2026-09-25T02:30', AUCKLAND, 4],
  ])('has one occurrence a day at a time of day %s', async (_, at, zone, count) => {
    meet({ at, zone, series: daily(count) });
    const rows = await synced();
    const days = rows.map(({ occurred_at }) => DateTime.fromISO(occurred_at ?? '', { zone }).toISODate());
    expect(new Set(days).size).toBe(count);
    expect(rows).toHaveLength(count);
    expect(new Set(rows.map(({ source_key }) => source_key)).size).toBe(count);
  });

  it('of whole days stays on its dates, which are nobody’s midnight', async () => {
    meet({ at: '2026-04-04', zone: SYDNEY, allDay: true, hours: 24, series: daily(3) });
    const rows = await synced();
    const starts = ['2026-04-04T00:00', '2026-04-05T00:00', '2026-04-06T00:00'].map(iso);
    expect(startsOf(rows)).toEqual(starts);
    expect(rows.every(({ all_day, time_zone }) => all_day && time_zone === SYDNEY)).toBe(true);
  });

  it('at a month’s end is on the last day of shorter months, at the same time of day', async () => {
    meet({ at: '2026-01-31T17:00', zone: SYDNEY, series: monthly(6) });
    const times = ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30'];
    const rows = await synced();
    expect(startsOf(rows)).toEqual(
      instants(
        SYDNEY,
        times.map((day) => `${day}T17:00`),
      ),
    );
    expect(startsOf(rows).slice(2, 4)).toEqual(['2026-03-31T06:00', '2026-04-30T07:00'].map(iso));
  });
});

describe('a single meeting', () => {
  it('is at its instant on either side of the change, and as long as it is when it lies on it', async () => {
    meet({ at: '2026-04-04T10:00', zone: SYDNEY });
    meet({ at: '2026-04-04T23:00', zone: AUCKLAND, hours: 6 });
    meet({ at: '2026-04-06T10:00', zone: SYDNEY });
    const rows = await synced();
    expect(rows.map(({ occurred_at, ends_at }) => [occurred_at, ends_at])).toEqual([
      [iso('2026-04-03T23:00'), iso('2026-04-04T00:00')],
      [iso('2026-04-04T10:00'), iso('2026-04-04T16:00')],
      [iso('2026-04-06T00:00'), iso('2026-04-06T01:00')],
    ]);
    expect(rows[1]?.details).toMatchObject({ minutes: 360 });
  });

  it.each(['tzone://Microsoft/Custom', 'Customized Time Zone 1'])(
    'is at its instant when its zone is %s, of which nobody knows more',
    async (zoneLabel) => {
      const uid = meet({ at: '2026-04-06T10:00', zone: SYDNEY, zoneLabel });
      const [row] = await synced();
      expect(row).toMatchObject({ source_key: uid, occurred_at: iso('2026-04-06T00:00'), time_zone: 'UTC' });
    },
  );

  it('keeps its key when it is moved across the change', async () => {
    const uid = meet({ at: '2026-04-02T10:00', zone: SYDNEY });
    const [before] = await synced();
    const start = DateTime.fromISO('2026-04-09T10:00', { zone: SYDNEY }).toMillis();
    small.sandbox.tenant.updateMeeting(uid, { start, end: start + HOUR });
    const [after, ...rest] = await synced();
    expect(rest).toEqual([]);
    expect(after).toMatchObject({ id: before?.id, occurred_at: iso('2026-04-09T00:00') });
  });
});

describe('an occurrence that is moved across the change', () => {
  const zones = [
    ['Sydney', SYDNEY],
    ['Auckland', AUCKLAND],
  ] as const;

  it.each(zones)('keeps its key, and comes back under it: %s', async (_, zone) => {
    const uid = meet({ at: '2026-03-23T09:00', zone, series: weekly(4) });
    const { tenant } = small.sandbox;
    const before = await synced();
    const [, original = 0] = tenant.meeting(uid).series?.starts ?? [];
    // to the afternoon of a day that has an occurrence of its own
    const [there] = instants(zone, ['2026-04-06T15:00']);
    tenant.moveOccurrence(uid, original, Date.parse(there ?? ''));
    const moved = await synced();
    const idOf = (rows: typeof before) => new Map(rows.map(({ source_key, id }) => [source_key, id]));
    expect(idOf(moved)).toEqual(idOf(before));
    const key = `${uid}|${new Date(original).toISOString()}`;
    expect(moved.find(({ source_key }) => source_key === key)?.occurred_at).toBe(there);
    tenant.moveOccurrence(uid, original, original);
    expect(await synced()).toEqual(before);
  });

  it.each(zones)('keeps its key when nothing but a full round tells of it: %s', async (_, zone) => {
    const uid = meet({ at: '2026-04-01T09:00', zone, series: daily(8) });
    const before = await synced();
    const { tenant, faults } = small.sandbox;
    const starts = tenant.meeting(uid).series?.starts ?? [];
    const [first = 0] = starts;
    const [there] = instants(zone, ['2026-04-07T18:00']);
    tenant.moveOccurrence(uid, first, Date.parse(there ?? ''));
    tenant.deleteOccurrence(uid, starts[4] ?? 0);
    faults.invalidateTokens();
    const after = await synced();
    const gone = `${uid}|${new Date(starts[4] ?? 0).toISOString()}`;
    expect(after.map(({ id }) => id).sort()).toEqual(
      before
        .filter(({ source_key }) => source_key !== gone)
        .map(({ id }) => id)
        .sort(),
    );
  });
});
