import { readTaxonomy } from '../classify/taxonomy.ts';
import type { Config } from '../core/config.ts';
import { apiApp } from '../server/api/app.ts';
import { keyRing } from '../server/api/keys.ts';
import { resyncRuns } from '../server/api/resync-runs.ts';
import type { ApiDoor } from '../server/server.ts';
import { resync } from '../sync/resync.ts';
import type { Context } from './context.ts';
import { fallbackLimits } from './status.ts';
import { tagWhatWaits } from './sync.ts';

export interface Api extends ApiDoor {
  /** Ends what people started through it. */
  stop(): Promise<void>;
}

/** The API of the daemon, over the very parts that commands use. */
export async function openApi(context: Context, config: Config): Promise<Api> {
  const { clock, log } = context;
  const { keys: settings, rate_per_minute, origins, stale_minutes } = config.server;
  const keys = keyRing(settings, config.apiKey);
  const deps = {
    store: await context.store(),
    tagger: () => context.tagger(),
    taggerOf: (folder: string) => context.taggerOf(folder),
    taxonomy: () => readTaxonomy(config.taxonomyFile),
    resync: async (options: Parameters<typeof resync>[2] = {}) => {
      const result = await resync(await context.syncDeps(), config, options);
      if (options.dryRun !== true) await tagWhatWaits(context, options);
      return result;
    },
    ...{ clock, log, keys },
    settings: {
      ratePerMinute: rate_per_minute,
      origins,
      internalDomains: config.internal_domains,
      staleMinutes: stale_minutes,
      fallback: fallbackLimits(config),
    },
  };
  const runs = resyncRuns(deps);
  return { app: apiApp(deps, runs), hasKeys: !keys.isEmpty, stop: () => runs.stop() };
}
