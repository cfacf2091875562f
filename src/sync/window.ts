import { DateTime } from 'luxon';
import { shortHash } from '../core/hash.ts';
import type { Window } from '../store/pages.ts';

/** The calendar's window: Graph freezes it inside the cursor, so it must be rolled forward before it runs out. */

export interface WindowSettings {
  readonly past_days: number;
  readonly future_days: number;
  readonly roll_days: number;
}

/** From the start of the day `past_days` ago to the end of the day `future_days` ahead, in UTC. */
export function windowAt(now: number, { past_days, future_days }: WindowSettings): Window {
  const today = DateTime.fromMillis(now, { zone: 'utc' }).startOf('day');
  return {
    start: today.minus({ days: past_days }).toJSDate().toISOString(),
    end: today
      .plus({ days: future_days + 1 })
      .toJSDate()
      .toISOString(),
  };
}

/** True once the window that a cursor was made for lies `roll_days` behind today's. */
export function mustRoll(window: Window, now: number, settings: WindowSettings): boolean {
  const behind = DateTime.fromISO(windowAt(now, settings).start).diff(
    DateTime.fromISO(window.start),
    'days',
  ).days;
  // behind < 0: the clock was set back, or a window was made by a wrong clock: what it shows is not today's
  return behind >= settings.roll_days || behind < 0;
}

/** What a cursor depends on: one whose scope changed must not be used again. */
export function scopeHash(parts: readonly (string | number)[]): string {
  return shortHash(JSON.stringify(parts));
}
