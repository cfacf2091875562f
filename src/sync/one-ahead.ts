/** What a source is given that works one item ahead of whoever uses them. */
export interface Ahead {
  /** Aborted once no further item is wanted. */
  readonly signal: AbortSignal;
  /** Settles when the last item that was handed out is done with: the next one is asked for, or none is wanted any more. */
  readonly settled: () => Promise<void>;
}

/**
 * The items of a source, each of which is already worked on while the one before it is used; never more than one. A failure
 * ahead is told when its item's turn comes, and to nobody when it does not.
 * @param signal of whoever uses the items, passed on in the source's own
 */
export async function* oneAhead<T>(
  source: (ahead: Ahead) => AsyncGenerator<T>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  const stop = new AbortController();
  let settled: Promise<void> = Promise.resolve();
  let settle: () => void = () => undefined;
  const items = source({
    signal: AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]),
    settled: () => settled,
  });
  let next = items.next();
  try {
    for (let { done, value } = await next; done !== true; { done, value } = await next) {
      settled = new Promise((resolve) => {
        settle = resolve;
      });
      next = items.next();
      next.catch(() => undefined);
      yield value;
      settle();
    }
  } finally {
    stop.abort(new Error('the item is not wanted any more'));
    settle();
    await next.catch(() => undefined);
  }
}
