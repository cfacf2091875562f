import { z } from 'zod';
import type { Tagger } from '../../src/classify/tagger.ts';
import type { Graph } from '../../src/graph/client.ts';
import type { Store } from '../../src/store/store.ts';

/** Counts what a process does to the world, and ends it at one of these effects as a power cut would. */

/**
 * before: the effect never happened; during: it was asked for and nobody waited for the answer; after: it happened (the
 * database committed) and nobody heard of it.
 */
export const MOMENTS = ['before', 'during', 'after'] as const;

export const FuseOrder = z.object({
  /** Ends at this effect, counted from 1; null: never, the effects are counted all the same. */
  at: z.int().min(1).nullable(),
  moment: z.enum(MOMENTS),
  /** Every request, store call and look at the model; or only the commits that end a full round and sweep. */
  counts: z.enum(['all', 'sweeps']),
});
export type FuseOrder = z.infer<typeof FuseOrder>;

export class Fuse {
  readonly #order: FuseOrder;
  #armed = false;
  effects = 0;

  constructor(order: FuseOrder) {
    this.#order = order;
  }

  /** Effects count from now on. */
  arm(): void {
    this.#armed = true;
  }

  disarm(): void {
    this.#armed = false;
  }

  graph(graph: Graph): Graph {
    return {
      ...graph,
      request: (link, options) => this.#effect(false, () => graph.request(link, options)),
    };
  }

  store<S extends Store>(store: S): S {
    return {
      ...store,
      call: (name: string, payload: object) =>
        this.#effect(isSweep(name, payload), () => store.call(name, payload)),
    };
  }

  tagger(tagger: Tagger): Tagger {
    return {
      ...tagger,
      tag: (items, signal) => this.#effect(false, () => tagger.tag(items, signal)),
    };
  }

  async #effect<T>(sweep: boolean, work: () => Promise<T>): Promise<T> {
    if (!this.#armed || (this.#order.counts === 'sweeps' && !sweep)) return work();
    this.effects += 1;
    const moment = this.effects === this.#order.at ? this.#order.moment : null;
    if (moment === 'before') end();
    const working = work();
    // one turn of the loop: the message has left for the store's thread, or the bytes for the server
    if (moment === 'during') setImmediate(end);
    const result = await working;
    if (moment === 'after') end();
    return result;
  }
}

function isSweep(name: string, payload: object): boolean {
  return name === 'touchpoint_page_commit' && 'delta_link' in payload && payload.delta_link !== undefined;
}

/** No handler runs, nothing is flushed, no connection is closed properly. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}
