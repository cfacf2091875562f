import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Tagger, TaggerOptions } from '../classify/tagger.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type Config, loadConfig } from '../core/config.ts';
import { createLog, type Log } from '../core/log.ts';
import { packagePath } from '../core/paths.ts';
import { startTracing } from '../core/trace.ts';
import type { Graph } from '../graph/client.ts';
import { daemonStore, readNotice } from '../store/daemon.ts';
import { StoreLocked } from '../store/lock.ts';
import type { Store } from '../store/store.ts';
import type { SyncDeps } from '../sync/feed.ts';
import type { Tenant } from './tenant.ts';

/**
 * What commands are made of, put together in one place; everything opened is closed again, last first.
 * The heavy parts are loaded when they are asked for: `status` needs no Graph, `classify` no store.
 */

export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly logLevel?: string;
}

export class Context implements AsyncDisposable {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly #open: (() => Promise<void>)[] = [];
  #store: Promise<Store> | undefined;
  #tagger: Promise<Tagger> | undefined;
  readonly #others = new Map<string, Promise<Tagger>>();
  #tenant: Promise<Tenant> | undefined;

  constructor(config: Config, log: Log) {
    this.config = config;
    this.log = log;
    this.clock = systemClock(config.now);
  }

  /** The configured store; an embedded one that the daemon owns is reached through the daemon. */
  store(): Promise<Store> {
    this.#store ??= openStore(this.config).then((store) => this.#keep(store, () => store.close()));
    return this.#store;
  }

  tagger(): Promise<Tagger> {
    this.#tagger ??= import('../classify/tagger.ts')
      .then(({ createTagger }) => createTagger(this.taggerOptions()))
      .then((tagger) => this.#keep(tagger, () => tagger.close()));
    return this.#tagger;
  }

  /** The one of another model folder: an encoder that still answers searches while its successor builds. */
  taggerOf(folder: string): Promise<Tagger> {
    if (folder === this.config.models.encoder) return this.tagger();
    let made = this.#others.get(folder);
    if (made === undefined) {
      made = import('../classify/tagger.ts')
        .then(({ createTagger }) => createTagger({ ...this.taggerOptions(), encoder: folder }))
        .then((tagger) => this.#keep(tagger, () => tagger.close()));
      this.#others.set(folder, made);
    }
    return made;
  }

  /** What a tagger is made of. Heads trained here lie in the data directory, unless the models folder is one's own. */
  taggerOptions(): TaggerOptions {
    const { config, log } = this;
    return {
      modelsDir: config.modelsDir,
      encoder: config.models.encoder,
      taxonomyFile: config.taxonomyFile,
      workers: config.models.workers ?? 2,
      cacheDir: path.join(config.dataDir, 'cache'),
      allowRemote: config.models.allow_remote,
      ...(config.modelsDir === packagePath('models')
        ? { ownHeadsDir: path.join(config.dataDir, 'models') }
        : {}),
      log,
    };
  }

  /** The tenant that is read: Microsoft's, another Graph endpoint, or the sandbox when none is configured. */
  tenant(): Promise<Tenant> {
    this.#tenant ??= import('./tenant.ts')
      .then(({ findTenant }) => findTenant(this.config, this.clock))
      .then((tenant) => this.#keep(tenant, () => tenant.close()));
    return this.#tenant;
  }

  async graph(): Promise<Graph> {
    const { createGraph } = await import('../graph/client.ts');
    const { baseUrl, token } = await this.tenant();
    const { per_mailbox, concurrency, attempts, budget_seconds, timeout_seconds } = this.config.graph;
    return createGraph({
      baseUrl,
      token,
      clock: this.clock,
      random: Math.random,
      log: this.log,
      limits: {
        perMailbox: per_mailbox,
        global: concurrency,
        attempts,
        budgetMs: budget_seconds * 1000,
        timeoutMs: timeout_seconds * 1000,
      },
    });
  }

  async syncDeps(): Promise<SyncDeps> {
    const [graph, store] = [await this.graph(), await this.store()];
    const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
    return { graph, store, clock: this.clock, log: this.log, owner };
  }

  #keep<T>(value: T, close: () => Promise<void>): T {
    this.#open.push(close);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#open.splice(0).reverse()) await close();
  }
}

export async function openContext(options: GlobalOptions): Promise<Context> {
  const config = await loadConfig(process.env, options.config);
  if (config.log.traces === 'on') await startTracing();
  return new Context(config, createLog(options.logLevel ?? config.log.level, process.stderr.isTTY));
}

async function openStore(config: Config): Promise<Store> {
  if (config.supabase !== undefined)
    return (await import('../store/supabase.ts')).openSupabase(config.supabase);
  if (config.databaseUrl !== undefined)
    return (await import('../store/postgres.ts')).openPostgres(config.databaseUrl);
  try {
    const { openEmbedded } = await import('../store/open.ts');
    return await openEmbedded(config.dataDir);
  } catch (error) {
    const notice = await readNotice(config.dataDir);
    // the notice must be the lock holder's own: a dead daemon may have left one
    if (error instanceof StoreLocked && notice !== null && notice.pid === error.holder.pid)
      return daemonStore(notice);
    throw error;
  }
}
