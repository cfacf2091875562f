import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { z } from 'zod';
import { migrate, readMigrations, type SqlRunner } from './migrations.ts';
import { unpack } from './unpack.ts';

/** The embedded Postgres in a thread of its own: it computes on the thread it lives in, which must not be the daemon's. */

const Setup = z.object({
  /** Where the cluster lives; null keeps it in memory. */
  dataDir: z.string().nullable(),
  migrationsDir: z.string(),
  /** A dump of a migrated, empty cluster: 2 s instead of the 4 to 12 s that initdb takes. */
  snapshot: z.string().nullable(),
});

const Request = z.discriminatedUnion('op', [
  z.object({ id: z.number(), op: z.literal('query'), sql: z.string(), params: z.array(z.unknown()) }),
  z.object({ id: z.number(), op: z.literal('dump') }),
  z.object({ id: z.number(), op: z.literal('close') }),
]);

// All of it is cleared at the start and stays resident, so PGlite's own 128 MB are a little less here. Not much less: a page
// that is not in it is read through JavaScript, and searches take twice as long once they no longer find theirs.
const SHARED_BUFFERS = '96MB';

const port = parentPort;
if (port === null) throw new Error('pglite-worker is started as a worker thread');
const setup = Setup.parse(workerData);
const opening = open();
opening.then(
  () => port.postMessage({ id: 0, ok: true, result: null }),
  (error: unknown) => port.postMessage({ id: 0, ok: false, error: describe(error) }),
);

port.on('message', (message: unknown) => {
  const request = Request.parse(message);
  answer(request).then(
    (result) => port.postMessage({ id: request.id, ok: true, result }),
    (error: unknown) => port.postMessage({ id: request.id, ok: false, error: describe(error) }),
  );
});

async function answer(request: z.infer<typeof Request>): Promise<unknown> {
  const db = await opening;
  switch (request.op) {
    case 'query':
      return (await db.query(request.sql, request.params)).rows;
    case 'dump':
      // the archive holds the files: what is in memory alone must be in them
      await db.exec('checkpoint');
      return Buffer.from(await (await db.dumpDataDir('gzip')).arrayBuffer());
    case 'close':
      return db.close();
  }
}

async function open(): Promise<PGlite> {
  const db = await create(setup);
  await db.waitReady;
  const runner: SqlRunner = {
    exec: async (sql) => void (await db.exec(sql)),
    rows: async (sql) => (await db.query<Record<string, unknown>>(sql)).rows,
  };
  await migrate(runner, await readMigrations(setup.migrationsDir));
  return db;
}

/** A cluster whose making was interrupted has no mark beside it and is made anew: nothing was ever stored in it. */
async function create({ dataDir, snapshot }: z.infer<typeof Setup>): Promise<PGlite> {
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`];
  const options = { extensions: { vector }, startParams };
  if (dataDir === null) {
    if (snapshot === null) return PGlite.create(options);
    return PGlite.create({ ...options, loadDataDir: new Blob([await readFile(snapshot)]) });
  }
  const mark = `${dataDir}.made`;
  if (existsSync(mark)) return PGlite.create({ ...options, dataDir });
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  if (snapshot !== null) await unpack(createReadStream(snapshot).pipe(createGunzip()), dataDir);
  const db = await PGlite.create({ ...options, dataDir });
  await db.waitReady;
  await writeFile(mark, '');
  return db;
}

/** Errors cross the thread as plain data: message and SQLSTATE, never the statement's parameters. */
function describe(error: unknown): { message: string; code?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code === undefined ? { message: error.message } : { message: error.message, code };
}
