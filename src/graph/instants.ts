import { DateTime, IANAZone } from 'luxon';
import { findIana } from 'windows-iana';
import type { Moment } from './schemas.ts';

/** Instants and time zones as Graph spells them. */

// Years that a meeting or mail of this century's mailboxes can have; Graph also hands out year 1 for "never".
const FIRST_YEAR = Date.UTC(1970, 0, 1);
const AFTER_LAST_YEAR = Date.UTC(2201, 0, 1);
const DAY_MS = 86_400_000;

/**
 * IANA name of a Windows, IANA or UTC zone. `tzone://Microsoft/...`, "Customized Time Zone" and anything else that no
 * table knows becomes UTC, as Graph then gives the time in UTC.
 */
export function ianaZone(name: string | null | undefined): string {
  if (!name || name.toUpperCase() === 'UTC') return 'UTC';
  const iana = findIana(name)[0] ?? name;
  if (iana === 'Etc/UTC' || iana === 'Etc/GMT') return 'UTC';
  return IANAZone.isValidZone(iana) ? iana : 'UTC';
}

/** Milliseconds since the epoch of `{dateTime, timeZone}`; null when there is none or it cannot be read. */
export function momentMs(moment: Moment | null | undefined): number | null {
  if (!moment?.dateTime) return null;
  const { dateTime } = moment;
  const zone = ianaZone(moment.timeZone);
  const fast =
    zone === 'UTC' && dateTime.endsWith('.0000000') ? utcMs(dateTime.replace('.0000000', 'Z')) : null;
  return fast ?? finite(DateTime.fromISO(dateTime, { zone }).toMillis());
}

/** All-day events float: midnight UTC of the date as given, whatever zone it is given in. */
export function floatingMs(moment: Moment | null | undefined): number | null {
  const date = moment?.dateTime?.slice(0, 10) ?? '';
  return finite(DateTime.fromISO(date, { zone: 'utc' }).toMillis());
}

/** Milliseconds since the epoch of an ISO 8601 instant with offset; null when there is none or it cannot be read. */
export function instantMs(instant: string | null | undefined): number | null {
  if (!instant) return null;
  return utcMs(instant) ?? finite(DateTime.fromISO(instant, { zone: 'utc' }).toMillis());
}

/**
 * Of `2026-03-01T22:00:00Z`, as Graph spells nearly all; null for every other spelling, and for what is no date: the
 * engine would take the 30th of February for the 2nd of March.
 */
function utcMs(instant: string): number | null {
  if (instant.length !== 20) return null;
  const ms = Date.parse(instant);
  return Number.isFinite(ms) && new Date(ms).toISOString() === instant.replace('Z', '.000Z') ? ms : null;
}

/** Midnight UTC of the date that an instant falls on in a zone; an instant at midnight UTC is taken for a date already. */
export function floatingDate(ms: number, zone: string): number {
  if (ms % DAY_MS === 0) return ms;
  return (
    finite(
      DateTime.fromMillis(ms, { zone }).setZone('utc', { keepLocalTime: true }).startOf('day').toMillis(),
    ) ?? ms
  );
}

/** The instant of a calendar date (`yyyy-mm-dd`) at the time of day that another instant has in a zone. */
export function sameTimeOn(date: string, ms: number, zone: string): number | null {
  const time = DateTime.fromMillis(ms, { zone });
  const day = DateTime.fromISO(date, { zone });
  return finite(day.set({ hour: time.hour, minute: time.minute, second: time.second }).toMillis());
}

export function inRange(ms: number): boolean {
  return ms >= FIRST_YEAR && ms < AFTER_LAST_YEAR;
}

/** `2026-03-01T22:00:00.000Z`; null for what is missing or out of range. */
export function isoOrNull(ms: number | null): string | null {
  return ms !== null && inRange(ms) ? new Date(ms).toISOString() : null;
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
