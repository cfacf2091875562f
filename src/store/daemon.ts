import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Store, StoreConflict, StoreError, StoreUnavailable } from './store.ts';

/** The embedded store through the daemon that owns it. */

const Notice = z.object({
  pid: z.number(),
  port: z.number(),
  /** Opens the control door. */
  token: z.string(),
  /** The sandbox tenant that the daemon runs, when none is configured. */
  sandbox: z.object({ url: z.string(), token: z.string() }).nullable(),
});
export type Notice = z.infer<typeof Notice>;

const noticeFile = (dataDir: string) => path.join(dataDir, 'daemon.json');

/** Tells commands on this machine where the daemon is; readable by its user alone. */
export async function writeNotice(dataDir: string, notice: Notice): Promise<void> {
  await rm(noticeFile(dataDir), { force: true });
  await writeFile(noticeFile(dataDir), JSON.stringify(notice), { mode: 0o600 });
}

export async function removeNotice(dataDir: string): Promise<void> {
  await rm(noticeFile(dataDir), { force: true });
}

/** The daemon's notice; null when none was left. It may be a dead one's: only the lock says who lives. */
export async function readNotice(dataDir: string): Promise<Notice | null> {
  try {
    return Notice.parse(JSON.parse(await readFile(noticeFile(dataDir), 'utf8')));
  } catch {
    return null;
  }
}

/** The whole embedded store of a running daemon, as `PgliteStore.dump` gives it. @throws {StoreUnavailable} */
export async function dumpDaemon({ port, token }: Notice): Promise<Uint8Array> {
  const response = await fetch(`http://127.0.0.1:${port}/control/dump`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  }).catch((cause: unknown) => {
    throw new StoreUnavailable('the daemon that owns the store does not answer', { cause });
  });
  if (!response.ok) throw new StoreUnavailable(`the daemon gave no backup (${response.status})`);
  return new Uint8Array(await response.arrayBuffer());
}

const Answer = z.object({ result: z.unknown().optional(), error: z.string().optional() });

export function daemonStore({ port, token }: Notice): Store {
  return {
    driver: 'daemon',
    async call(name, payload) {
      const response = await fetch(`http://127.0.0.1:${port}/control/store/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(payload),
      }).catch((cause: unknown) => {
        throw new StoreUnavailable('the daemon that owns the store does not answer', { cause });
      });
      const answer = Answer.parse(await response.json());
      if (response.ok) return answer.result;
      if (response.status === 409) throw new StoreConflict(`${name}: somebody else moved the cursor`);
      if (response.status === 503) throw new StoreUnavailable(`${name}: ${answer.error}`);
      throw new StoreError(`${name}: ${answer.error}`);
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
