import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { packagePath } from '../../src/core/paths.ts';

/** The built commands as a person runs them: a process of its own, with nothing of ours in its environment. */

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param cwd where the settings file would be, and the data directory is */
export async function runCli(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const bare = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(AZURE|TOUCHPOINT|SUPABASE|DATABASE)/.test(key)),
  );
  const child = spawn(process.execPath, [packagePath('dist', 'cli', 'main.js'), ...args], {
    cwd,
    env: { ...bare, TOUCHPOINT_PORT: '0', ...env },
  });
  child.stdin.end();
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, out, err };
}
