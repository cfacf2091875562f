import type { Tagger } from '../src/classify/tagger.ts';
import { systemClock } from '../src/core/clock.ts';
import { silentLog } from '../src/core/log.ts';
import { openPostgres } from '../src/store/postgres.ts';
import type { Store } from '../src/store/store.ts';
import { syncPass } from '../src/sync/pass.ts';
import { tagPending } from '../src/sync/tagging.ts';
import { ENCODER, fillCrowd } from '../test/support/crowd.ts';
import {
  asServiceRole,
  copyDatabase,
  openSql,
  type Postgres,
  startPostgres,
} from '../test/support/postgres.ts';
import { quickTagger } from '../test/support/tagger.ts';
import { type Bench, type Figure, median, timed } from './support/figures.ts';
import { ANCHOR, type GraphServer, graphServer, serviceGraph } from './support/graph.ts';
import { configOf } from './sync.ts';

/** What a new touchpoint costs in a store that holds a thousand, ten thousand, a hundred thousand: the same. */

/** The first is what the others are compared with. */
const SIZES = (process.env['ROWS'] ?? '1000,10000,100000').split(',').map(Number);
const MAILBOXES = 5;
const MESSAGES = 200;
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const MOST = 1.3;

export const size: Bench = async () => {
  await using server = await graphServer({ mailboxes: MAILBOXES, messages: MESSAGES });
  const postgres = await startPostgres();
  try {
    const filled = new Map<number, string>();
    for (const rows of SIZES) filled.set(rows, await fill(postgres, rows));
    const [synced, tagged] = [new Map<number, number[]>(), new Map<number, number[]>()];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [rows, url] of filled) {
        const cost = await added(server, await copyDatabase(postgres.url, url));
        synced.set(rows, [...(synced.get(rows) ?? []), cost.sync]);
        tagged.set(rows, [...(tagged.get(rows) ?? []), cost.tag]);
      }
    }
    return [...compared('storing a message', synced), ...compared('storing its tags and vector', tagged)];
  } finally {
    await postgres.stop();
  }
};

async function fill(postgres: Postgres, rows: number): Promise<string> {
  const url = await postgres.createDatabase();
  const { sql, close } = openSql(url);
  await fillCrowd(sql, rows);
  await close();
  return url;
}

/** Microseconds for each of the touchpoints that are added. */
async function added(server: GraphServer, url: string): Promise<{ sync: number; tag: number }> {
  await using store: Store = openPostgres(asServiceRole(url));
  const { mail, ...rest } = await configOf(server);
  // the crowd's clients are none of these messages'
  const config = { ...rest, mail: { ...mail, without_client: 'keep' as const } };
  const clock = { ...systemClock(), now: () => ANCHOR };
  const deps = { graph: serviceGraph(server), store, clock, log: silentLog, owner: 'bench' };
  const count = MAILBOXES * MESSAGES;
  const sync = await timed(() => syncPass(deps, config));
  let done = 0;
  const tag = await timed(async () => {
    done = (await tagPending({ ...deps, tagger: scattered() }, { page: 100 })).tagged;
  });
  if (done !== count) throw new Error(`${done} of ${count} were tagged`);
  return { sync: (sync * 1000) / count, tag: (tag * 1000) / count };
}

/** Vectors that differ, as real ones do: an index of equal ones would be no index. */
function scattered(): Tagger {
  const quick = quickTagger({ encoder: ENCODER, taxonomy: 'v' });
  const vector = () => Float32Array.from({ length: 384 }, () => Math.random() - 0.5);
  return {
    ...quick,
    tag: async (items) => (await quick.tag(items)).map((tagging) => ({ ...tagging, vector: vector() })),
  };
}

function compared(what: string, costs: ReadonlyMap<number, readonly number[]>): Figure[] {
  const [[, small = []] = []] = costs;
  const base = median(small);
  return [...costs].slice(1).map(([rows, cost]) => ({
    name: `${what}, in ${rows.toLocaleString('en-AU')} against in ${(SIZES[0] ?? 0).toLocaleString('en-AU')}`,
    // pair by pair: what else the machine did weighs on both alike
    value: median(cost.map((own, round) => own / (small[round] ?? own))),
    unit: 'x',
    target: { most: MOST },
    detail: `${median(cost).toFixed(0)} us against ${base.toFixed(0)} us`,
  }));
}
