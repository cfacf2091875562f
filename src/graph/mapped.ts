import { clip, storable } from '../core/text.ts';
import type { Touchpoint } from '../core/touchpoint.ts';

/** What becomes of one item of a feed. */

export type SkipReason =
  | 'private'
  | 'draft'
  | 'series master'
  | 'response'
  | 'meeting message'
  | 'automatic reply'
  | 'delivery report'
  | 'too old'
  | 'partial';

export type Mapped =
  | {
      readonly outcome: 'keep';
      readonly graphId: string;
      readonly etag: string;
      /** Graph id of the series master, for occurrences and exceptions. */
      readonly series: string | null;
      /** When Graph says the item, or the master it takes its content from, last changed. */
      readonly modifiedAt: string | null;
      /** The organiser's or sender's own copy. */
      readonly authoritative: boolean;
      readonly touchpoint: Touchpoint;
    }
  | Skipped
  | Failed;

export interface Skipped {
  readonly outcome: 'skip';
  readonly graphId: string;
  readonly reason: string;
  /** An earlier copy must go (it became private, say); otherwise what is stored stays. */
  readonly erase: boolean;
}

export interface Failed {
  readonly outcome: 'fail';
  readonly graphId: string | null;
  /** What is wrong, without a word of the item itself. */
  readonly reason: string;
}

export function skip(graphId: string, reason: SkipReason, erase: boolean): Skipped {
  return { outcome: 'skip', graphId, reason, erase };
}

// Outlook allows 255 characters in a subject; other servers allow more
const TITLE_LIMIT = 1000;

/** One storable line. */
export function oneLine(text: string | null | undefined): string {
  return clip(storable(text ?? ''), TITLE_LIMIT * 4)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, TITLE_LIMIT)
    .toWellFormed()
    .trim();
}
