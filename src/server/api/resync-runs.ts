import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { reasonOf } from '../../core/errors.ts';
import { hasFailed } from '../../sync/problem.ts';
import type { Progress, ResyncOptions, ResyncResult } from '../../sync/resync.ts';
import type { ApiDeps } from './env.ts';
import { ApiProblem } from './problem.ts';

/** Resyncs that people started here, one at a time: two at once would wait for each other's feeds. */

export interface RunState {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly progress: Progress;
  readonly result: RunResult | null;
  /** In words; null unless it failed. */
  readonly reason: string | null;
}

export interface RunResult {
  readonly fetched: number;
  readonly written: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
  readonly removed: number;
  readonly deleted: number;
  readonly problems: { readonly feed: string; readonly reason: string }[];
}

export type ResyncOrder = Pick<ResyncOptions, 'mailbox' | 'kind' | 'from' | 'to' | 'dryRun'>;

export interface ResyncRuns {
  /** @throws {ApiProblem} 409 while another one runs */
  start(order: ResyncOrder): RunState;
  /** The last runs are remembered. @throws {ApiProblem} 404 */
  state(id: string): RunState;
  /** The states from now on, the last one included; ends with it, or with the signal. */
  follow(id: string, signal: AbortSignal): AsyncGenerator<RunState>;
  /** Stops the one that runs, and waits for it. */
  stop(): Promise<void>;
}

const REMEMBERED = 20;
const NOTHING_YET: Progress = { feeds: 0, done: 0, items: 0, waiting: 0 };

export function resyncRuns({ resync, clock, log }: Pick<ApiDeps, 'resync' | 'clock' | 'log'>): ResyncRuns {
  const runs = new Map<string, RunState>();
  const changed = new EventTarget();
  setMaxListeners(0, changed);
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  function put(state: RunState): void {
    runs.set(state.id, state);
    for (const id of [...runs.keys()].slice(0, -REMEMBERED)) runs.delete(id);
    changed.dispatchEvent(new Event('change'));
  }
  const now = () => new Date(clock.now()).toISOString();

  async function work(begun: RunState, order: ResyncOrder): Promise<void> {
    let state = begun;
    const onProgress = (progress: Progress) => {
      state = { ...state, progress };
      put(state);
    };
    try {
      const found = await resync({ ...order, onProgress, signal: stopping.signal });
      const failed = hasFailed(found.problems);
      const reason = failed ? 'some feeds could not be read' : null;
      put({ ...state, state: failed ? 'failed' : 'done', ended_at: now(), result: resultOf(found), reason });
    } catch (error) {
      log.warn({ run: state.id, reason: reasonOf(error) }, 'resync failed');
      put({ ...state, state: 'failed', ended_at: now(), reason: reasonOf(error) });
    }
  }

  function state(id: string): RunState {
    const found = runs.get(id);
    if (found === undefined) throw new ApiProblem(404, 'Not found', 'there is no such resync');
    return found;
  }

  return {
    start(order) {
      if (running !== null) throw new ApiProblem(409, 'Conflict', 'a resync is running already');
      const id = randomUUID();
      const begun: RunState = {
        ...{ id, state: 'running', started_at: now(), ended_at: null, progress: NOTHING_YET },
        ...{ result: null, reason: null },
      };
      put(begun);
      running = work(begun, order).finally(() => {
        running = null;
      });
      return begun;
    },
    state,
    async *follow(id, signal) {
      let last: RunState | null = null;
      while (!signal.aborted) {
        const current = state(id);
        if (current !== last) yield current;
        last = current;
        if (current.state !== 'running') return;
        if (state(id) === last) await change(changed, signal);
      }
    },
    async stop() {
      stopping.abort(new Error('the daemon is stopping'));
      await running;
    },
  };
}

function change(target: EventTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      target.removeEventListener('change', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    target.addEventListener('change', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

function resultOf({ tally, removed, deleted, problems }: ResyncResult): RunResult {
  const { fetched, written, unchanged, skipped, failed } = tally.counts;
  const told = problems.map(({ feed, reason }) => ({ feed, reason }));
  return { fetched, written, unchanged, skipped, failed, removed, deleted, problems: told };
}
