import { expect, test } from 'vitest';
import { retryAfter } from '../../src/graph/error-body.ts';
import { GraphConnectionError, GraphError, GraphUnavailableError } from '../../src/graph/errors.ts';
import { retrying } from '../../src/graph/retry.ts';
import { caught, fakeClock } from './support.ts';

const limits = { attempts: 4, budgetMs: 100_000 };
const failing = (status: number, retryAfterMs: number | null = null) =>
  new GraphError({ status, codes: [], detail: '', requestId: null, retryAfterMs, mailbox: null });

function run(errors: unknown[], options: { random?: number; budgetMs?: number } = {}) {
  const clock = fakeClock();
  const rest = [...errors];
  const attempt = async () => {
    if (rest.length > 0) throw rest.shift();
    return 'done';
  };
  const { random = 0, budgetMs = limits.budgetMs } = options;
  const result = retrying(attempt, {
    limits: { ...limits, budgetMs },
    clock,
    random: () => random,
    mailbox: null,
  });
  return { result, waits: clock.waits, left: rest };
}

test.each([429, 500, 502, 503, 504, 509])('%i is tried again', async (status) => {
  expect(await run([failing(status)]).result).toBe('done');
});

test.each([400, 401, 403, 404, 409, 410, 501])('%i is not', async (status) => {
  const error = failing(status);
  const { result, waits } = run([error]);
  expect(await caught(result)).toBe(error);
  expect(waits).toEqual([]);
});

test('a programming error is not taken for a network error', async () => {
  const error = new TypeError('x is not a function');
  expect(await caught(run([error]).result)).toBe(error);
});

test('waits grow, and chance adds to them', async () => {
  const calm = run([failing(500), new GraphConnectionError('cut'), failing(504)], { random: 0 });
  await calm.result;
  expect(calm.waits).toEqual([250, 500, 1000]);
  const wild = run([failing(500), failing(502)], { random: 0.999999 });
  await wild.result;
  expect(wild.waits).toEqual([500, 1000]);
});

test('Retry-After is the floor: never less, a little more', async () => {
  for (const random of [0, 0.5, 0.99]) {
    const { result, waits } = run([failing(429, 10_000)], { random });
    await result;
    expect(waits[0]).toBeGreaterThanOrEqual(10_000);
    expect(waits[0]).toBeLessThan(12_001);
  }
});

test('a Retry-After beyond the budget is not slept through but handed on', async () => {
  const { result, waits } = run([failing(429, 300_000)]);
  const error = await caught(result);
  expect(error).toBeInstanceOf(GraphUnavailableError);
  expect(error).toMatchObject({ retryAfterMs: 300_000 });
  expect(waits).toEqual([]);
});

test('the budget covers all waits together, even on a clock that stands still', async () => {
  const clock = { ...fakeClock(), now: () => 0 };
  const attempt = () => Promise.reject(failing(429, 40_000));
  const options = { limits: { attempts: 9, budgetMs: 100_000 }, clock, random: () => 0, mailbox: null };
  expect(await caught(retrying(attempt, options))).toBeInstanceOf(GraphUnavailableError);
  expect(clock.waits).toEqual([40_000, 40_000]);
});

test('an abort during the wait ends it', async () => {
  const stop = new AbortController();
  const reason = new Error('stopping');
  const clock = {
    now: () => 0,
    sleep: async (_ms: number, signal?: AbortSignal) => {
      stop.abort(reason);
      signal?.throwIfAborted();
    },
  };
  const attempt = () => Promise.reject(failing(503));
  const options = { limits, clock, random: () => 0, mailbox: null, signal: stop.signal };
  expect(await caught(retrying(attempt, options))).toBe(reason);
});

test('Retry-After is read as seconds or as a date by the clock of the server', () => {
  const now = Date.parse('2026-03-01T00:00:00Z');
  const read = (headers: Record<string, string>) => retryAfter(new Headers(headers), now);
  expect(read({ 'retry-after': '7' })).toBe(7000);
  expect(read({ 'retry-after': '0.5' })).toBe(500);
  expect(read({ 'retry-after': 'Sun, 01 Mar 2026 00:00:30 GMT' })).toBe(30_000);
  expect(
    read({ 'retry-after': 'Sun, 01 Mar 2026 01:00:30 GMT', date: 'Sun, 01 Mar 2026 01:00:00 GMT' }),
  ).toBe(30_000);
  expect(read({ 'retry-after': 'Sun, 01 Mar 2020 00:00:00 GMT' })).toBe(0);
  expect(read({ 'retry-after': 'soon' })).toBeNull();
  expect(read({ 'retry-after': '-5' })).toBe(0);
  expect(read({})).toBeNull();
});
