import { reasonOf, TransientError } from '../core/errors.ts';
import { isNotFound } from '../graph/errors.ts';
import type { MailboxStateName } from '../store/feeds.ts';
import { StoreConflict } from '../store/store.ts';
import { refusalOf } from './states.ts';

/** What went wrong, for reports. */
export interface Problem {
  /** Mailbox, or mailbox and feed. */
  readonly feed: string;
  readonly reason: string;
  /** Waiting may cure it. */
  readonly transient: boolean;
  /** What it says of the mailbox or feed: a state is reported and no failure. Null: something failed. */
  readonly state: Exclude<MailboxStateName, 'active'> | null;
}

export function problemOf(feed: string, error: unknown): Problem {
  // one folder that is gone, the mailbox being there
  const state = refusalOf(error) ?? (isNotFound(error) ? 'gone' : null);
  return { feed, reason: reasonOf(error), transient: isTransient(error), state };
}

function isTransient(error: unknown): boolean {
  return error instanceof TransientError || error instanceof StoreConflict;
}

/** Did anything fail? Commands then exit with 1. */
export function hasFailed(problems: readonly Problem[]): boolean {
  return problems.some(({ state }) => state === null);
}
