import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { packagePath } from '../src/core/paths.ts';
import { asServiceRole, startPostgres } from '../test/support/postgres.ts';
import type { Bench, Figure } from './support/figures.ts';
import { type GraphServer, graphServer } from './support/graph.ts';

/** What the built daemon holds of memory after a first sync with tags, by driver. Linux alone says it. */

const MAILBOXES = 10;
const MESSAGES = Number(process.env['MESSAGES'] ?? 100);
const PATIENCE_MS = 600_000;

export const memory: Bench = async () => {
  await using server = await graphServer({ mailboxes: MAILBOXES, messages: MESSAGES });
  const postgres = await startPostgres();
  try {
    const url = asServiceRole(await postgres.createDatabase());
    return [
      ...(await daemon('PGlite', server, {}, 700)),
      ...(await daemon('Postgres', server, { DATABASE_URL: url }, 450)),
    ];
  } finally {
    await postgres.stop();
  }
};

async function daemon(
  name: string,
  server: GraphServer,
  env: Readonly<Record<string, string>>,
  most: number,
): Promise<Figure[]> {
  const cwd = await mkdtemp(path.join(tmpdir(), 'touchpoint-memory-'));
  const child = spawn(
    process.execPath,
    [packagePath('dist', 'cli', 'main.js'), 'start', '--log-level', 'error'],
    {
      cwd,
      env: {
        PATH: process.env['PATH'],
        TOUCHPOINT_GRAPH_URL: server.url,
        TOUCHPOINT_GRAPH_TOKEN: server.token,
        TOUCHPOINT_MAILBOXES: server.mailboxes.join(','),
        TOUCHPOINT_PORT: '0',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const printed = told(child.stdout, /stored ([\d,]+) touchpoints, [\d,]+ embedded, 0 waiting for tags/);
    const ended = once(child, 'exit').then(() => {
      throw new Error('the daemon ended');
    });
    const line = await Promise.race([printed, ended, wait(PATIENCE_MS, null, { ref: false })]);
    if (line === null) throw new Error('the daemon did not come to rest');
    ended.catch(() => undefined);
    const [now, peak] = await memoryOf(child.pid ?? 0);
    return [
      {
        name: `${name}: resident after the first sync, model loaded`,
        value: now,
        unit: 'MB',
        target: { most },
        detail: `${line.replace(/, .*/, '')}; ${peak.toFixed(0)} MB at most on the way`,
      },
    ];
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await rm(cwd, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The first match; what comes after it is read and let go, as the daemon goes on printing. */
function told(stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      text = `${text}${chunk.toString()}`.slice(-2000);
      const found = pattern.exec(text);
      if (found !== null) resolve(found[0]);
    });
  });
}

/** Now and at most, in megabytes. */
async function memoryOf(pid: number): Promise<[number, number]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return [of('VmRSS'), of('VmHWM')];
}
