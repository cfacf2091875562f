import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { startDaemon, type Wake } from '../../src/sync/daemon.ts';

/** Waits end at once and are written down. */
function instantClock() {
  const slept: number[] = [];
  const clock: Clock = { now: () => 0, sleep: async (ms) => void slept.push(ms) };
  return { clock, slept };
}

/** Work that runs until it is let go, so that a test decides what overlaps. */
function gate() {
  const started: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  let rounds = 0;
  return {
    work: () =>
      new Promise<void>((resolve) => {
        rounds += 1;
        waiting.push(resolve);
        started.shift()?.();
      }),
    nextStart: () => new Promise<void>((resolve) => started.push(resolve)),
    finish: () => waiting.shift()?.(),
    rounds: () => rounds,
  };
}

const never = '0 0 1 1 *';

describe('the daemon', () => {
  it('starts with a round, and keeps a nudge that comes while one runs', async () => {
    const { clock } = instantClock();
    const rounds = gate();
    const first = rounds.nextStart();
    const daemon = startDaemon({ schedule: never, clock, log: silentLog, work: rounds.work });
    await first;
    daemon.nudge();
    daemon.nudge();
    expect(rounds.rounds()).toBe(1);
    const second = rounds.nextStart();
    rounds.finish();
    await second;
    expect(rounds.rounds()).toBe(2);
    const stopped = daemon.stop();
    rounds.finish();
    await stopped;
    expect(rounds.rounds()).toBe(2);
  });

  it('says what a round is for: everything when the schedule or a person asks, else what is dirty', async () => {
    const { clock, slept } = instantClock();
    const rounds = gate();
    const wakes: Wake[] = [];
    const work = (_signal: AbortSignal, wake: Wake) => {
      wakes.push(wake);
      return rounds.work();
    };
    const begun = rounds.nextStart();
    const daemon = startDaemon({ schedule: never, clock, log: silentLog, work });
    await begun;
    const nudges: readonly (readonly (Wake | undefined)[])[] = [
      ['dirty', 'dirty'],
      [undefined],
      ['dirty', 'everything'],
      ['everything', 'dirty'],
    ];
    for (const together of nudges) {
      for (const wake of together) daemon.nudge(wake);
      const next = rounds.nextStart();
      rounds.finish();
      await next;
    }
    expect(wakes).toEqual(['everything', 'dirty', 'everything', 'everything', 'everything']);
    // only what notifications brought waits a moment for more of them
    expect(slept).toEqual([1_000]);
    const stopped = daemon.stop();
    rounds.finish();
    await stopped;
  });

  it('tries what failed again, for what it was meant', async () => {
    const { clock } = instantClock();
    const wakes: Wake[] = [];
    const reached = withResolvers();
    const daemon = startDaemon({
      schedule: never,
      clock,
      log: silentLog,
      work: async (_signal, wake) => {
        wakes.push(wake);
        if (wakes.length === 1) daemon.nudge('dirty');
        if (wakes.length === 2) throw new Error('the database is away');
        if (wakes.length === 3) reached.resolve(undefined);
      },
    });
    await reached.promise;
    await daemon.stop();
    expect(wakes).toEqual(['everything', 'dirty', 'dirty']);
  });

  it('pauses longer after each failure and goes on', async () => {
    const { clock, slept } = instantClock();
    let rounds = 0;
    const reached = withResolvers();
    const daemon = startDaemon({
      schedule: never,
      clock,
      log: silentLog,
      work: async () => {
        rounds += 1;
        if (rounds === 9) return reached.resolve(undefined);
        throw new Error('the database is away');
      },
    });
    await reached.promise;
    await daemon.stop();
    expect(slept).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  it('aborts the round that runs when it is stopped', async () => {
    const { clock } = instantClock();
    const started = withResolvers();
    const daemon = startDaemon({
      schedule: never,
      clock,
      log: silentLog,
      work: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          started.resolve(undefined);
        }),
    });
    await started.promise;
    await daemon.stop();
  });

  it('refuses a schedule that is none', () => {
    const { clock } = instantClock();
    const options = { schedule: 'every day', clock, log: silentLog, work: async () => undefined };
    expect(() => startDaemon(options)).toThrow('schedule: got "every day"');
  });
});

function withResolvers() {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
