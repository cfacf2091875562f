import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';

/** The page in a real browser, on the built daemon. TOUCHPOINT_CHROMIUM names another browser than Debian's. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    reporters: ['verbose', new ClosingLine()],
    // the model tags 1,200 touchpoints while the first test looks on
    testTimeout: 300_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 100 } },
    pool: 'forks',
    // one after the other: each has a daemon, a model and a browser
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
});
