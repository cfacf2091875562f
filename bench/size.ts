import { availableParallelism } from 'node:os';
import { createTagger, type Tagger } from '../src/classify/tagger.ts';
import { systemClock } from '../src/core/clock.ts';
import { loadConfig } from '../src/core/config.ts';
import { silentLog } from '../src/core/log.ts';
import { packagePath } from '../src/core/paths.ts';
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
import { type Bench, type Figure, median, timed } from './support/figures.ts';
import { ANCHOR, type GraphServer, graphServer, serviceGraph } from './support/graph.ts';
import { configOf } from './sync.ts';

/**
 * What a new touchpoint costs in a store that holds a thousand, ten thousand, a hundred thousand: the same. A vector's place in
 * the index is what grows, with the logarithm; it is told beside the whole, in which the encoder has its part.
 */

/** The first is what the others are compared with. */
const SIZES = (process.env['ROWS'] ?? '1000,10000,100000').split(',').map(Number);
const MAILBOXES = 5;
const MESSAGES = 200;
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const MOST = 1.3;

export const size: Bench = async () => {
  await using server = await graphServer({ mailboxes: MAILBOXES, messages: MESSAGES });
  // as much as an index of a hundred thousand needs
  const postgres = await startPostgres(['shared_buffers=512MB']);
  await using tagger = await servingTagger();
  try {
    const filled = new Map<number, string>();
    for (const rows of SIZES) filled.set(rows, await fill(postgres, rows));
    const costs = new Map<number, Cost[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [rows, url] of filled) {
        const own = { server, tagger, url: await copyDatabase(postgres.url, url) };
        // a copy of a gigabyte is otherwise written out while its cost is taken
        await settle(own.url);
        costs.set(rows, [...(costs.get(rows) ?? []), await added(own)]);
      }
    }
    return [
      ...compared('a message, all in all', costs, ({ sync, tag }) => sync + tag, MOST),
      ...compared('fetching and storing it', costs, ({ sync }) => sync, MOST),
      ...compared('storing its tags and vector', costs, ({ saved }) => saved),
    ];
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

async function settle(url: string): Promise<void> {
  const { sql, close } = openSql(url);
  await sql('checkpoint');
  await close();
}

/** Microseconds for each of the touchpoints that are added. */
interface Cost {
  readonly sync: number;
  /** Reading what waits, the encoder, and saving what it said. */
  readonly tag: number;
  /** The last of these alone. */
  readonly saved: number;
}

interface Adding {
  readonly server: GraphServer;
  readonly tagger: Tagger;
  readonly url: string;
}

async function added({ server, tagger, url }: Adding): Promise<Cost> {
  await using store: Store = openPostgres(asServiceRole(url));
  const { mail, ...rest } = await configOf(server);
  // the crowd's clients are none of these messages'
  const config = { ...rest, mail: { ...mail, without_client: 'keep' as const } };
  const clock = { ...systemClock(), now: () => ANCHOR };
  let saved = 0;
  const watched: Store = {
    ...store,
    call: async (name, payload) => {
      const before = performance.now();
      const answer = await store.call(name, payload);
      if (name === 'touchpoint_tags_save') saved += performance.now() - before;
      return answer;
    },
  };
  const deps = { graph: serviceGraph(server), store: watched, clock, log: silentLog, owner: 'bench' };
  const count = MAILBOXES * MESSAGES;
  const sync = await timed(() => syncPass(deps, config));
  let done = 0;
  const tag = await timed(async () => {
    done = (await tagPending({ ...deps, tagger }, { page: 100 })).tagged;
  });
  if (done !== count) throw new Error(`${done} of ${count} were tagged`);
  const each = (ms: number) => (ms * 1000) / count;
  return { sync: each(sync), tag: each(tag), saved: each(saved) };
}

/** The real one, under the name of the encoder that the crowd's vectors are said to be of. */
async function servingTagger(): Promise<Tagger> {
  const { models } = await loadConfig({}, undefined, '/nonexistent');
  const tagger = await createTagger({
    modelsDir: packagePath('models'),
    encoder: models.encoder,
    taxonomyFile: packagePath('config', 'taxonomy.yaml'),
    workers: availableParallelism(),
    log: silentLog,
  });
  await tagger.embed(['the model is loaded by its first text']);
  return { ...tagger, encoder: ENCODER, taxonomy: 'v' };
}

function compared(
  what: string,
  costs: ReadonlyMap<number, readonly Cost[]>,
  of: (cost: Cost) => number,
  most?: number,
): Figure[] {
  const all = [...costs].map(([rows, own]) => [rows, own.map(of)] as const);
  const [[, small = []] = []] = all;
  return all.slice(1).map(([rows, cost]) => ({
    name: `${what}, in ${rows.toLocaleString('en-AU')} against in ${(SIZES[0] ?? 0).toLocaleString('en-AU')}`,
    // pair by pair: what else the machine did weighs on both alike
    value: median(cost.map((own, round) => own / (small[round] ?? own))),
    unit: 'x',
    ...(most === undefined ? {} : { target: { most } }),
    detail: `${median(cost).toFixed(0)} us against ${median(small).toFixed(0)} us`,
  }));
}
