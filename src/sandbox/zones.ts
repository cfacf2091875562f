import { DateTime } from 'luxon';
import { findIana, findWindows } from 'windows-iana';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface GraphDateTime {
  /** Local wall time with seven fractional digits and no offset. */
  readonly dateTime: string;
  readonly timeZone: string;
}

/** The instant as Graph writes instants of mail: whole seconds, `2026-03-01T22:00:00Z`. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** IANA zone for the name in a Prefer header (Windows or IANA), or null when nothing is known by that name. */
export function zoneNamed(name: string): string | null {
  if (/^utc$/i.test(name)) return 'UTC';
  const iana = findIana(name)[0] ?? name;
  return DateTime.local({ zone: iana }).isValid ? iana : null;
}

/** Windows name of an IANA zone: what Exchange writes into originalStartTimeZone. */
export function windowsName(iana: string): string {
  return findWindows(iana)[0] ?? 'UTC';
}

/** Start or end as Graph sends it: converted to the zone asked for, labelled with the name that was asked. */
export function graphDateTime(
  ms: number,
  zone: { readonly name: string; readonly iana: string },
): GraphDateTime {
  const local =
    zone.iana === 'UTC'
      ? new Date(ms).toISOString().slice(0, 19)
      : DateTime.fromMillis(ms, { zone: zone.iana }).toFormat("yyyy-MM-dd'T'HH:mm:ss");
  return { dateTime: `${local}.0000000`, timeZone: zone.name };
}

/** The UTC instant of a wall-clock time, `dayOffset` days after the local day on which `anchor` falls. */
export function wallTime(
  anchor: number,
  zone: string,
  when: { readonly dayOffset: number; readonly hour: number; readonly minute: number },
): number {
  return DateTime.fromMillis(anchor, { zone })
    .startOf('day')
    .plus({ days: when.dayOffset })
    .set({ hour: when.hour, minute: when.minute })
    .toMillis();
}

/** 1 (Monday) to 7 (Sunday) in the zone. */
export function weekdayOf(ms: number, zone: string): number {
  return DateTime.fromMillis(ms, { zone }).weekday;
}

/** Calendar date in the zone, `2026-03-01`. */
export function dateIn(ms: number, zone: string): string {
  return DateTime.fromMillis(ms, { zone }).toFormat('yyyy-MM-dd');
}
