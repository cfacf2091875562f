import type { Tagger } from '../../src/classify/tagger.ts';
import { silentLog } from '../../src/core/log.ts';
import { packagePath } from '../../src/core/paths.ts';
import { openEmbedded } from '../../src/store/open.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Store } from '../../src/store/store.ts';
import { asServiceRole, openSql } from '../support/postgres.ts';
import { quickTagger } from '../support/tagger.ts';
import { Fuse } from './fuse.ts';
import { Orders } from './orders.ts';
import {
  configOf,
  endWithTest,
  graphOf,
  hastyClock,
  leave,
  readOrders,
  say,
  told,
  withName,
} from './parts.ts';
import type { Sql } from './report.ts';
import { complete, work } from './work.ts';

/**
 * The service as a process that may be killed at any instant. It says `started`, does its work, says `worked`; told to
 * complete, it does what every start of the service does, and says `done` with a report of what the store then holds.
 */

interface Opened {
  readonly store: Store;
  readonly sql: Sql;
  close(): Promise<void>;
}

async function openStore({ store: order, owner }: Orders): Promise<Opened> {
  if (order.driver === 'pglite') {
    const store = await openEmbedded(order.folder);
    return { store, sql: store.sql, close: () => store.close() };
  }
  const store = openPostgres(asServiceRole(withName(order.url, owner)));
  const admin = openSql(order.url);
  const close = async () => {
    await Promise.all([store.close(), admin.close()]);
  };
  return { store, sql: admin.sql, close };
}

async function openTagger({ tagger, cacheDir }: Orders): Promise<Tagger> {
  if (tagger !== 'model') return { ...quickTagger(), taxonomy: tagger };
  const { createTagger } = await import('../../src/classify/tagger.ts');
  const { models } = await configOf({ mailboxes: [] });
  return createTagger({
    modelsDir: packagePath('models'),
    encoder: models.encoder,
    taxonomyFile: packagePath('config', 'taxonomy.yaml'),
    workers: 1,
    cacheDir,
    log: silentLog,
  });
}

endWithTest();
const orders = readOrders(Orders);
const goOn = told('complete');
say('started');
const { store, sql, close } = await openStore(orders);
const tagger = await openTagger(orders);
const fuse = new Fuse(orders.fuse);
const clock = hastyClock(orders.tenant);
const parts = {
  config: await configOf(orders.tenant),
  deps: {
    graph: fuse.graph(graphOf(orders.tenant, clock)),
    store: fuse.store(store),
    clock,
    log: silentLog,
    owner: orders.owner,
  },
  tagger: fuse.tagger(tagger),
  fuse,
  bare: store,
};
await work(parts, orders);
fuse.disarm();
say('worked', { effects: fuse.effects });
await goOn;
await complete(parts, orders);
const { reportOf } = await import('./report.ts');
say('done', { report: await reportOf(store, sql, tagger) });
await tagger.close();
await close();
leave();
