import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { packagePath } from '../../src/core/paths.ts';
import { migrate, readMigrations } from '../../src/store/migrations.ts';
import { migrationsDir } from '../../src/store/open.ts';
import { withPostgresRunner } from '../../src/store/postgres.ts';

const run = promisify(execFile);

/** A cluster of native Postgres for one test run. */
export interface Postgres {
  /** Of its superuser, to the database `postgres`. */
  readonly url: string;
  /** A migrated, empty database of the caller's own; returns its URL. */
  createDatabase(): Promise<string>;
  /** Ends the cluster and removes its files. */
  stop(): Promise<void>;
}

const TEMPLATE = 'touchpoint_template';

// Nothing here needs to survive a power cut. The zone is far from UTC, and half an hour off: no answer may depend on it.
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'timezone=Australia/Adelaide',
];

/**
 * Starts a throw-away cluster, reachable on loopback and through a socket in its own folder, everyone trusted.
 * @param extra settings of the server, `name=value`
 * @throws when `scripts/postgres.sh` finds or makes no Postgres with pgvector, or the server does not start
 */
export async function startPostgres(extra: readonly string[] = []): Promise<Postgres> {
  const bin = await binaries();
  const folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-postgres-'));
  const data = path.join(folder, 'data');
  const log = path.join(folder, 'log');
  const as = await serverUser();
  if (as !== null) await chown(folder, as.uid, as.gid);
  // the folder of the caller may be closed to the server's user
  const options = { cwd: folder, ...as };
  const stop = async () => {
    await run(path.join(bin, 'pg_ctl'), ['stop', '-D', data, '-m', 'immediate', '-w'], options).catch(
      () => undefined,
    );
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const initdb = ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    await run(path.join(bin, 'initdb'), initdb, options);
    const port = await freePort();
    const settings = [
      ...SETTINGS,
      ...extra,
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      `unix_socket_directories=${folder}`,
    ];
    const server = settings.map((setting) => `-c ${setting}`).join(' ');
    await run(path.join(bin, 'pg_ctl'), ['start', '-D', data, '-l', log, '-w', '-o', server], options);
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    await makeTemplate(url);
    return { url, createDatabase: () => createDatabase(url), stop };
  } catch (cause) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`the Postgres of the tests did not start: ${said.slice(-2000)}`, { cause });
  }
}

/** A migrated, empty database in a started cluster; returns its URL. A copy of the template: some 50 ms. */
export function createDatabase(url: string): Promise<string> {
  return copyDatabase(url, databaseUrl(url, TEMPLATE));
}

/** A database with nothing in it; returns its URL. `url` is the cluster's. */
export function emptyDatabase(url: string): Promise<string> {
  return copyDatabase(url, databaseUrl(url, 'template1'));
}

/** A copy of a database that nobody is connected to; returns its URL. `url` is the cluster's. */
export async function copyDatabase(url: string, original: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = new URL(original).pathname.slice(1);
  await withPostgresRunner(url, ({ exec }) => exec(`create database ${name} template ${template}`));
  return databaseUrl(url, name);
}

/** The same database with the rights that the service has in production, and no more. */
export function asServiceRole(url: string): string {
  const limited = new URL(url);
  limited.searchParams.set('options', '-c role=service_role');
  return limited.href;
}

/** The same database as Supabase's REST API logs in: with no rights but to become one of the three roles. */
export function asAuthenticator(url: string): string {
  const limited = new URL(url);
  limited.username = 'authenticator';
  return limited.href;
}

/** Plain SQL as superuser. */
export function openSql(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  return {
    sql: async (text: string, params: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> =>
      (await pool.query(text, [...params])).rows,
    close: () => pool.end(),
  };
}

/** The last line of the script's answer; it builds what is missing, which takes a minute once. */
async function binaries(): Promise<string> {
  const { stdout } = await run('bash', [packagePath('scripts', 'postgres.sh')]);
  return stdout.trim().split('\n').at(-1) ?? '';
}

/** Postgres refuses to run as root: then it runs as the user that its package made, or else as nobody. */
async function serverUser(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const idOf = async (user: string) => {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, user])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  };
  return idOf('postgres').catch(() => idOf('nobody'));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on loopback');
  return address.port;
}

async function makeTemplate(url: string): Promise<void> {
  await withPostgresRunner(url, ({ exec }) => exec(`create database ${TEMPLATE}`));
  const migrations = await readMigrations(migrationsDir);
  await withPostgresRunner(databaseUrl(url, TEMPLATE), (runner) => migrate(runner, migrations));
  await withPostgresRunner(url, ({ exec }) =>
    exec(
      'create role authenticator login noinherit; grant anon, authenticated, service_role to authenticator',
    ),
  );
}

function databaseUrl(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
