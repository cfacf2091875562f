import { clip } from '../core/text.ts';
import type { Person } from '../core/touchpoint.ts';

/** What a text loses before it leaves the machine: addresses, links, telephone and other long numbers, names. */

export interface Known {
  readonly people: readonly Pick<Person, 'name' | 'address'>[];
  /** The client organisation's name and aliases. */
  readonly clientNames: readonly string[];
}

/** Bounded, so that no text makes the search slow. */
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"']{1,2000}/giu;
const ADDRESS = /[^\s@<>()[\]{},;:"|\\/]{1,64}@[\p{L}\p{N}.-]{1,255}/gu;
/** Seven digits or more with what people put between them; a date alone (2026-03-01, 01/03/2026) stays. */
const NUMBER = /(?<![\p{L}\p{N}])[+(]?\d(?:[\s().\-/]{0,3}\d){6,19}(?![\p{L}\p{N}])/gu;
const DATE = /^(\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{4})$/;
/** Shorter parts of a name (initials, "de", "Li") are taken out with the whole name only. */
const SHORTEST_PART = 3;

/** No more than this is looked at (UTF-16 units): several times what is sent. */
const LONGEST = 20_000;
/** A longest address, number or name fits: half of one that was cut off there is cut off too (UTF-16 units). */
const SEAM = 400;

/** A title or a text without what would say who somebody is, at most 20,000 UTF-16 units. */
export function disguised(text: string, { people, clientNames }: Known): string {
  const whole = text.length <= LONGEST ? text : clip(clip(text, LONGEST), LONGEST - SEAM);
  const names = namePattern(people.flatMap(namesOf));
  const clients = namePattern(clientNames);
  let kept = whole
    .replace(LINK, '[link]')
    .replace(ADDRESS, '[address]')
    .replace(NUMBER, (number) => (DATE.test(number) ? number : '[number]'));
  if (names !== null) kept = kept.replace(names, '[name]');
  if (clients !== null) kept = kept.replace(clients, '[client]');
  return kept;
}

/** The name as it stands, the other way round, and its longer parts; from an address the words before the @. */
function namesOf({ name, address }: Pick<Person, 'name' | 'address'>): string[] {
  const parts = name.match(/[\p{L}\p{M}'’]+/gu) ?? [];
  const local = address.slice(0, Math.max(0, address.indexOf('@'))).match(/\p{L}+/gu) ?? [];
  const single = [...parts, ...local].filter((part) => part.length >= SHORTEST_PART);
  return [parts.join(' '), parts.toReversed().join(' '), ...single].filter((one) => one !== '');
}

/** The longest first; between words whatever is no letter; case and accents as in either text are not told apart. */
function namePattern(names: readonly string[]): RegExp | null {
  const wanted = [...new Set(names.flatMap((name) => [name.normalize('NFC'), name.normalize('NFD')]))]
    .map((name) => name.trim())
    .filter((name) => /\p{L}/u.test(name))
    .sort((a, b) => b.length - a.length)
    .map((name) => name.split(/\s+/).map(escaped).join(String.raw`[\s.,'’-]{1,3}`));
  if (wanted.length === 0) return null;
  return new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${wanted.join('|')})(?![\p{L}\p{N}])`, 'giu');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/gu, String.raw`\$&`);
}
