import { setMaxListeners } from 'node:events';
import { silentLog } from '../../../src/core/log.ts';
import { createGraph, type Graph } from '../../../src/graph/client.ts';
import { fixedToken } from '../../../src/graph/identity.ts';
import { type Webhooks, webhookApp } from '../../../src/server/webhooks.ts';
import { type Store, StoreUnavailable } from '../../../src/store/store.ts';
import type { SyncDeps } from '../../../src/sync/feed.ts';
import type { Witness } from './witness.ts';

/** One life of the service: what it holds in memory goes with it, and a dead one reaches nothing any more. */

export interface ServiceParts {
  readonly baseUrl: string;
  readonly token: string;
  readonly store: Store;
  readonly witness: Witness;
  readonly now: () => number;
  readonly owner: string;
}

/** Ends a life at its nth effect: a request to Graph, or a call to the store that has taken place. */
export interface Interruption {
  readonly after: number;
  /** `stop`: told to end, as by SIGTERM; `kill`: gone at once, leases and all. */
  readonly how: 'stop' | 'kill';
}

export class Service {
  readonly deps: SyncDeps;
  readonly webhooks: Webhooks;
  readonly #waits: number[] = [];
  #dead = false;
  #effects = 0;
  #end: (Interruption & { readonly stopping: AbortController }) | null = null;
  #idle = true;
  /** Effects while nothing was asked of the service. */
  #stray = 0;

  constructor({ baseUrl, token, store, witness, now, owner }: ServiceParts) {
    const clock = { now, sleep: async (ms: number) => void this.#waits.push(ms) };
    const real = createGraph({
      baseUrl,
      token: fixedToken(token),
      clock,
      random: () => 0.5,
      log: silentLog,
      limits: { perMailbox: 3, global: 8, attempts: 6, budgetMs: 600_000, timeoutMs: 10_000 },
    });
    const graph = witness.graph(this.#mortalGraph(real));
    this.deps = { graph, store: witness.store(this.#mortalStore(store)), clock, log: silentLog, owner };
    // waits for the deadline of a notification never end: nothing here takes that long
    const patient = { now, sleep: () => new Promise<void>(() => undefined) };
    this.webhooks = webhookApp({
      store: this.#mortalStore(store),
      log: silentLog,
      clock: patient,
      onDirty: () => undefined,
    });
  }

  get isDead(): boolean {
    return this.#dead;
  }

  get waits(): number {
    return this.#waits.length;
  }

  /** Effects that came after the work was over. */
  get stray(): number {
    return this.#stray;
  }

  /** Does one piece of work, whose signal an interruption aborts. */
  async work<T>(
    interruption: Interruption | null,
    piece: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | Error> {
    const stopping = new AbortController();
    // everything under way listens to it, as to the daemon's own
    setMaxListeners(0, stopping.signal);
    this.#end = interruption === null ? null : { ...interruption, stopping };
    this.#effects = 0;
    this.#idle = false;
    try {
      return await piece(stopping.signal);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#idle = true;
      this.#end = null;
    }
  }

  die(): void {
    this.#dead = true;
  }

  #effect(): void {
    if (this.#dead) return;
    if (this.#idle) this.#stray += 1;
    this.#effects += 1;
    if (this.#end === null || this.#effects !== this.#end.after) return;
    if (this.#end.how === 'kill') this.#dead = true;
    else this.#end.stopping.abort(new Error('the service is stopping'));
  }

  #mortalGraph(graph: Graph): Graph {
    return {
      ...graph,
      request: async (link, options) => {
        this.#effect();
        if (this.#dead) throw new Error('killed');
        const answer = await graph.request(link, options);
        if (this.#dead) throw new Error('killed');
        return answer;
      },
    };
  }

  #mortalStore(store: Store): Store {
    return {
      ...store,
      call: async (name, payload) => {
        if (this.#dead) throw new StoreUnavailable('killed');
        const answer = await store.call(name, payload);
        if (name !== 'touchpoint_feeds_dirty' && name !== 'touchpoint_subscriptions') this.#effect();
        // done, but nobody has heard of it
        if (this.#dead) throw new StoreUnavailable('killed');
        return answer;
      },
    };
  }
}
