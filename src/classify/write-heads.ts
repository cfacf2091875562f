import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, reasonOf } from '../core/errors.ts';
import type { HeadsFile } from './heads.ts';

/** Heads on disk, and those before them. */

/**
 * Goes back to the heads that the last training replaced, and keeps those it takes away in their place: twice is never.
 * @throws ConfigError when there are none
 */
export async function undoHeads(path: string): Promise<void> {
  const previous = join(dirname(path), PREVIOUS);
  const aside = `${path}.${process.pid}`;
  try {
    await copyFile(path, aside);
    await rename(previous, path);
    await rename(aside, previous);
  } catch (error) {
    await rm(aside, { force: true });
    throw new ConfigError(`heads ${path}: there is nothing to go back to: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

const PREVIOUS = 'heads.previous.json';

/**
 * Writes heads in one step; what was there stays beside it as `heads.previous.json`.
 * @throws ConfigError when the folder cannot be written
 */
export async function writeHeads(path: string, file: HeadsFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await copyFile(path, join(dirname(path), PREVIOUS)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
    await writeFile(`${path}.${process.pid}`, `${JSON.stringify(file)}\n`);
    await rename(`${path}.${process.pid}`, path);
  } catch (error) {
    throw new ConfigError(`heads ${path}: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}
