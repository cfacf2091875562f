import { randomBytes } from 'node:crypto';
import { promptText } from '../classify/prompt.ts';
import {
  compose,
  estimate,
  type Opinion,
  place,
  type Question,
  questionVersion,
  readReply,
  speaksToModels,
} from '../classify/questions.ts';
import { askPatiently, GaveUp, type Patience, type Remote, type RemoteReply } from '../classify/remote.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { clip } from '../core/text.ts';
import {
  type Claimed,
  type OpinionRow,
  type Reservation,
  reserve,
  type Settlement,
} from '../store/opinions.ts';
import type { Store } from '../store/store.ts';
import { disguised } from './disguise.ts';

/** Items put to the fallback within the budget of the day: what is asked, how often, and how it is booked. */

export interface OpinionSettings {
  /** Items a request. */
  readonly batch: number;
  /** Of an item's text, as it is sent (UTF-16 units). */
  readonly longest: number;
  readonly dailyTokens: number | null;
  /** In the currency of the prices. */
  readonly dailyCost: number | null;
  /** Per million tokens; null counts no money. */
  readonly prices: { readonly input: number; readonly output: number } | null;
  readonly withholdKinds: readonly string[];
  readonly withholdLabels: readonly { readonly task: string; readonly label: string }[];
}

export interface RunDeps extends Patience {
  readonly store: Store;
  readonly log: Log;
  /** Told from other daemons by it. */
  readonly owner: string;
  readonly remote: Remote;
  readonly taxonomy: Taxonomy;
  readonly settings: OpinionSettings;
  /** Gets what each request came to, answers included; the budget counts on its reaching the store. */
  readonly book: (settlement: Settlement) => Promise<unknown>;
}

/** Why it ended before everything was asked. */
export type Stopped = 'budget' | 'away' | 'misconfigured' | 'time';

/** By task: changes with anything that another answer could come of. */
export function questionVersions({
  taxonomy,
  remote,
  settings,
}: Pick<RunDeps, 'taxonomy' | 'remote' | 'settings'>): Record<string, string> {
  const entries = Object.entries(taxonomy.tasks).map(([name, task]) => {
    return [name, questionVersion(name, task, remote.model, settings.longest)] as const;
  });
  return Object.fromEntries(entries);
}

interface Item {
  readonly row: Claimed;
  readonly question: Question;
}

/** What one request came to. */
type Outcome = { readonly rows: readonly OpinionRow[]; readonly again: readonly Item[] };

/** Questions put one request after another, until everything is answered or `stopped` says why it is not. */
export class OpinionRun {
  readonly #deps: RunDeps;
  readonly #signal: AbortSignal;
  readonly #versions: Readonly<Record<string, string>>;
  asked = 0;
  answered = 0;
  tokens = 0;
  stopped: Stopped | null = null;

  constructor(deps: RunDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
    this.#versions = questionVersions(deps);
  }

