import { setMaxListeners } from 'node:events';
import { schedule, validate } from 'node-cron';
import type { Clock } from '../core/clock.ts';
import { ConfigError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** The loop that keeps everything in step: one round at a time, woken by the schedule or by a nudge. */

/** What a round is for: every feed (schedule, start, a person's wish), or the marked ones alone (notifications). */
export type Wake = 'everything' | 'dirty';

export interface DaemonOptions {
  /** Cron expression, in the machine's time zone. */
  readonly schedule: string;
  readonly clock: Clock;
  readonly log: Log;
  /** One round of work; its errors are logged and followed by a pause. When both were asked for it is everything. */
  readonly work: (signal: AbortSignal, wake: Wake) => Promise<void>;
}

export interface Daemon {
  /** Another round soon: now when idle, otherwise right after the one that runs. Without `wake`, of everything. */
  nudge(wake?: Wake): void;
  /** Ends the wait or aborts the round, and resolves when nothing runs any more. */
  stop(): Promise<void>;
}

// After a failed round: long enough not to hammer a database that is away, short enough to be back soon after it.
const PAUSE_MS = { first: 5_000, most: 300_000 } as const;
// Notifications come in bursts (one saved meeting makes several): a moment's wait makes one round of them, and bounds
// what a stream of them can cost.
const SETTLE_MS = 1_000;

/** @throws {ConfigError} when the schedule is not a cron expression */
export function startDaemon({ schedule: expression, clock, log, work }: DaemonOptions): Daemon {
  if (!validate(expression)) {
    throw new ConfigError(
      `schedule: got ${JSON.stringify(expression)}, wants a cron expression such as "*/5 * * * *"`,
    );
  }
  const stopping = new AbortController();
  // everything that is under way listens to it, and that is no leak
  setMaxListeners(0, stopping.signal);
  let nudged: Wake | null = 'everything';
  let resume: (() => void) | undefined;
  const nudge = (wake: Wake = 'everything') => {
    if (nudged !== 'everything') nudged = wake;
    resume?.();
  };
  const untilNudged = () =>
    new Promise<void>((resolve) => {
      if (nudged !== null || stopping.signal.aborted) return resolve();
      resume = resolve;
    });

  async function run(): Promise<void> {
    let pause: number = PAUSE_MS.first;
    while (!stopping.signal.aborted) {
      await untilNudged();
      if (nudged === 'dirty') await clock.sleep(SETTLE_MS, stopping.signal).catch(() => undefined);
      if (stopping.signal.aborted) return;
      // cleared before the work: a nudge that comes while it runs is kept
      const wake = nudged ?? 'everything';
      nudged = null;
      try {
        await work(stopping.signal, wake);
        pause = PAUSE_MS.first;
      } catch (error) {
        if (stopping.signal.aborted) return;
        log.error({ reason: reasonOf(error), retryInMs: pause }, 'round failed');
        await clock.sleep(pause, stopping.signal).catch(() => undefined);
        pause = Math.min(pause * 2, PAUSE_MS.most);
        nudge(wake);
      }
    }
  }

  const task = schedule(expression, () => nudge());
  const running = run();
  return {
    nudge,
    async stop() {
      stopping.abort(new Error('the daemon is stopping'));
      resume?.();
      await task.stop();
      await task.destroy();
      await running;
    },
  };
}
