import { expect, inject, it } from 'vitest';
import { commitPage } from '../../src/store/pages.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { copy, newFeed, page, touchpoint } from '../store/contract/fixtures.ts';
import { asServiceRole, createDatabase, openSql } from '../support/postgres.ts';

/** A first sync fills a store whose plans were made while it was empty: no page may read what earlier ones stored. */

const PAGES = 40;
const ITEMS = 25;

it('reads a few rows for each item of a page, however many are stored', async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const { sql, close } = openSql(url);
  // statistics that come meanwhile would hide a bad plan
  await sql('alter table touchpoint.touchpoints set (autovacuum_enabled = off)');
  await sql('alter table touchpoint.copies set (autovacuum_enabled = off)');
  const store = openPostgres(asServiceRole(url), 1);
  const feed = await newFeed(store, 'email');
  for (let version = 0; version < PAGES; version += 1) {
    const copies = Array.from({ length: ITEMS }, (_, at) =>
      copy(`g${version}-${at}`, touchpoint(`k${version}-${at}`)),
    );
    await commitPage(store, page(feed, version, { copies, nextLink: 'next', deltaLink: null }));
  }
  // a connection tells what it read at the latest when it ends
  await store.close();
  const [read] = await sql(`select sum(t.seq_tup_read + i.read)::int as rows from pg_stat_user_tables t
    join (select relid, sum(idx_tup_read) as read from pg_stat_user_indexes group by relid) i using (relid)
    where t.relname in ('touchpoints', 'copies')`);
  await close();
  // the key that a copy refers to is looked at, and little else
  expect(Number(read?.['rows'])).toBeLessThan(4 * PAGES * ITEMS);
  expect(Number(read?.['rows'])).toBeGreaterThan(0);
});
