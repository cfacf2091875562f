import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStatus } from '../../src/store/feeds.ts';
import { migrationsDir } from '../../src/store/open.ts';
import { openPglite } from '../../src/store/pglite.ts';
import { schemaFile } from '../../src/store/schema.ts';
import { dumpSchema } from '../support/schema-dump.ts';

/** The embedded store of somebody who takes a newer version: it stands beside the native twin in migrations.test.ts. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-upgrade-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an embedded cluster of an older version', () => {
  it('is brought up to date when a newer one opens it, and keeps what it holds', async () => {
    const older = path.join(folder, 'migrations');
    await mkdir(older);
    const frozen = (await readdir(migrationsDir)).filter((file) => file <= '20260801000099_grants.sql');
    for (const file of frozen) await cp(path.join(migrationsDir, file), path.join(older, file));
    const dataDir = path.join(folder, 'store');

    await using old = await openPglite({ dataDir, migrationsDir: older, snapshot: null });

    await old.call('touchpoint_import', { now: '2026-03-01T00:00:00Z', items: [ITEM] });
    await old.close();

    await using store = await openPglite({ dataDir, migrationsDir, snapshot: null });
    expect(await dumpSchema(store)).toBe(await readFile(schemaFile, 'utf8'));
    expect(await readStatus(store)).toMatchObject({ touchpoints: { nps: 1 } });
    expect(await store.sql('select title, body from touchpoint.touchpoints')).toEqual([
      { title: ITEM.title, body: ITEM.body },
    ]);
    // initdb takes its time on a machine that is busy
  }, 240_000);
});

const ITEM = {
  mailbox: '',
  graph_id: '',
  rank: 0,
  modified_at: '2026-03-01T00:00:00Z',
  kind: 'nps',
  source_key: 'k',
  all_day: false,
  time_zone: 'UTC',
  title: 'Q4 25',
  body: 'Reports are slow',
  people: [],
  details: {},
  content_hash: 'c',
  text_hash: 't',
};
