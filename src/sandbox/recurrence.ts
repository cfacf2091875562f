import { DateTime } from 'luxon';
import type { Meeting, Pattern } from './model.ts';
import { dateIn, windowsName } from './zones.ts';

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** Starts of `count` occurrences, wall-clock steady in the zone: their UTC hour changes with daylight saving. */
export function occurrenceStarts(first: number, zone: string, pattern: Pattern, count: number): number[] {
  const start = DateTime.fromMillis(first, { zone });
  const unit = `${pattern.every}s` as const;
  return Array.from({ length: count }, (_, index) =>
    start.plus({ [unit]: index * pattern.interval }).toMillis(),
  );
}

/** Graph's recurrence resource of a series (patternedRecurrence), or null for a meeting without one. */
export function wireRecurrence(meeting: Meeting): object | null {
  if (meeting.series === null) return null;
  const { pattern, starts } = meeting.series;
  const zone = meeting.allDay ? 'UTC' : meeting.zone;
  const first = DateTime.fromMillis(meeting.start, { zone });
  return {
    pattern: {
      type: pattern.every === 'month' ? 'absoluteMonthly' : pattern.every === 'week' ? 'weekly' : 'daily',
      interval: pattern.interval,
      month: 0,
      dayOfMonth: pattern.every === 'month' ? first.day : 0,
      ...(pattern.every === 'week' ? { daysOfWeek: [WEEKDAYS[first.weekday - 1]] } : {}),
      firstDayOfWeek: 'sunday',
      index: 'first',
    },
    range: {
      type: 'numbered',
      startDate: dateIn(meeting.start, zone),
      endDate: '0001-01-01',
      recurrenceTimeZone: windowsName(meeting.zone),
      numberOfOccurrences: starts.length,
    },
  };
}
