import { once } from 'node:events';
import { z } from 'zod';
import { systemClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { ANCHOR, serviceGraph } from './graph.ts';

/** One of several daemons on one database: one pass, as soon as it is told. */

const Orders = z.object({
  url: z.string(),
  token: z.string(),
  mailboxes: z.array(z.string()),
  database: z.string(),
  owner: z.string(),
});

const { database, owner, ...server } = Orders.parse(JSON.parse(process.argv[2] ?? 'null'));
const config = { ...(await loadConfig({}, undefined, '/nonexistent')), mailboxes: server.mailboxes };
const store = openPostgres(database);
const clock = { ...systemClock(), now: () => ANCHOR };
process.send?.('ready');
await once(process, 'message');
const deps = { graph: serviceGraph(server), store, clock, log: silentLog, owner };
const { tally, busy, problems } = await syncPass(deps, config);
process.send?.({ fetched: tally.counts.fetched, busy, problems: problems.length });
await store.close();
process.disconnect();
