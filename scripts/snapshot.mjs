// Makes the dump of an empty, migrated cluster that the embedded store starts from; does nothing while it is current.
import { existsSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { migrationsDir, snapshotFile } from '../dist/store/open.js';
import { openPglite } from '../dist/store/pglite.js';

const file = await snapshotFile();
if (!existsSync(file)) {
  const folder = path.dirname(file);
  for (const old of await readdir(folder))
    if (/^snapshot-.*\.tgz/.test(old)) await rm(path.join(folder, old));
  const store = await openPglite({ dataDir: null, migrationsDir, snapshot: null });
  await writeFile(`${file}.new`, await store.dump());
  await rename(`${file}.new`, file);
  await store.close();
}
