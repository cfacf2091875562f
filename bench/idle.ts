import { systemClock } from '../src/core/clock.ts';
import { silentLog } from '../src/core/log.ts';
import { openEmbedded } from '../src/store/open.ts';
import { openPostgres } from '../src/store/postgres.ts';
import type { Store } from '../src/store/store.ts';
import { type PassResult, syncPass } from '../src/sync/pass.ts';
import { asServiceRole, openSql, type Postgres, startPostgres } from '../test/support/postgres.ts';
import { type Bench, type Figure, median, seconds } from './support/figures.ts';
import { ANCHOR, type GraphServer, graphServer, serviceGraph } from './support/graph.ts';
import { configOf } from './sync.ts';

/** A look at a hundred quiet mailboxes: what it asks, what it writes, what it computes. */

const MAILBOXES = 100;
const PASSES = 5;

export const idle: Bench = async () => {
  await using server = await graphServer({ mailboxes: MAILBOXES, messages: 5 });
  const postgres = await startPostgres();
  try {
    return [...(await onPostgres(server, postgres)), ...(await onPglite(server))];
  } finally {
    await postgres.stop();
  }
};

async function onPostgres(server: GraphServer, postgres: Postgres): Promise<Figure[]> {
  const url = await postgres.createDatabase();
  const { sql, close } = openSql(url);
  const store = openPostgres(asServiceRole(url));
  try {
    const written = async () => {
      // what other connections did is told to the statistics when they are idle, at the latest after a second
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const [row] = await sql(
        `select sum(n_tup_ins + n_tup_upd + n_tup_del)::int as rows, pg_current_wal_lsn() - '0/0'::pg_lsn as wal
         from pg_stat_user_tables where schemaname = 'touchpoint'`,
      );
      return { rows: Number(row?.['rows']), wal: Number(row?.['wal']) };
    };
    return await quietPasses('Postgres', server, store, written);
  } finally {
    await store.close();
    await close();
  }
}

async function onPglite(server: GraphServer): Promise<Figure[]> {
  await using store = await openEmbedded(null);
  return await quietPasses('PGlite', server, store, null);
}

type Written = () => Promise<{ readonly rows: number; readonly wal: number }>;

async function quietPasses(
  name: string,
  server: GraphServer,
  store: Store,
  written: Written | null,
): Promise<Figure[]> {
  const calls = new Map<string, number>();
  const counting: Store = {
    ...store,
    call: (call, payload) => {
      calls.set(call, (calls.get(call) ?? 0) + 1);
      return store.call(call, payload);
    },
  };
  const config = await configOf(server);
  const clock = { ...systemClock(), now: () => ANCHOR };
  const deps = { graph: serviceGraph(server), store: counting, clock, log: silentLog, owner: 'bench' };
  await syncPass(deps, config);
  calls.clear();
  const before = await written?.();
  const [times, cpu]: [number[], number[]] = [[], []];
  let last: PassResult | undefined;
  for (let pass = 0; pass < PASSES; pass += 1) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    last = await syncPass(deps, config);
    times.push(performance.now() - began);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1000);
  }
  const after = await written?.();
  const feeds = last?.feeds ?? 0;
  const all = feeds * PASSES;
  const asked = [...calls]
    .map(([call, count]) => `${call.slice('touchpoint_'.length)} ${count / PASSES}`)
    .join(', ');
  return [
    {
      name: `${name}: requests per feed`,
      value: (last?.requests ?? 0) / feeds,
      unit: '',
      target: { most: 1 },
      detail: `${last?.requests} requests for ${feeds} feeds of ${MAILBOXES} mailboxes`,
    },
    ...(before === undefined || after === undefined
      ? []
      : [
          {
            name: `${name}: rows written per feed`,
            value: (after.rows - before.rows) / all,
            unit: '',
            // the run itself is one more row
            target: { most: 1.01 },
            detail: `${((after.wal - before.wal) / all).toFixed(0)} bytes of WAL per feed`,
          },
        ]),
    {
      name: `${name}: processor time of a pass`,
      value: median(cpu),
      unit: 'ms',
      detail: `in ${seconds(median(times))}; calls of the store in a pass: ${asked}`,
    },
  ];
}
