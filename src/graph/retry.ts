import type { Clock } from '../core/clock.ts';
import { GraphConnectionError, GraphError, GraphUnavailableError } from './errors.ts';

/** When to ask again, and when to give up. */

export interface RetryLimits {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Milliseconds from the first attempt to the start of the last one. */
  readonly budgetMs: number;
}

export interface RetryOptions {
  readonly limits: RetryLimits;
  readonly clock: Clock;
  /** 0 <= x < 1 */
  readonly random: () => number;
  readonly mailbox: string | null;
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: (wait: Wait) => void;
}

export interface Wait {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly delayMs: number;
  /** Of the failed attempt; null when there was no complete answer. */
  readonly status: number | null;
}

// 509 is Graph's "bandwidth limit exceeded"; 500 and 502 are passing troubles there, though the official client gives up.
const CURABLE = new Set([429, 500, 502, 503, 504, 509]);
const FIRST_DELAY_MS = 500;
const MOST_DELAY_MS = 30_000;

/**
 * Runs `attempt` until it succeeds. Retry-After is the floor of the wait with jitter on top; without it the wait grows
 * exponentially.
 * @throws {GraphUnavailableError} when attempts or budget are used up; at once when Graph asks for a longer wait than is left
 * @throws whatever waiting does not cure, and the signal's reason
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { limits, clock, mailbox, signal } = options;
  const started = clock.now();
  let waited = 0;
  for (let count = 1; ; count += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (signal?.aborted || !isCurable(error)) throw error;
      const delayMs = delayAfter(error, count, options.random);
      // a clock that stands still (tests) must not make the budget endless
      const spent = Math.max(waited, clock.now() - started);
      if (count >= limits.attempts) throw unavailable(error, `after ${count} attempts`, mailbox);
      if (spent + delayMs > limits.budgetMs) throw unavailable(error, 'within the time allowed', mailbox);
      options.onWait?.({
        attempt: count,
        delayMs,
        status: statusOf(error),
      });
      waited += delayMs;
      await clock.sleep(delayMs, signal);
    }
  }
}

function unavailable(cause: unknown, why: string, mailbox: string | null): GraphUnavailableError {
  const retryAfterMs = cause instanceof GraphError ? cause.retryAfterMs : null;
  return new GraphUnavailableError(`Graph gives no answer ${why}`, { cause, retryAfterMs, mailbox });
}

function statusOf(error: unknown): number | null {
  return error instanceof GraphError ? error.status : null;
}

function isCurable(error: unknown): boolean {
  if (error instanceof GraphError) return CURABLE.has(error.status);
  return error instanceof GraphConnectionError;
}

function delayAfter(error: unknown, attempt: number, random: () => number): number {
  const asked = error instanceof GraphError ? error.retryAfterMs : null;
  const grown = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
  // half of the exponential wait is fixed, so that a random 0 does not hammer
  if (asked === null) return Math.round(grown / 2 + (random() * grown) / 2);
  return Math.round(asked + random() * Math.min(Math.max(asked * 0.2, 250), 10_000));
}
