import type { MailboxKind, Marks } from '../store/subscriptions.ts';

/** One notification's meaning, ready to be recorded. */
export interface Mark extends MailboxKind {
  readonly subscription: string;
  /** removed: Graph has no such subscription any more; renew: it wants reauthorization. All but renew mark the feed. */
  readonly what: 'changed' | 'renew' | 'removed';
}

export interface MarkBatcher {
  /**
   * Resolves once the marks stand in the store, and rejects with what the store threw.
   * @returns how many of them said what another one had said already
   */
  record(marks: readonly Mark[]): Promise<number>;
}

/**
 * At most one store call is under way; everything that arrives meanwhile goes with the next one. So a flood of
 * notifications costs no more calls than the store can take, and each is answered only once it is recorded.
 */
export function markBatcher(save: (marks: Omit<Marks, 'now'>) => Promise<unknown>): MarkBatcher {
  let waiting: Batch | undefined;
  let underWay: Promise<void> = Promise.resolve();

  function nextBatch(): Batch {
    const batch = new Batch();
    batch.saved = underWay.then(() => {
      if (waiting === batch) waiting = undefined;
      return save(batch.marks());
    });
    underWay = batch.saved.then(nothing, nothing);
    return batch;
  }

  return {
    async record(marks) {
      if (marks.length === 0) return 0;
      waiting ??= nextBatch();
      const batch = waiting;
      const known = marks.filter((mark) => !batch.add(mark)).length;
      await batch.saved;
      return known;
    },
  };
}

const nothing = () => undefined;

class Batch {
  readonly #marks = new Map<string, Mark>();
  saved: Promise<unknown> = Promise.resolve();

  /** @returns false when the same was said before */
  add(mark: Mark): boolean {
    const key = `${mark.what} ${mark.subscription}`;
    const isNew = !this.#marks.has(key);
    this.#marks.set(key, mark);
    return isNew;
  }

  marks(): Omit<Marks, 'now'> {
    const all = [...this.#marks.values()];
    const idsOf = (what: Mark['what']) =>
      all.filter((mark) => mark.what === what).map((mark) => mark.subscription);
    return {
      changed: all.filter(({ what }) => what !== 'renew').map(({ mailbox, kind }) => ({ mailbox, kind })),
      renew: idsOf('renew'),
      removed: idsOf('removed'),
    };
  }
}
