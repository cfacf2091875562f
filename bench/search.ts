import { random } from '../src/sandbox/random.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { search as searchStore } from '../src/store/search.ts';
import type { Store } from '../src/store/store.ts';
import { vectorText } from '../src/store/tags.ts';
import { ENCODER, fillCrowd } from '../test/support/crowd.ts';
import { asServiceRole, openSql, type Postgres, startPostgres } from '../test/support/postgres.ts';
import { EXACT_SCAN, HYBRID_SEARCH } from './baseline/hybrid-search.ts';
import { type Bench, type Figure, interleaved, seconds, timed } from './support/figures.ts';

/** A search among ten and a hundred thousand touchpoints: against the documented hybrid search, and against a plain scan. */

const SIZES = (process.env['ROWS'] ?? '10000,100000').split(',').map(Number);
const QUESTIONS = Number(process.env['ROUNDS'] ?? 30);
const LEAST_RECALL = 0.97;

export const search: Bench = async () => {
  const postgres = await startPostgres(['shared_buffers=512MB']);
  try {
    const figures: Figure[] = [];
    for (const rows of SIZES) figures.push(...(await among(postgres, rows)));
    return figures;
  } finally {
    await postgres.stop();
  }
};

interface Question {
  readonly query: string;
  readonly vector: Float32Array;
}

async function among(postgres: Postgres, rows: number): Promise<Figure[]> {
  const url = await postgres.createDatabase();
  const { sql, close } = openSql(url);
  const store = openPostgres(asServiceRole(url));
  try {
    const crowd = await fillCrowd(sql, rows);
    await sql('create schema baseline');
    await sql(HYBRID_SEARCH);
    const asking = random('bench questions', rows);
    const questions = Array.from({ length: QUESTIONS }, () => crowd.question(asking));
    let at = 0;
    const next = () => questions[at % QUESTIONS] ?? { query: '', vector: new Float32Array() };
    const ways = {
      ours: () => timed(() => ours(store, next())),
      documented: () =>
        timed(() =>
          sql('select source_key from baseline.hybrid_search($1, $2::extensions.vector, 10)', [
            next().query,
            vectorText(next().vector),
          ]),
        ),
      exact: async () => {
        const ms = await timed(() => sql(EXACT_SCAN, [vectorText(next().vector)]));
        at += 1;
        return ms;
      },
    };
    await interleaved(ways, 3);
    const { ours: mine, documented, exact } = await interleaved(ways, QUESTIONS);
    const where = `among ${rows.toLocaleString('en-AU')}`;
    const detail = (theirs: { readonly ms: number }) => `${seconds(mine.ms)} against ${seconds(theirs.ms)}`;
    const target = rows >= 100_000 ? { target: { least: 10 } } : {};
    return [
      {
        name: `${where}: against the documented query`,
        value: documented.ratio,
        unit: 'x',
        ...target,
        detail: detail(documented),
      },
      {
        name: `${where}: against a scan by distance alone`,
        value: exact.ratio,
        unit: 'x',
        detail: detail(exact),
      },
      await recall({ store, sql, questions, where }),
    ];
  } finally {
    await store.close();
    await close();
  }
}

function ours(store: Store, { query, vector }: Question): Promise<unknown> {
  return searchStore(store, { query, embedding: { vector, encoder: ENCODER }, limit: 10 });
}

interface Asked {
  readonly store: Store;
  readonly sql: ReturnType<typeof openSql>['sql'];
  readonly questions: readonly Question[];
  readonly where: string;
}

/** By meaning alone: words would put others first, rightly. */
async function recall({ store, sql, questions, where }: Asked): Promise<Figure> {
  let [found, wanted] = [0, 0];
  for (const { vector } of questions) {
    const nearest = (await sql(EXACT_SCAN, [vectorText(vector)])).map(({ source_key }) => source_key);
    const hits = await searchStore(store, { query: '', embedding: { vector, encoder: ENCODER }, limit: 10 });
    const keys = new Set<unknown>(hits.map(({ id }) => id));
    found += nearest.filter((key) => keys.has(key)).length;
    wanted += nearest.length;
  }
  const detail = `${found} of the ${wanted} that are nearest in meaning`;
  return {
    name: `${where}: recall@10`,
    value: found / wanted,
    unit: '',
    target: { least: LEAST_RECALL },
    detail,
  };
}
