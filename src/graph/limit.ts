import pLimit, { type LimitFunction } from 'p-limit';

/** How many requests may run at once: per mailbox, and over all of them. */

export interface ConcurrencyLimits {
  /** Graph allows 4 concurrent requests per app and mailbox; one below it leaves room for other tools of the same app. */
  readonly perMailbox: number;
  readonly global: number;
}

export interface Limiter {
  /**
   * Runs `work` in a slot of its mailbox and a global one. A slot is held for one request only, never while waiting for
   * Retry-After, so a throttled mailbox takes nothing from the others.
   * @throws the signal's reason, also while still queued
   */
  run<T>(mailbox: string | null, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function createLimiter(limits: ConcurrencyLimits): Limiter {
  const everyone = pLimit(limits.global);
  const mailboxes = new Map<string, LimitFunction>();

  async function inMailbox<T>(mailbox: string, work: () => Promise<T>): Promise<T> {
    const limit = mailboxes.get(mailbox) ?? pLimit(limits.perMailbox);
    mailboxes.set(mailbox, limit);
    try {
      return await limit(work);
    } finally {
      if (limit.activeCount + limit.pendingCount === 0 && mailboxes.get(mailbox) === limit)
        mailboxes.delete(mailbox);
    }
  }

  return {
    run(mailbox, work, signal) {
      const guarded = () => {
        signal?.throwIfAborted();
        return work();
      };
      const global = () => everyone(guarded);
      return abortable(mailbox === null ? global() : inMailbox(mailbox.toLowerCase(), global), signal);
    },
  };
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
