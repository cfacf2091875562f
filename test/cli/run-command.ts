import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { packagePath } from '../../src/core/paths.ts';

/** A built command in a process of its own, with no setting but those given. */
export async function runCommand(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const bare = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(AZURE|TOUCHPOINT|SUPABASE|DATABASE)/.test(key)),
  );
  const child = spawn(process.execPath, [packagePath('dist', 'cli', 'main.js'), ...args], {
    cwd,
    env: { ...bare, ...env },
  });
  child.stdin.end();
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, out, err };
}
