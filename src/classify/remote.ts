import type { Clock } from '../core/clock.ts';
import { ConfigError, reasonOf, TransientError } from '../core/errors.ts';

/** A language model elsewhere: what is sent to it, what comes back, and how long it is tried. */

export interface RemoteRequest {
  /** Who it is and what the task is: ours. */
  readonly system: string;
  /** JSON with the items: theirs, and declared as data. */
  readonly user: string;
  /** JSON Schema of the answer. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Tokens of the answer at most. */
  readonly mostTokens: number;
}

export interface RemoteReply {
  /** `cut`: the answer did not fit; `refused`: the model would not. */
  readonly outcome: 'answered' | 'cut' | 'refused';
  readonly text: string;
  /** As the endpoint counted them; null where it does not say. */
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
}

export interface Remote {
  /** `anthropic/claude-…`: answers of different models are kept apart. */
  readonly model: string;
  /**
   * One request, not tried again.
   * @throws {RemoteAway} for what time can cure; ConfigError for what a person must mend (key, model, address)
   */
  ask(request: RemoteRequest, signal: AbortSignal): Promise<RemoteReply>;
}

/** The endpoint did not answer, or asked to wait. */
export class RemoteAway extends TransientError {
  override readonly name = 'RemoteAway';
  /** It asked to wait so long, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  constructor(message: string, options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Waits between tries double from here, in milliseconds. */
const FIRST_WAIT = 1_000;
/** Longer than this nobody waits in a pass: the next one tries again. Milliseconds. */
const PATIENCE = 30_000;

export interface Patience {
  readonly clock: Clock;
  readonly random: () => number;
  readonly attempts: number;
  /** Of each try. */
  readonly timeoutMs: number;
}

export interface Asked {
  readonly reply: RemoteReply;
  /** Tries that came to nothing before it. */
  readonly failures: number;
}

/** What remains when the last try failed too. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
  readonly failures: number;
  /** A person must mend something: trying again is no use. */
  readonly misconfigured: boolean;
  constructor(cause: unknown, failures: number) {
    super(reasonOf(cause), { cause });
    this.failures = failures;
    this.misconfigured = cause instanceof ConfigError;
  }
}

/**
 * Asks until there is a reply: waits at least as long as the endpoint says (Retry-After), else 1, 2, 4 s with jitter.
 * @throws {GaveUp} after the last try, when the wait would be too long, or when waiting cannot help
 * @throws the signal's reason when it aborts
 */
export async function askPatiently(
  remote: Remote,
  request: RemoteRequest,
  { clock, random, attempts, timeoutMs }: Patience,
  signal: AbortSignal,
): Promise<Asked> {
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    try {
      const each = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      return { reply: await remote.ask(request, each), failures };
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      const own = FIRST_WAIT * 2 ** (failures - 1) * (1 + random());
      const wait = Math.max(own, error instanceof RemoteAway ? (error.retryAfterMs ?? 0) : 0);
      const isFinal = !(error instanceof TransientError) || failures >= attempts || wait > PATIENCE;
      if (isFinal) throw new GaveUp(error, failures);
      await clock.sleep(wait, signal);
    }
  }
}

/** Statuses that time can cure: time-outs, conflicts, limits and the server's own troubles (529: overloaded). */
export function isTransient(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
}

/** Retry-After as milliseconds: seconds or a date (RFC 9110); undefined where it says nothing sensible. */
export function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const given = headers?.get('retry-after')?.trim();
  if (given === undefined || given === '') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(given) ? Number(given) * 1000 : Date.parse(given) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** What an endpoint's refusal means. Its own words are left out: they may quote the request. */
export function refusal(
  name: string,
  status: number | undefined,
  headers: Headers | undefined,
  now: number,
): Error {
  if (isTransient(status)) {
    const wait = retryAfter(headers, now);
    const message = status === undefined ? `${name} cannot be reached` : `${name} answered ${status}`;
    return new RemoteAway(message, wait === undefined ? {} : { retryAfterMs: wait });
  }
  const hint =
    status === 401 || status === 403
      ? 'the key is not accepted'
      : status === 404
        ? 'the model or the address is not known there'
        : 'the request is not accepted';
  return new ConfigError(`${name} answered ${status}: ${hint}`);
}
