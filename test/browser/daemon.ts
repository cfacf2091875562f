import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { packagePath } from '../../src/core/paths.ts';
import { daemonStore, readNotice } from '../../src/store/daemon.ts';
import type { Store } from '../../src/store/store.ts';

/** The built daemon as somebody starts it who has configured nothing: the sandbox tenant, a store in a folder of its own. */

export interface Daemon extends AsyncDisposable {
  /** As it prints it. */
  readonly url: string;
  /** Runs a command beside it, on its store. @throws {Error} when it fails */
  run(...args: readonly string[]): Promise<string>;
  /** Imports touchpoints by the command. */
  bring(kind: string, rows: readonly object[]): Promise<void>;
  /** The daemon's store, for what no command writes. */
  store(): Promise<Store>;
}

export async function startDaemon(settings: Readonly<Record<string, string>> = {}): Promise<Daemon> {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-page-'));
  const env = { ...bareEnvironment(), TOUCHPOINT_PORT: '0', ...settings };
  const launch = (args: readonly string[]) =>
    spawn(process.execPath, [packagePath('dist', 'cli', 'main.js'), ...args], { cwd: folder, env });
  const child = launch(['start']);
  const ended = once(child, 'close');
  const log = text(child.stderr);
  const url = await printedAddress(child.stdout);
  // nobody reads on: a full pipe would hold the daemon up
  child.stdout.resume();
  if (url === null) throw new Error(`the daemon printed no address: ${await log}`);

  async function run(...args: readonly string[]): Promise<string> {
    const command = launch(args);
    command.stdin.end();
    const closed = once(command, 'close');
    const [out, err] = await Promise.all([text(command.stdout), text(command.stderr)]);
    const [code] = await closed;
    if (code !== 0) throw new Error(`touchpoint ${args.join(' ')} ended with ${code}: ${err}`);
    return out;
  }
  return {
    url,
    run,
    async bring(kind, rows) {
      const file = path.join(folder, 'rows.jsonl');
      await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'));
      await run('import', '--kind', kind, file);
    },
    async store() {
      const notice = await readNotice(path.join(folder, '.touchpoint'));
      if (notice === null) throw new Error('the daemon left no notice');
      return daemonStore(notice);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function bareEnvironment(): Record<string, string | undefined> {
  const ours = /^(AZURE|TOUCHPOINT|SUPABASE|DATABASE|ANTHROPIC|OPENAI)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

async function printedAddress(stdout: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface({ input: stdout })) {
    const url = /Briefing Room and API: (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  return null;
}
