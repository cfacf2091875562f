import fc from 'fast-check';
import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import {
  floatingDate,
  floatingMs,
  ianaZone,
  instantMs,
  isoOrNull,
  momentMs,
} from '../../src/graph/instants.ts';

test.each([
  ['UTC', 'UTC'],
  ['utc', 'UTC'],
  [null, 'UTC'],
  ['', 'UTC'],
  ['AUS Eastern Standard Time', 'Australia/Sydney'],
  ['W. Australia Standard Time', 'Australia/Perth'],
  ['New Zealand Standard Time', 'Pacific/Auckland'],
  ['West Pacific Standard Time', 'Pacific/Port_Moresby'],
  ['Pacific/Guam', 'Pacific/Guam'],
  ['tzone://Microsoft/Custom', 'UTC'],
  ['tzone://Microsoft/Utc', 'UTC'],
  ['Customized Time Zone', 'UTC'],
  ['(UTC+10:00) Canberra', 'UTC'],
])('%s is %s', (name, iana) => {
  expect(ianaZone(name)).toBe(iana);
});

test.each([
  ['2026-03-01T22:00:00.0000000', 'UTC', '2026-03-01T22:00:00.000Z'],
  ['2026-03-01T22:00:00.1239999', 'UTC', '2026-03-01T22:00:00.123Z'],
  // either side of the end of daylight saving, 2026-04-05 in Sydney
  ['2026-04-04T09:00:00', 'AUS Eastern Standard Time', '2026-04-03T22:00:00.000Z'],
  ['2026-04-06T09:00:00', 'AUS Eastern Standard Time', '2026-04-05T23:00:00.000Z'],
  ['2026-04-06T09:00:00', 'Australia/Perth', '2026-04-06T01:00:00.000Z'],
  ['2026-03-01T22:00:00Z', 'AUS Eastern Standard Time', '2026-03-01T22:00:00.000Z'],
  ['2026-03-01T22:00:00+10:00', 'UTC', '2026-03-01T12:00:00.000Z'],
  ['2026-03-01T22:00:00', 'Customized Time Zone', '2026-03-01T22:00:00.000Z'],
  ['2026-03-01T22:00:00', null, '2026-03-01T22:00:00.000Z'],
  ['9999-12-31T00:00:00', 'UTC', null],
  ['0001-01-01T00:00:00', 'UTC', null],
  ['2026-02-30T00:00:00', 'UTC', null],
  ['soon', 'UTC', null],
  [null, 'UTC', null],
])('%s in %s is %s', (dateTime, timeZone, iso) => {
  expect(isoOrNull(momentMs({ dateTime, timeZone }))).toBe(iso);
});

test('an all-day date floats, whatever zone it comes in', () => {
  const midnight = '2026-03-02T00:00:00.000Z';
  for (const timeZone of ['UTC', 'AUS Eastern Standard Time', 'Pacific Standard Time']) {
    expect(isoOrNull(floatingMs({ dateTime: '2026-03-02T00:00:00.0000000', timeZone }))).toBe(midnight);
  }
  const local = instantMs('2026-03-01T13:00:00Z') ?? 0;
  expect(isoOrNull(floatingDate(local, 'Australia/Sydney'))).toBe(midnight);
  expect(isoOrNull(floatingDate(instantMs(midnight) ?? 0, 'Australia/Sydney'))).toBe(midnight);
});

/** What the library says of it, which reads every spelling there is. */
function readSlowly(instant: string): number | null {
  const read = DateTime.fromISO(instant, { zone: 'utc' });
  return read.isValid ? read.toMillis() : null;
}

test.each([
  ...['2026-03-01T22:00:00Z', '2024-02-29T00:00:00Z', '2026-02-29T00:00:00Z', '2026-02-30T10:00:00Z'],
  ...['2026-04-31T10:00:00Z', '2026-13-01T00:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T24:00:01Z'],
  ...['2026-03-01T23:59:60Z', '2026-03-01T25:00:00Z', '2026-03-01t22:00:00z', '2026-03-01 22:00:00Z'],
  ...[
    '2026-03-01T22:00+0530',
    '2026-03-01T22:00:00.5Z',
    '2026-03-01T22:00:00.0000000Z',
    '0001-01-01T00:00:00Z',
  ],
  ...['2026-W09-7T22:00:00Z', '2026-060T22:00:00.0Z', 'Mar 01 2026 22:00 UTC'],
])('%s is read as the library reads it', (instant) => {
  expect(instantMs(instant)).toBe(readSlowly(instant));
  expect(momentMs({ dateTime: instant.replace('Z', '.0000000'), timeZone: 'UTC' })).toBe(
    readSlowly(instant.replace('Z', '.0000000')),
  );
});

test('dates with digits in any place are read as the library reads them', () => {
  const two = fc.integer({ min: 0, max: 65 }).map((value) => String(value).padStart(2, '0'));
  const year = fc.integer({ min: 0, max: 9999 }).map((value) => String(value).padStart(4, '0'));
  fc.assert(
    fc.property(year, two, two, two, two, two, (y, month, day, hour, minute, second) => {
      const instant = `${y}-${month}-${day}T${hour}:${minute}:${second}Z`;
      expect(instantMs(instant)).toBe(readSlowly(instant));
    }),
    { numRuns: 2000 },
  );
});
