import { expect, test } from 'vitest';
import { createLimiter } from '../../src/graph/limit.ts';
import { answer, caught, graphAt, graphProblem, startServer } from './support.ts';

function gauge() {
  let running = 0;
  let most = 0;
  const open: (() => void)[] = [];
  return {
    most: () => most,
    running: () => running,
    release: () => open.splice(0).forEach((go) => void go()),
    work: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => open.push(resolve));
      running -= 1;
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('no more than the limit run at once in a mailbox, whatever the case of its address', async () => {
  const limiter = createLimiter({ perMailbox: 3, global: 16 });
  const { work, most, release } = gauge();
  const all = Promise.all(Array.from({ length: 10 }, (_, i) => limiter.run(i % 2 ? 'A@b' : 'a@B', work)));
  for (let round = 0; round < 10; round += 1) {
    await turn();
    release();
  }
  await all;
  expect(most()).toBe(3);
});

test('the global limit holds over all mailboxes and over requests of none', async () => {
  const limiter = createLimiter({ perMailbox: 3, global: 4 });
  const { work, most, release } = gauge();
  const all = Promise.all(
    Array.from({ length: 12 }, (_, i) => limiter.run(i < 4 ? null : `m${i % 4}`, work)),
  );
  for (let round = 0; round < 12; round += 1) {
    await turn();
    release();
  }
  await all;
  expect(most()).toBe(4);
});

test('a queued request can be aborted and frees nothing it did not hold', async () => {
  const limiter = createLimiter({ perMailbox: 1, global: 1 });
  const { work, release, running } = gauge();
  const first = limiter.run('a', work);
  const stop = new AbortController();
  const second = caught(limiter.run('a', work, stop.signal));
  await turn();
  const reason = new Error('stopping');
  stop.abort(reason);
  expect(await second).toBe(reason);
  expect(running()).toBe(1);
  release();
  await first;
  const third = limiter.run('a', work);
  await turn();
  release();
  await third;
});

test('a failing request gives its slot back', async () => {
  const limiter = createLimiter({ perMailbox: 1, global: 1 });
  const failure = new Error('x');
  expect(await caught(limiter.run('a', () => Promise.reject(failure)))).toBe(failure);
  expect(await limiter.run('b', async () => 'free')).toBe('free');
});

test('a mailbox that waits for Retry-After starves no other, even with a single slot for all', async () => {
  const waiting: (() => void)[] = [];
  const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => waiting.push(resolve)) };
  const throttled = new Set(['/v1.0/slow']);
  await using server = await startServer(({ url }, response) => {
    if (throttled.delete(url))
      answer(response, 429, graphProblem('TooManyRequests'), { 'retry-after': '30' });
    else answer(response, 200, { url });
  });
  const limits = { perMailbox: 1, global: 1, attempts: 3, budgetMs: 60_000, timeoutMs: 5_000 };
  const graph = graphAt(server.origin, { clock, limits });
  const slow = graph.request('/slow', { mailbox: 'slow@b' });
  await expect.poll(() => waiting.length).toBe(1);
  expect(await graph.request('/fast', { mailbox: 'fast@b' })).toEqual({ url: '/v1.0/fast' });
  waiting.forEach((wake) => void wake());
  expect(await slow).toEqual({ url: '/v1.0/slow' });
});
