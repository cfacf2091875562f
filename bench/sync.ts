import { setTimeout as wait } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { systemClock } from '../src/core/clock.ts';
import { type Config, loadConfig } from '../src/core/config.ts';
import { silentLog } from '../src/core/log.ts';
import { openEmbedded } from '../src/store/open.ts';
import { openPostgres } from '../src/store/postgres.ts';
import type { Store } from '../src/store/store.ts';
import { type PassResult, syncPass } from '../src/sync/pass.ts';
import { asServiceRole, type Postgres, startPostgres } from '../test/support/postgres.ts';
import {
  CHOSEN_PAGE,
  GUIDES_PAGE,
  type Query,
  TABLE,
  upsertEach,
  upsertPages,
} from './baseline/page-iterator.ts';
import { type Bench, type Figure, interleaved, seconds, timed } from './support/figures.ts';
import { ANCHOR, type GraphServer, graphServer, serviceGraph } from './support/graph.ts';

/** A first sync: what a hand-written one takes, and what the service takes that cleans, matches and keeps cursors besides. */

const MAILBOXES = 10;
/** 5,000 in all; fewer where the machine has other things to do. */
const MESSAGES = Number(process.env['MESSAGES'] ?? 500);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
/** Milliseconds to Graph and to the database, and how much better is wanted. A hosted database is some milliseconds away. */
const PLACES = [
  { graph: 0, database: 0, least: 4, rounds: ROUNDS },
  { graph: 40, database: 0, least: 8, rounds: ROUNDS },
  // minutes of waiting, which differ by little
  { graph: 40, database: 10, least: 8, rounds: 1 },
] as const;
type Place = (typeof PLACES)[number];

export const sync: Bench = async () => {
  await using server = await graphServer({ mailboxes: MAILBOXES, messages: MESSAGES });
  const postgres = await startPostgres();
  try {
    const figures: Figure[] = [];
    for (const place of PLACES) {
      await server.delay(place.graph);
      figures.push(...(await onPostgres(server, postgres, place)));
    }
    await server.delay(0);
    figures.push(...(await onPglite(server)));
    return figures;
  } finally {
    await postgres.stop();
  }
};

async function onPostgres(server: GraphServer, postgres: Postgres, place: Place): Promise<Figure[]> {
  const { graph, database, least, rounds } = place;
  const far = <T>(work: () => Promise<T>) => (database === 0 ? work() : wait(database).then(work));
  const byOwnHand = async (upsert: typeof upsertEach, pageSize: number) => {
    const run = (query: Query) => upsert(server, (text, params) => far(() => query(text, params)), pageSize);
    return byHand(await postgres.createDatabase(), run);
  };
  const ways = {
    ours: async () => {
      await using store = openPostgres(asServiceRole(await postgres.createDatabase()));
      const distant: Store = { ...store, call: (name, payload) => far(() => store.call(name, payload)) };
      return await ours(server, distant);
    },
    guide: () => byOwnHand(upsertEach, GUIDES_PAGE),
    each: () => byOwnHand(upsertEach, CHOSEN_PAGE),
    pages: () => byOwnHand(upsertPages, CHOSEN_PAGE),
  };
  const where = `Postgres, ${graph} ms to Graph, ${database} ms to the database`;
  return compared(where, await interleaved(ways, rounds), least);
}

async function onPglite(server: GraphServer): Promise<Figure[]> {
  const ways = {
    ours: async () => {
      await using store = await openEmbedded(null);
      return await ours(server, store);
    },
    guide: () => byHandEmbedded((query) => upsertEach(server, query, GUIDES_PAGE)),
    each: () => byHandEmbedded((query) => upsertEach(server, query, CHOSEN_PAGE)),
    pages: () => byHandEmbedded((query) => upsertPages(server, query, CHOSEN_PAGE)),
  };
  return compared('PGlite, 0 ms to Graph', await interleaved(ways, ROUNDS), 2);
}

type Way = 'ours' | 'guide' | 'each' | 'pages';
type Measured = Readonly<Record<Way, { readonly ms: number; readonly ratio: number }>>;

/** What the service is compared with. */
const THEIRS: Readonly<Record<Exclude<Way, 'ours'>, string>> = {
  guide: `an upsert per message, ${GUIDES_PAGE} a page as in the SDK's guide`,
  each: `an upsert per message, ${CHOSEN_PAGE} a page`,
  pages: `an upsert per page of ${CHOSEN_PAGE}`,
};

/** `least` is wanted against what one writes who follows the guide. */
function compared(where: string, { ours, ...theirs }: Measured, least: number): Figure[] {
  return (['guide', 'each', 'pages'] as const).map((way) => ({
    name: `${where}: against ${THEIRS[way]}`,
    value: theirs[way].ratio,
    unit: 'x',
    ...(way === 'guide' ? { target: { least } } : {}),
    detail: `${seconds(ours.ms)} against ${seconds(theirs[way].ms)}`,
  }));
}

/** Milliseconds of one pass into an empty store; tags come after it and are no part of it. */
async function ours(server: GraphServer, store: Store): Promise<number> {
  const config = await configOf(server);
  const clock = { ...systemClock(), now: () => ANCHOR };
  const deps = { graph: serviceGraph(server), store, clock, log: silentLog, owner: 'bench' };
  let result: PassResult | undefined;
  const ms = await timed(async () => {
    result = await syncPass(deps, config);
  });
  const { counts, reasons } = result?.tally ?? {};
  if (counts?.written !== MAILBOXES * MESSAGES)
    throw new Error(`not all were stored: ${JSON.stringify(reasons)}`);
  return ms;
}

export async function configOf({ mailboxes }: Pick<GraphServer, 'mailboxes'>): Promise<Config> {
  const config = await loadConfig({}, undefined, '/nonexistent');
  return { ...config, mailboxes: [...mailboxes] };
}

async function byHand(url: string, run: (query: Query) => Promise<number>): Promise<number> {
  const pool = new pg.Pool({ connectionString: url });
  try {
    await pool.query(TABLE);
    return await measured(run, (text, params) => pool.query(text, params));
  } finally {
    await pool.end();
  }
}

async function byHandEmbedded(run: (query: Query) => Promise<number>): Promise<number> {
  const db = await PGlite.create();
  try {
    await db.exec(TABLE);
    return await measured(run, (text, params) => db.query(text, params));
  } finally {
    await db.close();
  }
}

async function measured(run: (query: Query) => Promise<number>, query: Query): Promise<number> {
  let count = 0;
  const ms = await timed(async () => {
    count = await run(query);
  });
  if (count !== MAILBOXES * MESSAGES) throw new Error(`${count} messages were read`);
  return ms;
}
