import { DateTime } from 'luxon';
import { clip, storable } from '../core/text.ts';
import type { Person } from '../core/touchpoint.ts';
import { htmlText } from '../graph/html.ts';
import { oneLine } from '../graph/mapped.ts';
import { cleanText } from '../graph/text.ts';

/** Values of the dashboard's columns, whatever is in them: pure. */

/** The text of a column; empty for null and for what is no text. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Plain text of a column that may hold HTML, at most 20,000 UTF-16 units as for mail. */
export function plainText(value: unknown): string {
  const content = textOf(value);
  return cleanText({ content, contentType: hasMarkup(content) ? 'html' : 'text' });
}

/** One line without markup, at most 1,000 UTF-16 units. */
export function lineOf(value: unknown): string {
  const text = textOf(value);
  return oneLine(hasMarkup(text) ? htmlText(text) : text);
}

// What editors in web pages make; "<" alone, or a name between such signs, is no markup.
const MARKUP =
  /<\/?(?:p|br|div|span|b|i|u|em|strong|a|ul|ol|li|h[1-6]|table|tr|td|blockquote|pre|html|body)\b[^>]{0,500}>/i;

function hasMarkup(text: string): boolean {
  return MARKUP.test(text.slice(0, 10_000));
}

/** As `lineOf`; null for an empty one. */
export function wordOf(value: unknown): string | null {
  const line = clip(lineOf(value), 200);
  return line === '' ? null : line;
}

export interface ReadDate {
  /** Midnight UTC for a bare date; null when there is none, or none that exists. */
  readonly instant: string | null;
  /** Something stands there, and it is no date: 31/02/2026. */
  readonly unreadable: boolean;
}

/** DD/MM/YYYY as the dashboard's text columns have it, or ISO 8601. */
export function dateOf(value: unknown): ReadDate {
  const text = textOf(value).trim();
  if (text === '') return { instant: null, unreadable: false };
  const date = /^\d{1,2}\/\d{1,2}\/\d{4}$/.test(text)
    ? DateTime.fromFormat(text, 'd/M/yyyy', { zone: 'utc' })
    : DateTime.fromISO(text.replace(' ', 'T'), { zone: 'utc' });
  const exists = date.isValid && date.year >= 1970 && date.year <= 2200;
  return { instant: exists ? date.toJSDate().toISOString() : null, unreadable: !exists };
}

/** The middle of a calendar quarter such as "Q4 25" (15 November 2025, midnight UTC); null for anything else. */
export function quarterMiddle(value: unknown): string | null {
  const [, quarter, year] = /^\s*Q([1-4])[\s'/-]*(\d{4}|\d{2})\s*$/i.exec(textOf(value)) ?? [];
  if (quarter === undefined || year === undefined) return null;
  const full = year.length === 2 ? 2000 + Number(year) : Number(year);
  return dateOf(`15/${Number(quarter) * 3 - 1}/${full}`).instant;
}

const MOST_PEOPLE = 50;

/** Names or addresses in one text ("Anna Berg, ben@example.com"). */
export function peopleOf(value: unknown): Person[] {
  const found = new Map<string, Person>();
  for (const part of textOf(value)
    .slice(0, 10_000)
    .split(/[,;\n]/)) {
    const [, before = '', inside = ''] = /^([^<]{0,300})<([^>]{1,300})>\s*$/.exec(part) ?? [];
    const word = clip(storable(inside || part), 300)
      .replace(/\s+/g, ' ')
      .trim();
    const isAddress = /^[^\s@]+@[^\s@]+$/.test(word);
    const name = isAddress ? oneLine(before) : word;
    const address = isAddress ? word.toLowerCase() : '';
    if (name !== '' || address !== '') found.set(address || name, { name, address, role: 'required' });
  }
  return [...found.values()].slice(0, MOST_PEOPLE);
}