  /** Together those that say nothing to a model; one by one those that do. Once stopped, the rest is given back. */
  async putAll(rows: readonly Claimed[]): Promise<void> {
    const items = rows.map((row): Item => ({ row, question: questionOf(row, this.#deps.settings.longest) }));
    const [alone, together] = [
      items.filter(({ question }) => speaksToModels(question.text)),
      items.filter(({ question }) => !speaksToModels(question.text)),
    ];
    const groups = [...(together.length > 0 ? [together] : []), ...alone.map((item) => [item])];
    for (const group of groups) await this.#put(group);
  }

  async #put(group: readonly Item[]): Promise<void> {
    const { taxonomy, settings, store } = this.#deps;
    const request = compose(
      taxonomy,
      group.map(({ question }) => question),
    );
    const { tokensIn, tokensOut } = estimate(request);
    const reservation = this.#reservation(tokensIn, tokensOut);
    if (this.stopped === null && this.#signal.aborted) this.stopped = 'time';
    const budget = { tokens: settings.dailyTokens, micros: micros(settings.dailyCost) };
    if (this.stopped === null && !(await reserve(store, reservation, budget))) this.stopped = 'budget';
    if (this.stopped !== null) return this.#giveBack(group);
    try {
      const { reply, failures } = await askPatiently(this.#deps.remote, request, this.#deps, this.#signal);
      const outcome = this.#read(group, reply);
      const used = { tokensIn: reply.tokensIn ?? tokensIn, tokensOut: reply.tokensOut ?? tokensOut };
      await this.#settle(reservation, { ...used, requests: failures + 1, failedRequests: failures, outcome });
      for (const item of outcome.again) await this.#put([{ ...item, question: renamed(item.question) }]);
    } catch (error) {
      if (!(error instanceof GaveUp) && !this.#signal.aborted) throw error;
      await this.#giveUp(group, reservation, error);
    }
  }

  /** In a group, what has no usable answer is asked again alone: one item may have spoiled it for the others. */
  #read(group: readonly Item[], reply: RemoteReply): Outcome {
    const { taxonomy } = this.#deps;
    const questions = group.map(({ question }) => question);
    const found = reply.outcome === 'answered' ? readReply(taxonomy, questions, reply.text) : null;
    const missing = reply.outcome === 'refused' ? 'refused' : 'unusable';
    const outcome: { rows: OpinionRow[]; again: Item[] } = { rows: [], again: [] };
    for (const item of group) {
      const { row, question } = item;
      const left: string[] = [];
      for (const task of question.tasks) {
        const opinion = found?.get(place(question.key, task));
        if (opinion === undefined && group.length > 1) left.push(task);
        else outcome.rows.push(this.#rowOf(row, task, opinion ?? { state: missing }));
      }
      if (left.length > 0) outcome.again.push({ row, question: { ...question, tasks: left } });
    }
    return outcome;
  }

  #rowOf(row: Claimed, task: string, opinion: Opinion | { state: 'refused' | 'unusable' }): OpinionRow {
    return {
      touchpoint: row.id,
      task,
      textHash: row.text_hash,
      version: this.#versions[task] ?? '',
      state: opinion.state,
      labels: opinion.state === 'answered' ? opinion.labels : [],
    };
  }

  async #settle(
    reservation: Reservation,
    used: {
      readonly tokensIn: number;
      readonly tokensOut: number;
      readonly requests: number;
      readonly failedRequests: number;
      readonly outcome: Outcome;
    },
  ): Promise<void> {
    const { outcome, ...counts } = used;
    await this.#deps.book({
      ...this.#signed(),
      ...counts,
      reservation,
      micros: this.#price(used.tokensIn, used.tokensOut),
      rows: outcome.rows,
      released: [],
    });
    this.asked += outcome.rows.length;
    this.answered += outcome.rows.filter(({ state }) => state === 'answered').length;
    this.tokens += used.tokensIn + used.tokensOut;
  }

  async #giveUp(group: readonly Item[], reservation: Reservation, error: unknown): Promise<void> {
    const gaveUp = error instanceof GaveUp ? error : null;
    this.stopped = gaveUp === null ? 'time' : gaveUp.misconfigured ? 'misconfigured' : 'away';
    const reason = gaveUp === null ? 'out of time' : reasonOf(gaveUp.cause);
    this.#deps.log.warn({ reason }, 'no second opinions for now');
    await this.#deps.book({
      ...this.#signed(),
      ...NOTHING_USED,
      reservation,
      requests: gaveUp?.failures ?? 1,
      failedRequests: gaveUp?.failures ?? 1,
      error: reason,
      rows: [],
      released: released(group),
    });
  }

  async #giveBack(group: readonly Item[]): Promise<void> {
    const reservation = { ...this.#reservation(0, 0), micros: 0 };
    await this.#deps.book({
      ...this.#signed(),
      ...NOTHING_USED,
      reservation,
      requests: 0,
      failedRequests: 0,
      rows: [],
      released: released(group),
    });
  }

  #signed() {
    return { now: new Date(this.#deps.clock.now()).toISOString(), owner: this.#deps.owner };
  }

  /** Of the day on which it is asked, whenever the answer comes. */
  #reservation(tokensIn: number, tokensOut: number): Reservation {
    const day = dayAt(this.#deps.clock.now());
    return { day, tokens: tokensIn + tokensOut, micros: this.#price(tokensIn, tokensOut) };
  }

  /** A price per million is so many millionths a token. */
  #price(tokensIn: number, tokensOut: number): number {
    const { prices } = this.#deps.settings;
    return prices === null ? 0 : Math.ceil(tokensIn * prices.input + tokensOut * prices.output);
  }
}

const NOTHING_USED = { tokensIn: 0, tokensOut: 0, micros: 0 };

function micros(amount: number | null): number | null {
  return amount === null ? null : Math.floor(amount * 1e6);
}

function released(group: readonly Item[]) {
  return group.flatMap(({ row, question }) => question.tasks.map((task) => ({ touchpoint: row.id, task })));
}

function questionOf(row: Claimed, longest: number): Question {
  const known = { people: row.people, clientNames: row.client_names };
  const prompt = promptText({ title: disguised(row.title, known), text: disguised(row.body, known) });
  return { key: freshKey(), kind: row.kind, text: clip(prompt, longest), tasks: row.tasks };
}

function renamed(question: Question): Question {
  return { ...question, key: freshKey() };
}

/** Eight random bytes: no text can know the key of another. */
function freshKey(): string {
  return randomBytes(8).toString('hex');
}

/** Budgets are by UTC day. */
export function dayAt(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
