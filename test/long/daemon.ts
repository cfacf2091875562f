import { z } from 'zod';
import { TransientError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { startDaemon } from '../../src/sync/daemon.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import { asServiceRole } from '../support/postgres.ts';
import { quickTagger } from '../support/tagger.ts';
import {
  configOf,
  endWithTest,
  graphOf,
  hastyClock,
  leave,
  readOrders,
  say,
  TenantOrder,
  told,
  withName,
} from './parts.ts';

/** One of several daemons on one database: a round every second, until it is told to stop, or killed, or stands still. */

const Orders = z.object({
  tenant: TenantOrder,
  /** Of the superuser; the store is opened with the service's rights. */
  url: z.string(),
  /** Names the process in leases, and its connections. */
  owner: z.string(),
});

endWithTest();
const { tenant, url, owner } = readOrders(Orders);
const stop = told('stop');
const clock = hastyClock(tenant);
const config = await configOf(tenant);
const store = openPostgres(asServiceRole(withName(url, owner)));
const deps = { graph: graphOf(tenant, clock), store, clock, log: silentLog, owner };
const tagger = quickTagger();

/** Two that tag the same page at once may be in each other's way: the rest is for the next round, as in the service. */
async function tagged(signal: AbortSignal): Promise<number> {
  try {
    return (await tagPending({ ...deps, tagger }, { signal })).tagged;
  } catch (error) {
    if (error instanceof TransientError) return 0;
    throw error;
  }
}

const daemon = startDaemon({
  schedule: '* * * * * *',
  clock,
  log: { ...silentLog, error: (facts: object) => say('failed', { facts }) },
  work: async (signal) => {
    const { problems, tally } = await syncPass(deps, config, { signal });
    say('round', { problems, fetched: tally.fetched, tagged: await tagged(signal) });
  },
});
await stop;
await daemon.stop();
await store.close();
leave();
