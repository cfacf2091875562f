import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withPostgresRunner } from '../../src/store/postgres.ts';
import { LEASE_SECONDS } from '../../src/sync/feed.ts';
import { copyDatabase, openSql, type Postgres } from '../support/postgres.ts';
import type { StoreOrder } from './orders.ts';

/** Where the stores of one driver come from: empty ones, copies of prepared ones, each thrown away after use. */
export interface Shelf {
  empty(): Promise<StoreOrder>;
  copy(prepared: StoreOrder): Promise<StoreOrder>;
  discard(store: StoreOrder): Promise<void>;
  /**
   * Lets so much time pass after its owner's death that its leases run out.
   * @returns leases that were made for longer than a lease is, and those of somebody else
   */
  outlive(store: StoreOrder, owner: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function embeddedShelf(): Promise<Shelf> {
  const root = await mkdtemp(path.join(tmpdir(), 'touchpoint-crash-'));
  const newFolder = () => path.join(root, randomUUID());
  const folderOf = (store: StoreOrder) => {
    if (store.driver !== 'pglite') throw new TypeError('not an embedded store');
    return store.folder;
  };
  return {
    empty: async () => ({ driver: 'pglite', folder: newFolder() }),
    async copy(prepared) {
      const folder = newFolder();
      await cp(folderOf(prepared), folder, { recursive: true });
      return { driver: 'pglite', folder };
    },
    discard: (store) => rm(folderOf(store), { recursive: true, force: true, maxRetries: 5 }),
    // whoever opens it is its only owner and clears them
    outlive: async () => [],
    close: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export function nativeShelf(postgres: Postgres): Shelf {
  const urlOf = (store: StoreOrder) => {
    if (store.driver !== 'postgres') throw new TypeError('not a database');
    return store.url;
  };
  return {
    empty: async () => ({ driver: 'postgres', url: await postgres.createDatabase() }),
    copy: async (prepared) => ({
      driver: 'postgres',
      url: await copyDatabase(postgres.url, urlOf(prepared)),
    }),
    async discard(store) {
      const name = new URL(urlOf(store)).pathname.slice(1);
      await withPostgresRunner(postgres.url, ({ exec }) => exec(`drop database ${name} with (force)`));
    },
    outlive: (store, owner) => outlive(urlOf(store), owner),
    close: async () => undefined,
  };
}

/** The server may still be at work on what the dead one asked for last: that is part of what it did. */
async function outlive(url: string, owner: string): Promise<readonly string[]> {
  const { sql, close } = openSql(url);
  try {
    const busy =
      'select 1 from pg_stat_activity where datname = current_database() and application_name = $1';
    while ((await sql(busy, [owner])).length > 0);
    const wrong = await sql(
      `select concat(mailbox, ' ', name, ' is leased to ', lease_owner, ' until ', lease_until) as lease
       from touchpoint.feeds
       where lease_owner <> $1 or lease_until > clock_timestamp() + make_interval(secs => $2)`,
      [owner, LEASE_SECONDS],
    );
    await sql(
      `update touchpoint.feeds set lease_until = clock_timestamp() - interval '1 second' where lease_owner is not null`,
    );
    return wrong.map(({ lease }) => String(lease));
  } finally {
    await close();
  }
}
