import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';
import { ContractLines } from './test/support/contract-lines.ts';

/** The store's contract on native Postgres, and what only several connections can show. */
export default defineConfig({
  test: {
    include: ['test/postgres/**/*.test.ts', 'test/store/contract.test.ts'],
    globalSetup: ['test/postgres/setup.ts'],
    reporters: ['default', new ContractLines(), new ClosingLine()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // the default leaves one core idle
    maxWorkers: '100%',
  },
});
