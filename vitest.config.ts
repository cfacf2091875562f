import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/support/closing-line.ts';
import { ContractLines } from './test/support/contract-lines.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // whole processes, native Postgres and campaigns have scripts of their own: test:cli, test:postgres, test:long
    exclude: ['**/node_modules/**', 'test/browser/**', 'test/cli/**', 'test/long/**', 'test/postgres/**'],
    reporters: ['default', new ContractLines(), new ClosingLine()],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // the default leaves one core idle
    maxWorkers: '100%',
  },
});
