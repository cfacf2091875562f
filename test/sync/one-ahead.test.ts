import { describe, expect, it } from 'vitest';
import { type Ahead, oneAhead } from '../../src/sync/one-ahead.ts';

/** Counts to three, and notes what it was doing when. */
function counting(log: string[], fails?: number) {
  return async function* (ahead: Ahead) {
    ahead.signal.addEventListener('abort', () => log.push('aborted'));
    for (let item = 1; item <= 3; item += 1) {
      log.push(`begins ${item}`);
      if (item === fails) throw new Error(`${item} failed`);
      await ahead.settled();
      log.push(`ends ${item}`);
      yield item;
    }
  };
}

describe('one item ahead', () => {
  it('begins the next while the last is used, and learns when that is done with', async () => {
    const log: string[] = [];
    for await (const item of oneAhead(counting(log))) {
      await Promise.resolve();
      log.push(`used ${item}`);
    }
    expect(log).toEqual([
      ...['begins 1', 'ends 1', 'begins 2', 'used 1'],
      ...['ends 2', 'begins 3', 'used 2', 'ends 3', 'used 3', 'aborted'],
    ]);
  });

  it('tells of a failure only after the item before it was used', async () => {
    const used: number[] = [];
    const walk = async () => {
      for await (const item of oneAhead(counting([], 2))) used.push(item);
    };
    await expect(walk()).rejects.toThrow('2 failed');
    expect(used).toEqual([1]);
  });

  it('stops what it began when no further item is wanted, and tells nobody that it failed', async () => {
    const log: string[] = [];
    for await (const item of oneAhead(counting(log, 2))) {
      log.push(`used ${item}`);
      break;
    }
    expect(log).toEqual(['begins 1', 'ends 1', 'begins 2', 'used 1', 'aborted']);
  });

  it('passes on that its user was stopped', async () => {
    const stop = new AbortController();
    const source = async function* (ahead: Ahead) {
      yield 1;
      await new Promise((_, reject) => {
        ahead.signal.addEventListener('abort', () => reject(ahead.signal.reason));
      });
    };
    const walk = async () => {
      for await (const _ of oneAhead(source, stop.signal)) stop.abort(new Error('enough'));
    };
    await expect(walk()).rejects.toThrow('enough');
  });
});
