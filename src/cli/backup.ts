import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { isEmbedded, restoreEmbedded } from '../store/backup.ts';
import { dumpDaemon, readNotice } from '../store/daemon.ts';
import type { Context } from './context.ts';
import { count, printJson, printLine } from './output.ts';

interface Options {
  readonly json?: boolean;
}

/** The embedded store in one file, also while the daemon runs: the daemon is asked for it then. */
export async function backup(context: Context, file: string, options: Options): Promise<number> {
  requireEmbedded(context, 'pg_dump --schema=touchpoint, or what your provider has for it, makes a backup');
  const store = await context.store();
  const archive = isEmbedded(store) ? await store.dump() : await fromDaemon(context);
  const target = path.resolve(file);
  const draft = `${target}.${process.pid}.part`;
  try {
    // everything that is stored is in it: for its owner's eyes alone
    await writeFile(draft, archive, { mode: 0o600 });
    await chmod(draft, 0o600);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
  if (options.json === true) printJson({ file: target, bytes: archive.length });
  else printLine(`wrote ${target}, ${count(Math.ceil(archive.length / 1024))} kB`);
  return 0;
}

/** Puts a backup in the place of the embedded store, which no process may be using. */
export async function restore(context: Context, file: string, options: Options): Promise<number> {
  requireEmbedded(context, 'pg_restore, or what your provider has for it, brings one back');
  const archive = path.resolve(file);
  const found = await stat(archive).catch(() => null);
  if (found?.isFile() !== true) throw new ConfigError(`there is no file ${file}`);
  const restored = await restoreEmbedded(context.config.dataDir, archive);
  if (options.json === true) {
    printJson(restored);
    return 0;
  }
  printLine(`restored ${count(restored.touchpoints)} touchpoints, those marked deleted included`);
  if (restored.before !== null)
    printLine(`what was there before lies in ${restored.before}: remove it when all is well`);
  printLine('the next sync reads from Graph what came since the backup');
  return 0;
}

function requireEmbedded({ config }: Context, instead: string): void {
  if (config.supabase === undefined && config.databaseUrl === undefined) return;
  throw new ConfigError(
    `the store is a database of yours, not the embedded one: ${instead} (docs/operations.md)`,
  );
}

async function fromDaemon({ config }: Context): Promise<Uint8Array> {
  const notice = await readNotice(config.dataDir);
  if (notice === null) throw new Error('the daemon that owns the store has gone: try again');
  return dumpDaemon(notice);
}
