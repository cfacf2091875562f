import {
  type FeedKind,
  type FeedRow,
  listFeeds,
  listMailboxes,
  type MailboxRow,
  setMailbox,
} from '../store/feeds.ts';
import { StoreConflict } from '../store/store.ts';
import type { SyncDeps } from './feed.ts';
import type { Discovery } from './mailboxes.ts';
import type { Problem } from './problem.ts';
import {
  type Circumstances,
  isPausing,
  judge,
  KIND_WORDS,
  type Outcome,
  refusalOf,
  STATE_WORDS,
  type Standing,
} from './states.ts';

/** How the mailboxes stand after a pass: gathered while it runs, judged, stored and reported at its end. */

export interface StandingsScope {
  /** The mailboxes that this pass is about, and how all stood before; null: a pass over marked feeds alone. */
  readonly discovery: Pick<Discovery, 'addresses' | 'known' | 'outcomes'> | null;
  readonly kinds: readonly FeedKind[];
  /** Only this kind was asked for. */
  readonly kind: FeedKind | undefined;
  /** Somebody asked for it: nothing was left alone. */
  readonly urgent: boolean;
  /** Milliseconds until a refused kind is asked again. */
  readonly refusedMs: number;
}

export class Standings {
  readonly #deps: SyncDeps;
  readonly #scope: StandingsScope;
  readonly #outcomes: Map<string, Outcome[]>;

  constructor(deps: SyncDeps, scope: StandingsScope) {
    this.#deps = deps;
    this.#scope = scope;
    this.#outcomes = new Map(
      [...(scope.discovery?.outcomes ?? [])].map(([address, outcomes]) => [address, [...outcomes]]),
    );
  }

  /** How a feed's walk went; `error` null: well. */
  add({ mailbox, kind }: Pick<FeedRow, 'mailbox' | 'kind'>, error: unknown): void {
    const list = this.#outcomes.get(mailbox) ?? [];
    this.#outcomes.set(mailbox, list);
    list.push({ kind, error });
  }

  /** Stores what changed. @returns what there is to report: states, and mailboxes that are left alone */
  async settle(): Promise<Problem[]> {
    const { discovery } = this.#scope;
    const failed = [...this.#outcomes.values()].flat().some(({ error }) => error !== null);
    if (discovery === null && !failed) return [];
    const known = discovery?.known ?? (await listMailboxes(this.#deps.store));
    const problems: Problem[] = [];
    for (const address of new Set([...(discovery?.addresses ?? []), ...this.#outcomes.keys()])) {
      const row = known.find((mailbox) => mailbox.address === address) ?? unknown(address);
      problems.push(...(await this.#settleOne(row)));
    }
    return problems;
  }

  async #settleOne(row: MailboxRow): Promise<Problem[]> {
    const { discovery, urgent } = this.#scope;
    const before = urgent ? { ...row, retry_at: null } : row;
    const outcomes = this.#outcomes.get(row.address) ?? [];
    let standing: Standing = before;
    if (outcomes.length > 0) {
      standing = judge(before, outcomes, await this.#circumstances(row.address, outcomes));
      await this.#store(row, standing);
    }
    const isAbout =
      discovery?.addresses.includes(row.address) === true ||
      outcomes.some(({ error }) => refusalOf(error) !== null);
    if (!isAbout) return [];
    const isPaused = isPausing(before, this.#deps.clock.now());
    return [...this.#states(row.address, standing), ...(isPaused ? [pause(before)] : [])];
  }

  async #circumstances(address: string, outcomes: readonly Outcome[]): Promise<Circumstances> {
    const { kinds, refusedMs, kind, discovery } = this.#scope;
    const complete = discovery !== null && kind === undefined;
    const refused = outcomes.some(({ error }) => refusalOf(error) !== null);
    const othersWork = refused && (await this.#othersWork(address));
    return { kinds, refusedMs, complete, othersWork, now: this.#deps.clock.now() };
  }

  /** In this pass, or as the store remembers it: a pass may be about one mailbox alone. */
  async #othersWork(address: string): Promise<boolean> {
    const others = [...this.#outcomes].filter(([other]) => other !== address);
    if (others.some(([, outcomes]) => outcomes.some(({ error }) => error === null))) return true;
    const feeds = await listFeeds(this.#deps.store);
    return feeds.some(
      ({ mailbox, last_success_at, last_error }) =>
        mailbox !== address && last_success_at !== null && last_error === null,
    );
  }

  async #store(before: MailboxRow, standing: Standing): Promise<void> {
    if (isSame(before, standing)) return;
    const { store, clock, log } = this.#deps;
    const { state, state_reason: reason, failures, retry_at: retryAt, refusals } = standing;
    const mailbox = before.address;
    if (state !== before.state || refusals.length !== before.refusals.length) {
      const refused = refusals.map(({ kind }) => KIND_WORDS[kind]);
      log.warn({ mailbox, state, refused, reason }, 'how a mailbox stands has changed');
    }
    const now = new Date(clock.now()).toISOString();
    try {
      await setMailbox(store, { mailbox, state, reason, failures, retryAt, refusals, now });
    } catch (error) {
      // forgotten while the pass ran: nothing is to be remembered of it
      if (!(error instanceof StoreConflict)) throw error;
    }
  }

  #states(address: string, { state, state_reason, refusals }: Standing): Problem[] {
    if (state !== 'active' && state !== 'left') {
      const reason = `${STATE_WORDS[state]}: ${state_reason}`;
      return [{ feed: address, reason, transient: false, state }];
    }
    const asked = this.#scope.kind;
    return refusals
      .filter(({ kind }) => asked === undefined || kind === asked)
      .map((refusal) => ({
        feed: `${address} ${KIND_WORDS[refusal.kind]}`,
        reason: `${STATE_WORDS[refusal.state]}: ${refusal.reason}`,
        transient: false,
        state: refusal.state,
      }));
  }
}

function pause({ address, failures, retry_at }: MailboxRow): Problem {
  const reason = `no answer in ${failures} passes in a row: asked again at ${retry_at}`;
  return { feed: address, reason, transient: true, state: null };
}

function unknown(address: string): MailboxRow {
  return {
    address,
    state: 'active',
    state_reason: null,
    failures: 0,
    retry_at: null,
    folders_listed_at: null,
    refusals: [],
  };
}

function isSame(before: MailboxRow, { refusals, ...standing }: Standing): boolean {
  const key = ({ kind, state, reason, retry_at }: Standing['refusals'][number]) =>
    [kind, state, reason, Date.parse(retry_at)].join(' ');
  const millis = (instant: string | null) => (instant === null ? null : Date.parse(instant));
  return (
    before.state === standing.state &&
    before.state_reason === standing.state_reason &&
    before.failures === standing.failures &&
    millis(before.retry_at) === millis(standing.retry_at) &&
    before.refusals.map(key).sort().join() === refusals.map(key).sort().join()
  );
}
