import type { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { startWorker } from '../core/worker.ts';
import { type Store, StoreError, StoreUnavailable, storeError } from './store.ts';

export interface PgliteOptions {
  /** Folder of the cluster; null keeps it in memory (tests). The caller holds the lock. */
  readonly dataDir: string | null;
  readonly migrationsDir: string;
  /** A dump made by `dump()` from the same migrations, to start from; null runs initdb. */
  readonly snapshot: string | null;
}

export interface PgliteStore extends Store {
  /** Plain SQL, for tests and tools; everything else goes through `call`. */
  sql(text: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** The cluster as a gzipped tar archive. */
  dump(): Promise<Uint8Array<ArrayBuffer>>;
}

const Reply = z.object({
  id: z.number(),
  ok: z.boolean(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string(), code: z.string().optional() }).optional(),
});
const Rows = z.array(z.record(z.string(), z.unknown()));
const Result = z.tuple([z.object({ result: z.unknown() })]);

class PgliteFault extends Error {
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.code = code;
  }
}

/**
 * The embedded store: Postgres with pgvector in a worker thread.
 * A killed process loses nothing that was acknowledged; a power cut may (the cluster runs without fsync).
 */
export async function openPglite(options: PgliteOptions): Promise<PgliteStore> {
  const thread = new Thread(startWorker(import.meta.url, './pglite-worker', options));
  try {
    await thread.ready;
  } catch (cause) {
    await thread.stop();
    throw new StoreError('the embedded store could not be opened', { cause });
  }
  const store: PgliteStore = {
    driver: 'pglite',
    async call(name, payload) {
      // names are ours, never a user's: the pattern keeps it so
      if (!/^touchpoint_[a-z_]+$/.test(name)) throw new StoreError(`${name} is not one of our functions`);
      try {
        const sql = `select public.${name}($1::jsonb) as result`;
        const rows = await thread.ask({ op: 'query', sql, params: [JSON.stringify(payload)] });
        return Result.parse(rows)[0].result;
      } catch (error) {
        if (error instanceof PgliteFault) throw storeError(name, error.code, error);
        throw error;
      }
    },
    sql: async (text, params = []) =>
      Rows.parse(await thread.ask({ op: 'query', sql: text, params: [...params] })),
    dump: async () => new Uint8Array(z.instanceof(Uint8Array).parse(await thread.ask({ op: 'dump' }))),
    close: () => thread.close(),
    [Symbol.asyncDispose]: () => thread.close(),
  };
  return store;
}

/** Requests to the worker and their answers, matched by number. */
class Thread {
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #next = 1;
  #closed: Promise<void> | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.ready = new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve: () => resolve(), reject });
    });
    worker.on('message', (message: unknown) => this.#settle(Reply.parse(message)));
    worker.on('error', (cause) => this.#fail(new StoreUnavailable('the embedded store stopped', { cause })));
    worker.on('exit', () => this.#fail(new StoreUnavailable('the embedded store is closed')));
  }

  ask(
    request:
      | { readonly op: 'query'; readonly sql: string; readonly params: unknown[] }
      | { readonly op: 'dump' | 'close' },
  ) {
    return new Promise<unknown>((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...request });
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.ask({ op: 'close' }).then(() => this.stop());
    return this.#closed;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(reply: z.infer<typeof Reply>): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.result);
    else waiting?.reject(new PgliteFault(reply.error?.message ?? 'unknown', reply.error?.code));
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
