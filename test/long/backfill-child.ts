import { z } from 'zod';
import { systemClock } from '../../src/core/clock.ts';
import { loadConfig } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { collect } from '../../src/sync/dashboard.ts';
import { publish } from '../../src/sync/publish.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import { asServiceRole } from '../support/postgres.ts';
import { labelTagger } from '../support/tagger.ts';
import { Fuse, FuseOrder } from './fuse.ts';
import { endWithTest, leave, readOrders, say, withName } from './parts.ts';

/** A process of the service that collects, tags and publishes what the dashboard's tables say, until it is done or killed. */

const Orders = z.object({
  /** Of the superuser; the store is opened with the service's rights. */
  url: z.string(),
  /** Names its connections. */
  owner: z.string(),
  now: z.number(),
  fuse: FuseOrder,
});

const LABELS = {
  action: { billing: 0.7 },
  risk: { churn: 0.6 },
  sentiment: { negative: 0.8 },
  topic: { 'upgrades & fixes': 0.9, 'value & pricing': 0.6 },
};

const { url, owner, now, fuse: order } = readOrders(Orders);
endWithTest();
const fuse = new Fuse(order);
await using bare = openPostgres(withName(asServiceRole(url), owner));
const deps = { store: fuse.store(bare), clock: systemClock(now), log: silentLog };
const base = await loadConfig({}, undefined, '/nonexistent');
const wanted = { action_categories: 'on', nps_topics: 'on' } as const;
const config = {
  ...base,
  dashboard: { ...base.dashboard, publish: { ...base.dashboard.publish, ...wanted } },
};

fuse.arm();
const collected = await collect(deps, config);
const tagged = await tagPending({ ...deps, tagger: fuse.tagger(labelTagger(LABELS)) });
const published = await publish(deps, config);
say('done', {
  effects: fuse.effects,
  fetched: collected.tally.fetched,
  tagged: tagged.tagged,
  problems: [...collected.problems, ...published.problems],
});
leave();
