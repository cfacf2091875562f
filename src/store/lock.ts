import { link, mkdir, readFile, rm, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';

/**
 * One owner for the embedded store: two processes on one cluster corrupt it without a word, and it has no lock of its own.
 * The lock lies beside the cluster, names its holder and is never taken from a live one. On the same host "live" means
 * the process runs; for a holder on another host (containers that share a volume) it means the heartbeat is fresh.
 */
export interface Lock {
  release(): Promise<void>;
}

const Holder = z.object({ host: z.string(), pid: z.number(), started: z.string() });
type Holder = z.infer<typeof Holder>;

export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
  readonly holder: Holder;
  constructor(file: string, holder: Holder) {
    super(
      `the embedded store is in use by process ${holder.pid} on ${holder.host} (${file}): stop that process, or use another TOUCHPOINT_DATA_DIR`,
    );
    this.holder = holder;
  }
}

const HEARTBEAT_MS = 5_000;
const FOREIGN_DEAD_MS = 60_000;
const PAUSE_MS = 20;
// longer than what one who was killed while removing leaves behind is believed
const TRIES = (FOREIGN_DEAD_MS * 1.1) / PAUSE_MS;

/** @throws {StoreLocked} while a live process holds it */
export async function acquireLock(file: string): Promise<Lock> {
  await mkdir(path.dirname(file), { recursive: true });
  const me: Holder = { host: hostname(), pid: process.pid, started: await processStart(process.pid) };
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (await linked(draft, file)) return held(file);
      await removeIfDead(file);
      // somebody else is removing the dead one's, and on a busy machine that takes its time
      if (attempt > 0) await wait(PAUSE_MS);
    }
    throw new Error(`could not take the lock ${file}: it changes hands too fast`);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Linking is the atomic step: exactly one of several processes succeeds. */
async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function held(file: string): Lock {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await rm(file, { force: true });
    },
  };
}

/** Removing a dead holder's file is guarded by a folder: of two that found it dead, only one removes, after looking again. */
async function removeIfDead(file: string): Promise<void> {
  const guard = `${file}.removing`;
  try {
    await mkdir(guard);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    const age = Date.now() - (await stat(guard).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > FOREIGN_DEAD_MS) await rmdir(guard).catch(() => undefined);
    return;
  }
  try {
    const holder = await readHolder(file);
    if (holder === null) return;
    if (await isAlive(holder, file)) throw new StoreLocked(file, holder);
    await unlink(file);
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return Holder.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw new Error(`the lock ${file} cannot be read: remove it if no touchpoint process runs`, {
      cause: error,
    });
  }
}

async function isAlive(holder: Holder, file: string): Promise<boolean> {
  if (holder.host !== hostname()) {
    const { mtimeMs } = await stat(file);
    return Date.now() - mtimeMs < FOREIGN_DEAD_MS;
  }
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
  // a new process may wear a dead one's number; where the start time can be read, it must match
  return holder.started === '' || holder.started === (await processStart(holder.pid));
}

/** Start time in clock ticks since boot (field 22 of /proc/PID/stat); empty where there is no /proc. */
async function processStart(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
