import type { Kind } from './wire.ts';

/** Numbers, times and names in the words of the page: Australian English, the viewer's own time zone. */

const LANGUAGE = 'en-AU';
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const whole = new Intl.NumberFormat(LANGUAGE);
const percents = new Intl.NumberFormat(LANGUAGE, { style: 'percent', maximumFractionDigits: 0 });
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });
const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: 'numeric', minute: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short' });
// days without a time are the same everywhere: read and written in UTC
const days = { timeZone: 'UTC' } as const;
const day = new Intl.DateTimeFormat(LANGUAGE, { ...days, dateStyle: 'medium' });
const longDay = new Intl.DateTimeFormat(LANGUAGE, {
  ...days,
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const month = new Intl.DateTimeFormat(LANGUAGE, { ...days, month: 'short', year: '2-digit' });

export const count = (number: number): string => whole.format(number);
export const percent = (share: number): string => percents.format(share);
export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`;

export const timeOf = (instant: string): string => clock.format(new Date(instant));
export const dateTime = (instant: string): string => dayAndTime.format(new Date(instant));
/** @param date YYYY-MM-DD */
export const monthOf = (date: string): string => month.format(new Date(date));
export const dayOf = (date: string): string => day.format(new Date(date));

/** Today in the viewer's zone, so many days on: YYYY-MM-DD. */
export function today(daysOn = 0): string {
  const now = new Date();
  return dateOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() + daysOn));
}

/** The viewer's own day: YYYY-MM-DD. */
export function dateOf(at: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Midnight in the viewer's zone at the start of a day (or so many days later), as an instant; null for no day. */
export function midnight(date: string, daysOn = 0): string | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  if (found === null) return null;
  const [year, monthNumber, dayNumber] = found.slice(1).map(Number) as [number, number, number];
  return new Date(year, monthNumber - 1, dayNumber + daysOn).toISOString();
}

/** `Today`, `Tomorrow`, `Yesterday`, and what day that is. */
export function dayHeading(date: string): { readonly near: string | null; readonly long: string } {
  const near = { [today()]: 'Today', [today(1)]: 'Tomorrow', [today(-1)]: 'Yesterday' }[date] ?? null;
  return { near, long: longDay.format(new Date(date)) };
}

/** `5 minutes ago`, `in 3 days`. */
export function ago(instant: string | null, now = Date.now()): string {
  if (instant === null) return 'never';
  const minutes = Math.round((Date.parse(instant) - now) / 60_000);
  if (Math.abs(minutes) < 1) return 'just now';
  if (Math.abs(minutes) < 90) return relative.format(minutes, 'minute');
  if (Math.abs(minutes) < 36 * 60) return relative.format(Math.round(minutes / 60), 'hour');
  return relative.format(Math.round(minutes / 1440), 'day');
}

export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  meeting: 'Meeting',
  email: 'Mail',
  action: 'Action',
  nps: 'NPS comment',
  topic: 'Topic note',
  knowledge: 'Knowledge',
  risk: 'Risk',
};

export const TASK_WORDS: Readonly<Record<string, string>> = {
  intent: 'Intent',
  topic: 'Topics',
  action: 'Action category',
  risk: 'Risk category',
  sentiment: 'Sentiment',
};

const UPPER = new Map([
  ['qbr', 'QBR'],
  ['none', 'None of these'],
  ['untagged', 'Not looked at yet'],
]);

/** A label as people read it. */
export function labelWords(label: string): string {
  return UPPER.get(label) ?? label.charAt(0).toUpperCase() + label.slice(1);
}
