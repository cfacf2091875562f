import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagePath } from '../../src/core/paths.ts';
import { acquireLock, StoreLocked } from '../../src/store/lock.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-lock-'));
  file = path.join(folder, 'store.lock');
});
afterEach(() => rm(folder, { recursive: true }));

/** Another process that tries for the lock and says how it went; it holds it until it is killed. */
function contender() {
  const module = JSON.stringify(packagePath('dist', 'store', 'lock.js'));
  const code = `import(${module}).then(({ acquireLock }) => acquireLock(${JSON.stringify(file)}))
    .then(() => { console.log('held'); setInterval(() => {}, 1000); }, (error) => console.log(error.name));`;
  return spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function firstWord(child: ReturnType<typeof contender>): Promise<string> {
  const [chunk] = await once(child.stdout, 'data');
  return String(chunk).trim();
}

async function kill(child: ReturnType<typeof contender>): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('the lock of the embedded store', () => {
  it('has one holder, and is free again after release', async () => {
    const lock = await acquireLock(file);
    await expect(acquireLock(file)).rejects.toThrow(StoreLocked);
    await lock.release();
    await (await acquireLock(file)).release();
  });

  it('is not taken from a live process, and is taken from a dead one', async () => {
    const other = contender();
    expect(await firstWord(other)).toBe('held');
    await expect(acquireLock(file)).rejects.toThrow(`process ${other.pid}`);
    await kill(other);
    await (await acquireLock(file)).release();
  });

  it('goes to exactly one of several processes that find a dead holder', async () => {
    const first = contender();
    await firstWord(first);
    await kill(first);
    const rivals = Array.from({ length: 4 }, contender);
    const words = await Promise.all(rivals.map(firstWord));
    await Promise.all(rivals.map(kill));
    expect(words.sort()).toEqual(['StoreLocked', 'StoreLocked', 'StoreLocked', 'held']);
  });

  it('waits for one who is removing a dead holder, however long the machine lets that take', async () => {
    const first = contender();
    await firstWord(first);
    await kill(first);
    await mkdir(`${file}.removing`);
    const taking = acquireLock(file);
    for (let turn = 0; turn < 500; turn++) await stat(file);
    await rmdir(`${file}.removing`);
    await (await taking).release();
  });

  it('believes a holder on another host while its heartbeat is fresh', async () => {
    await writeFile(file, JSON.stringify({ host: 'elsewhere', pid: 1, started: '' }));
    await expect(acquireLock(file)).rejects.toThrow('elsewhere');
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(file, longAgo, longAgo);
    const lock = await acquireLock(file);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
  });

  it('says what to do about a file that it cannot read', async () => {
    await writeFile(file, 'not json');
    await expect(acquireLock(file)).rejects.toThrow('remove it if no touchpoint process runs');
  });
});
