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
