import { afterAll, beforeAll } from 'vitest';
import type { Harness } from '../store/contract/harness.ts';
import { storeContract } from '../store/contract/store.ts';
import { openOverSupabase } from './supabase.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openOverSupabase();
});
afterAll(() => harness.close());

storeContract('supabase-js', () => harness);
