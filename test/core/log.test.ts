import { afterEach, expect, it, vi } from 'vitest';
import { createLog, withFields } from '../../src/core/log.ts';

afterEach(() => vi.restoreAllMocks());

it('lines carry the run and the request that they belong to, and those outside none', async () => {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(String(line).trim().slice('hh:mm:ss '.length));
    return true;
  });
  const log = createLog('info', true);
  await withFields({ run: 'one' }, async () => {
    await Promise.resolve();
    log.warn({ feed: 3 }, 'feed not brought up to date');
    withFields({ requestId: 'two' }, () => log.info({}, 'asked'));
  });
  log.info({}, 'daemon is up');
  expect(lines).toEqual([
    'warn  feed not brought up to date run=one feed=3',
    'asked run=one requestId=two',
    'daemon is up',
  ]);
});
