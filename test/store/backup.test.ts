import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../src/core/log.ts';
import { startServer } from '../../src/server/server.ts';
import { restoreEmbedded } from '../../src/store/backup.ts';
import { dumpDaemon } from '../../src/store/daemon.ts';
import { StoreLocked } from '../../src/store/lock.ts';
import { openEmbedded } from '../../src/store/open.ts';
import { importTouchpoints } from '../../src/store/pages.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { StoreError } from '../../src/store/store.ts';
import { item, touchpoint } from './contract/fixtures.ts';

async function dataDir(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-backup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

async function add(store: PgliteStore, key: string): Promise<void> {
  await importTouchpoints(store, '2026-03-01T00:00:00.000Z', [item(touchpoint(key))]);
}

async function keys(folder: string): Promise<unknown[]> {
  const store = await openEmbedded(folder);
  try {
    const rows = await store.sql('select source_key from touchpoint.touchpoints order by 1');
    return rows.map(({ source_key }) => source_key);
  } finally {
    await store.close();
  }
}

it('a backup made while the daemon runs brings the store back, and keeps what was there', async () => {
  const folder = await dataDir();
  const archive = path.join(folder, 'backup.tgz');
  const store = await openEmbedded(folder);
  await add(store, 'before');
  const door = { store, token: 'token', port: 0, log: silentLog, onNudge: () => undefined };
  const server = await startServer({ ...door, dump: () => store.dump() });
  const notice = { pid: process.pid, port: server.port, token: 'token', sandbox: null };
  await writeFile(archive, await dumpDaemon(notice));
  await expect(dumpDaemon({ ...notice, token: 'other' })).rejects.toThrow('401');
  await expect(restoreEmbedded(folder, archive)).rejects.toThrow(StoreLocked);
  await add(store, 'since');
  await server.close();
  await store.close();

  const restored = await restoreEmbedded(folder, archive);
  expect(restored).toEqual({ touchpoints: 1, before: path.join(folder, 'store.before-restore') });
  expect(existsSync(path.join(folder, 'store.before-restore.made'))).toBe(true);
  expect(await keys(folder)).toEqual(['before']);
}, 120_000);

it('an archive that is none leaves the store as it was', async () => {
  const folder = await dataDir();
  const store = await openEmbedded(folder);
  await add(store, 'mine');
  await store.close();
  const archive = path.join(folder, 'no-backup');
  await writeFile(archive, 'not a gzipped archive');
  await expect(restoreEmbedded(folder, archive)).rejects.toThrow(StoreError);
  expect(existsSync(path.join(folder, 'store.restored'))).toBe(false);
  expect(await keys(folder)).toEqual(['mine']);
}, 120_000);
