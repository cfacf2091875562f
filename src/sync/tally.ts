/** Counts that reconcile: every item fetched is written, unchanged, skipped or failed, each with its reason. */

export const OUTCOMES = ['written', 'unchanged', 'skipped', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export class Tally {
  readonly #reasons = new Map<string, number>();
  fetched = 0;

  /** Counts `count` fetched items that ended as `outcome`, for `reason`. */
  add(outcome: Outcome, reason: string, count = 1): void {
    if (count === 0) return;
    this.fetched += count;
    const key = `${outcome}: ${reason}`;
    this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + count);
  }

  /** An empty tally, to be included once what it counts is certain. */
  branch(): Tally {
    return new Tally();
  }

  include(other: Tally): void {
    this.fetched += other.fetched;
    for (const [key, count] of other.#reasons) this.#reasons.set(key, (this.#reasons.get(key) ?? 0) + count);
  }

  get reasons(): Record<string, number> {
    return Object.fromEntries([...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  of(outcome: Outcome): number {
    let sum = 0;
    for (const [key, count] of this.#reasons) if (key.startsWith(`${outcome}: `)) sum += count;
    return sum;
  }

  get counts() {
    return {
      fetched: this.fetched,
      written: this.of('written'),
      unchanged: this.of('unchanged'),
      skipped: this.of('skipped'),
      failed: this.of('failed'),
    };
  }
}
