import { reasonOf } from '../core/errors.ts';
import { GraphUnavailableError, graphErrorOf, isMailboxGone, isOnPremise } from '../graph/errors.ts';
import type { FeedKind, FeedRow, MailboxRow, MailboxStateName, RefusalRow } from '../store/feeds.ts';

/**
 * What keeps a mailbox from being read, and when it is asked again. Graph's refusals are states, calendar and mail apart:
 * they are reported, asked about seldom, and end by themselves. A mailbox that gives no answer is left alone for a while.
 */

export const STATE_WORDS: Readonly<Record<Exclude<MailboxStateName, 'active'>, string>> = {
  'no consent': 'no consent to read it',
  blocked: 'blocked: other mailboxes can be read, this one cannot',
  gone: 'no such mailbox: deleted, misspelt, or without a licence',
  'on-premise': 'not in Exchange Online (on premises, inactive, or without a licence)',
  left: 'no longer among the mailboxes that are listed: not read',
};

export const KIND_WORDS: Readonly<Record<FeedKind, string>> = { meeting: 'calendar', email: 'mail' };

// Three passes in a row, six attempts each, are more than a passing trouble; the pauses double from the usual interval of
// the schedule to an hour, so that a mailbox throttled for ever costs the others nothing and is back within the hour.
export const CIRCUIT = { failures: 3, firstPauseMs: 5 * 60_000, mostPauseMs: 60 * 60_000 } as const;

/** What an error says of the mailbox itself; null when it says nothing of it (passing, unexpected, or of one item). */
export function refusalOf(error: unknown): RefusalRow['state'] | null {
  if (isOnPremise(error)) return 'on-premise';
  if (isMailboxGone(error)) return 'gone';
  // whatever its code: no 403 of Graph's is cured by asking again
  return graphErrorOf(error)?.status === 403 ? 'no consent' : null;
}

/** Graph answered, and with a refusal to work (429, 5xx) to the last attempt. A network that is away is nobody's fault. */
export function isUnanswered(error: unknown): error is GraphUnavailableError {
  return error instanceof GraphUnavailableError && graphErrorOf(error) !== null;
}

/** Is this kind refused, and not to be asked about yet? */
export function isHeld(mailbox: MailboxRow | undefined, kind: FeedKind, now: number): boolean {
  return mailbox?.refusals.some((row) => row.kind === kind && isAhead(row.retry_at, now)) === true;
}

/** Has the mailbox given no answer too often, so that it is left alone for now? */
export function isPausing(mailbox: MailboxRow | undefined, now: number): boolean {
  return mailbox != null && isAhead(mailbox.retry_at, now);
}

// The longest that any setting can ask for: a clock that was set back must not silence a mailbox for years.
const LONGEST_MS = 7 * 24 * 60 * 60_000;

function isAhead(instant: string | null, now: number): boolean {
  if (instant === null) return false;
  const left = Date.parse(instant) - now;
  return left > 0 && left <= LONGEST_MS;
}

/** Did the feed's last walk fail, or none ever succeed? */
export function isTroubled(feed: FeedRow): boolean {
  return feed.last_error !== null || feed.last_success_at === null;
}

/** How one question about a mailbox went; `error` null: well. */
export interface Outcome {
  readonly kind: FeedKind;
  readonly error: unknown;
}

export interface Circumstances {
  /** The kinds that are read at all. */
  readonly kinds: readonly FeedKind[];
  readonly now: number;
  /** Milliseconds until a refused kind is asked again. */
  readonly refusedMs: number;
  /** Every feed that was due was asked: silence about the rest means that all is well. */
  readonly complete: boolean;
  /** Some other mailbox can be read. */
  readonly othersWork: boolean;
}

export type Standing = Pick<MailboxRow, 'state' | 'state_reason' | 'failures' | 'retry_at'> & {
  readonly refusals: readonly Omit<RefusalRow, 'since'>[];
};

/** How a mailbox stands after what was asked of it. */
export function judge(before: MailboxRow, outcomes: readonly Outcome[], given: Circumstances): Standing {
  const refusals = refusalsAfter(before, outcomes, given);
  return { ...summary(refusals, given), refusals, ...circuitAfter(before, outcomes, given) };
}

function refusalsAfter(before: MailboxRow, outcomes: readonly Outcome[], given: Circumstances) {
  const retry_at = new Date(given.now + given.refusedMs).toISOString();
  const fresh = outcomes.flatMap(({ kind, error }) => {
    const state = refusalOf(error);
    return state === null ? [] : [{ kind, state, reason: reasonOf(error), retry_at }];
  });
  // no mailbox, no kind of it: what was not asked for is not asked for in vain
  const whole = fresh.find(({ state }) => state !== 'no consent');
  return given.kinds.flatMap((kind) => {
    const asked = outcomes.filter((outcome) => outcome.kind === kind);
    if (asked.some(({ error }) => error === null)) return [];
    const now = fresh.find((refusal) => refusal.kind === kind);
    if (now !== undefined) return [now];
    if (whole !== undefined && asked.length === 0) return [{ ...whole, kind }];
    return before.refusals.filter((refusal) => refusal.kind === kind);
  });
}

function summary(
  refusals: Standing['refusals'],
  { kinds, othersWork }: Circumstances,
): Pick<Standing, 'state' | 'state_reason'> {
  const [first] = refusals;
  if (first === undefined || refusals.length < kinds.length) return { state: 'active', state_reason: null };
  const whole = refusals.find(({ state }) => state !== 'no consent');
  if (whole !== undefined) return { state: whole.state, state_reason: whole.reason };
  return { state: othersWork ? 'blocked' : 'no consent', state_reason: first.reason };
}

function circuitAfter(
  before: MailboxRow,
  outcomes: readonly Outcome[],
  { now, complete }: Circumstances,
): Pick<Standing, 'failures' | 'retry_at'> {
  const { failures, retry_at } = before;
  // while it is left alone only what works is asked, which says nothing of the rest
  if (isPausing(before, now)) return { failures, retry_at };
  const unanswered = outcomes.map(({ error }) => error).filter(isUnanswered);
  if (unanswered.length === 0) {
    return complete && outcomes.length > 0 ? { failures: 0, retry_at: null } : { failures, retry_at };
  }
  const asked = Math.max(0, ...unanswered.map(({ retryAfterMs }) => retryAfterMs ?? 0));
  const pause = Math.max(pauseAfter(failures + 1), asked);
  const ahead = failures + 1 < CIRCUIT.failures ? null : new Date(now + pause).toISOString();
  return { failures: failures + 1, retry_at: ahead };
}

function pauseAfter(failures: number): number {
  const { firstPauseMs, mostPauseMs } = CIRCUIT;
  return Math.min(mostPauseMs, firstPauseMs * 2 ** Math.max(0, failures - CIRCUIT.failures));
}
