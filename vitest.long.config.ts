import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';

/** Load and endurance: LONG=1 runs their long form. Each prints its figures, one line each. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    // what they measure is the machine's: for the long form, on one that has nothing else to do
    exclude: process.env['LONG'] === '1' ? [] : ['test/long/*-speed.test.ts'],
    reporters: ['default', new ClosingLine()],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // one after the other: a load test wants the machine for itself
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
});
