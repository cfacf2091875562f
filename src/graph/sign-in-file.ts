import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ICachePlugin } from '@azure/msal-node';
import { ConfigError } from '../core/errors.ts';
import { createSealer, isSealed } from './seal.ts';

/** Where a person's sign-in is kept: whoever holds the file may read what they may. */

export interface SignInFile {
  /** Mode 0600. */
  readonly file: string;
  /** Seals the file; null leaves its protection to the mode alone. */
  readonly key: string | null;
}

/** Hands the file to msal-node: read before each use of its cache, written when that has changed. */
export function signInCache({ file, key }: SignInFile): ICachePlugin {
  const sealer = key === null ? null : createSealer(key);
  const write = (text: string) => replace(file, sealer === null ? text : sealer.seal(text));
  return {
    async beforeCacheAccess({ tokenCache }) {
      const kept = await readFile(file, 'utf8').catch(() => '');
      if (kept === '') return;
      const sealed = isSealed(kept);
      const text = opened(() => (sealed ? sealer?.unseal(kept) : kept));
      tokenCache.deserialize(text);
      // made before there was a key
      if (sealer !== null && !sealed) await write(text);
    },
    async afterCacheAccess({ cacheHasChanged, tokenCache }) {
      if (cacheHasChanged) await write(tokenCache.serialize());
    },
  };
}

/** What protects the file; null when nobody has signed in. */
export async function inspectSignIn(file: string): Promise<{ sealed: boolean; private: boolean } | null> {
  try {
    const [{ mode }, text] = await Promise.all([stat(file), readFile(file, 'utf8')]);
    // on Windows the mode says nothing: the file has the rights of its folder
    return { sealed: isSealed(text), private: process.platform === 'win32' || (mode & 0o077) === 0 };
  } catch {
    return null;
  }
}

function opened(open: () => string | undefined): string {
  const mend = 'remove it and sign in anew with `touchpoint doctor`';
  let text: string | undefined;
  try {
    text = open();
    if (text !== undefined) JSON.parse(text);
  } catch {
    // no cause: a parser's own words quote what it reads
    throw new ConfigError(
      `the kept sign-in cannot be read (TOUCHPOINT_CACHE_KEY may be another one): ${mend}`,
    );
  }
  if (text === undefined)
    throw new ConfigError(`the kept sign-in is sealed: set TOUCHPOINT_CACHE_KEY, or ${mend}`);
  return text;
}

/** Beside it and renamed: a crash leaves the old sign-in, never half a one. */
async function replace(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${randomUUID()}`;
  await writeFile(beside, text, { mode: 0o600 });
  await rename(beside, file);
}
