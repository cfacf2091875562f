import { beforeEach, describe, expect, it } from 'vitest';
import { checkStore } from '../../../src/store/check.ts';
import { emptyStore } from '../../support/store.ts';
import type { Harness } from './harness.ts';

/** What the store says of itself. */
export function checkContract(harness: () => Harness): void {
  beforeEach(() => emptyStore(harness()));
  const check = () => checkStore(harness().store);

  describe('the check', () => {
    it('finds everything there, for those who should have it', async () => {
      expect(await check()).toMatchObject({ missing: [], dimension: 384, denied: [], exposed: [] });
      expect((await check()).vector).toMatch(/^\d+\.\d+/);
    });

    it('names a function that is missing', async () => {
      const { sql } = harness();
      await sql('alter function public.touchpoint_search(jsonb) rename to elsewhere');
      expect((await check()).missing).toEqual(['touchpoint_search']);
      await sql('alter function public.elsewhere(jsonb) rename to touchpoint_search');
      expect((await check()).missing).toEqual([]);
    });

    it.each([
      [
        'grant execute on function public.touchpoint_search(jsonb) to anon',
        'revoke execute on function public.touchpoint_search(jsonb) from anon',
        'anon may call touchpoint_search',
      ],
      [
        'alter table touchpoint.tags disable row level security',
        'alter table touchpoint.tags enable row level security',
        'tags has no row level security',
      ],
    ])('names what is open to others: %s', async (open, close, words) => {
      await harness().sql(open);
      expect((await check()).exposed).toEqual([words]);
      await harness().sql(close);
      expect((await check()).exposed).toEqual([]);
    });

    it('names a table that others may read', async () => {
      const { sql } = harness();
      await sql('grant usage on schema touchpoint to authenticated');
      expect((await check()).exposed).toEqual([]);
      await sql('grant select on touchpoint.runs to authenticated');
      expect((await check()).exposed).toEqual(['authenticated may read runs']);
      await sql('revoke select on touchpoint.runs from authenticated');
      await sql('revoke usage on schema touchpoint from authenticated');
    });
  });
}
