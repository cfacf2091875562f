import { clip, storable } from '../core/text.ts';
import type { Kind } from '../core/touchpoint.ts';

/** What a tagger reads of a touchpoint. */
export interface Item {
  readonly kind: Kind;
  readonly title: string;
  readonly text: string;
}

/**
 * How far the encoder can read a text: it knows English, other scripts become unknown tokens.
 * `nothing`: no letter and no digit at all; `poor`: mostly letters of another script.
 */
export type Legibility = 'nothing' | 'poor' | 'good';

/** Long enough for 256 tokens of any language, short enough that a 10 MB body costs nothing (UTF-16 units). */
const LONGEST_TEXT = 8_000;
/** A subject of more than this would push the text out of the encoder's 256 tokens (UTF-16 units). */
const LONGEST_TITLE = 500;
/** White space is collapsed before the limit counts, but no more than this is looked at (UTF-16 units). */
const LONGEST_RAW = 4 * LONGEST_TEXT;

/** What the encoder reads of an item: title, newline, text; well-formed, white space collapsed, at most 8,501 units. */
export function promptText(item: Pick<Item, 'title' | 'text'>): string {
  const parts = [clip(plain(item.title), LONGEST_TITLE), plain(item.text)];
  return parts.filter((part) => part !== '').join('\n');
}

/** One line of well-formed text without control characters, at most 8,000 UTF-16 units. */
export function plain(text: string): string {
  const collapsed = storable(clip(text, LONGEST_RAW)).replace(/\s+/g, ' ').trim();
  return clip(collapsed, LONGEST_TEXT);
}

/** Whether a tag given to this text can mean anything. */
export function legibility(prompt: string): Legibility {
  if (!/[\p{L}\p{N}]/u.test(prompt)) return 'nothing';
  const letters = prompt.match(/\p{L}/gu)?.length ?? 0;
  const latin = prompt.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin * 2 >= letters ? 'good' : 'poor';
}
