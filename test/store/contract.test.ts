import { afterAll, beforeAll } from 'vitest';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { memoryStore } from '../support/store.ts';
import { storeContract } from './contract/store.ts';

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
  await store.sql(`set timezone = 'Australia/Adelaide'`);
});
afterAll(() => store.close());

storeContract('PGlite', () => ({ store, sql: store.sql, close: store.close }));
