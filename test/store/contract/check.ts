import { beforeEach, describe, expect, it } from 'vitest';
import { blockersOf, checkStore, flawsOf } from '../../../src/store/check.ts';
import { emptyStore } from '../../support/store.ts';
import type { Harness } from './harness.ts';

/** What the store says of itself. */
export function checkContract(harness: () => Harness): void {
  beforeEach(() => emptyStore(harness()));
  const check = () => checkStore(harness().store);

  describe('the check', () => {
    it('finds everything there, for those who should have it', async () => {
      expect(await check()).toMatchObject({
        missing: [],
        outdated: [],
        dimension: 384,
        wantedDimension: 384,
        denied: [],
        exposed: [],
      });
      expect((await check()).vector).toMatch(/^\d+\.\d+/);
    });

    it.each([
      [
        'missing: function touchpoint_search',
        'alter function public.touchpoint_search(jsonb) rename to elsewhere',
        'alter function public.elsewhere(jsonb) rename to touchpoint_search',
      ],
      [
        'missing: table runs',
        'alter table touchpoint.runs rename to elsewhere',
        'alter table touchpoint.elsewhere rename to runs',
      ],
      [
        'missing: column feeds.scope',
        'alter table touchpoint.feeds rename scope to elsewhere',
        'alter table touchpoint.feeds rename elsewhere to scope',
      ],
      [
        'service_role may not call touchpoint_search',
        'revoke execute on function public.touchpoint_search(jsonb) from service_role',
        'grant execute on function public.touchpoint_search(jsonb) to service_role',
      ],
      [
        'service_role may not call client_named',
        'revoke execute on function touchpoint.client_named(text) from service_role',
        'grant execute on function touchpoint.client_named(text) to service_role',
      ],
      [
        'service_role may not read and write copies',
        'revoke delete on touchpoint.copies from service_role',
        'grant delete on touchpoint.copies to service_role',
      ],
      [
        'service_role may not use schema extensions',
        'revoke usage on schema extensions from service_role',
        'grant usage on schema extensions to service_role',
      ],
    ])('names what is missing or refused: %s', async (words, did, undo) => {
      await harness().sql(did);
      const found = await check();
      // first of all: a failing test leaves the next ones a whole schema
      await harness().sql(undo);
      expect(blockersOf(found)).toEqual([words]);
      expect(blockersOf(await check())).toEqual([]);
    });

    it('names a length of vectors that is not the encoder’s', async () => {
      const { sql } = harness();
      const resize = (to: number) =>
        sql(`alter table touchpoint.touchpoints alter embedding type extensions.vector(${to})`);
      await resize(256);
      expect(blockersOf(await check())).toEqual(['stored vectors have 256 numbers and not 384']);
      await resize(384);
      expect(blockersOf(await check())).toEqual([]);
    });

    it('names a function that is another version’s', async () => {
      const { sql } = harness();
      const [now] = await sql(
        `select pg_get_functiondef('public.touchpoint_feeds(jsonb)'::regprocedure) as text`,
      );
      const text = String(now?.['text']);
      await sql(text.replace('-- {mailboxes?', '-- changed {mailboxes?'));
      expect(flawsOf(await check())).toEqual(['function touchpoint_feeds is not the one of this version']);
      await sql(text);
      expect(flawsOf(await check())).toEqual([]);
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
