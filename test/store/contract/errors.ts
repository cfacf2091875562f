import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../../src/core/errors.ts';
import { StoreError } from '../../../src/store/store.ts';
import type { Harness } from './harness.ts';

/** What a driver says when the database refuses: the same words whatever lies between. */
export function errorContract(harness: () => Harness): void {
  const refused = (name: string, payload: object) =>
    harness()
      .store.call(name, payload)
      .then(
        () => expect.fail(`${name} was not refused`),
        (error: unknown) => error,
      );

  describe('an error', () => {
    it('says what is wrong without what was given: it may be content', async () => {
      const error = await refused('touchpoint_retain', { limit: 1, before: 'call Nora on Monday' });
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: '22007' });
      expect(reasonOf(error)).toMatch(/^touchpoint_retain failed: invalid input syntax for type timestamp/);
      expect(reasonOf(error)).not.toContain('Nora');
    });

    it('names a function that is not there and how to get it', async () => {
      const error = await refused('touchpoint_not_there', {});
      expect(error).toBeInstanceOf(StoreError);
      expect(reasonOf(error)).toContain(
        'touchpoint_not_there is not in the database (run: touchpoint migrate)',
      );
    });

    it('is thrown for what is not a function of ours before anything is asked', async () => {
      expect(reasonOf(await refused('pg_sleep', {}))).toBe('pg_sleep is not one of our functions');
    });
  });
}
