import { afterAll, beforeAll } from 'vitest';
import type { Harness } from '../store/contract/harness.ts';
import { storeContract } from '../store/contract/store.ts';
import { openNative } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openNative();
});
afterAll(() => harness.close());

storeContract('native Postgres', () => harness);
