import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createTagger } from '../src/classify/tagger.ts';
import { systemClock } from '../src/core/clock.ts';
import { silentLog } from '../src/core/log.ts';
import { packagePath } from '../src/core/paths.ts';
import { openEmbedded } from '../src/store/open.ts';
import { importTouchpoints } from '../src/store/pages.ts';
import type { PgliteStore } from '../src/store/pglite.ts';
import { search } from '../src/store/search.ts';
import type { Store } from '../src/store/store.ts';
import { tagPending } from '../src/sync/tagging.ts';
import { discount, itemOf, Text } from './support/questions.ts';

/**
 * How good searches are: nDCG@10 of hand-written questions, each with the one record that answers it, by words, by
 * meaning and by both. `tsx bench/search-quality.ts [--encoder folder] [--models folder] [--split dev --split test]
 * [--distractors]`: records that only look like the answer (made to mislead) are in the store with `--distractors`.
 */

const Pair = z.object({
  query: z.string(),
  positive: Text,
  hard_negatives: z.array(Text),
  split: z.enum(['train', 'dev', 'test']),
});
type Pair = z.infer<typeof Pair>;

/** Questions asked at a time, and the records that lie in the store meanwhile: few enough to be what a team has. */
const RECORDS = 300;
/** Of the question's stems that the answer holds: at most this is "few words in common". */
const FEW_IN_COMMON = 0.25;

const WAYS = ['words', 'meaning', 'both'] as const;
type Way = (typeof WAYS)[number];

const { values } = parseArgs({
  options: {
    encoder: { type: 'string', default: 'touchpoint-minilm-v1' },
    models: { type: 'string', default: packagePath('models') },
    split: { type: 'string', multiple: true, default: ['train', 'dev', 'test'] },
    distractors: { type: 'boolean', default: false },
  },
});

const lines = (await readFile(packagePath('config/training/search.jsonl'), 'utf8')).trim().split('\n');
const pairs = lines
  .map((line) => Pair.parse(JSON.parse(line)))
  .filter(({ split }) => values.split.includes(split));
await using tagger = await createTagger({
  modelsDir: values.models,
  encoder: values.encoder,
  taxonomyFile: packagePath('config/taxonomy.yaml'),
  workers: 2,
  log: silentLog,
});
const figures = { all: sums(), few: sums() };
for (let from = 0; from < pairs.length; from += RECORDS) await askAll(pairs.slice(from, from + RECORDS));
const share = (figures.few.n / figures.all.n).toFixed(2);
console.log(`questions ${figures.all.n}, with few words in common ${share}, encoder ${tagger.encoder}`);
for (const way of WAYS) {
  const [all, few] = [figures.all, figures.few].map((sum) => (sum[way] / sum.n).toFixed(3));
  console.log(`nDCG@10 ${way.padEnd(8)} all ${all}  few words in common ${few}`);
}

function sums() {
  return { n: 0, words: 0, meaning: 0, both: 0 };
}

async function askAll(some: readonly Pair[]): Promise<void> {
  await using store = await openEmbedded(null);
  const items = some.flatMap((pair, at) => {
    const others = values.distractors ? pair.hard_negatives : [];
    return [pair.positive, ...others].map((text, n) => itemOf(`${at}.${n}`, text));
  });
  await importTouchpoints(store, '2026-03-01T00:00:00.000Z', items);
  await tagPending({ store, tagger, clock: systemClock(undefined), log: silentLog });
  for (const [at, pair] of some.entries()) {
    const common = await inCommon(store, pair);
    for (const sum of common <= FEW_IN_COMMON ? [figures.all, figures.few] : [figures.all]) sum.n += 1;
    for (const way of WAYS) {
      const gain = await ask(store, { query: pair.query, answer: `${at}.0`, way });
      figures.all[way] += gain;
      if (common <= FEW_IN_COMMON) figures.few[way] += gain;
    }
  }
}

/** The share of the question's stems that its answer holds. */
async function inCommon(store: PgliteStore, { query, positive }: Pair): Promise<number> {
  const [row] = await store.sql(
    `select coalesce(avg((word = any (tsvector_to_array(to_tsvector('english', $2))))::int), 0)::float8 as share
     from unnest(tsvector_to_array(to_tsvector('english', $1))) word`,
    [query, `${positive.title}\n${positive.text}`],
  );
  return Number(row?.['share']);
}

/** nDCG@10 of one question, which has one right answer. */
async function ask(
  store: Store,
  { query, answer, way }: { readonly query: string; readonly answer: string; readonly way: Way },
): Promise<number> {
  const [vector] = await tagger.embed([query]);
  if (vector === undefined) throw new Error('no vector');
  const embedding = way === 'words' ? null : { vector, encoder: tagger.encoder };
  const hits = await search(store, { query: way === 'meaning' ? '' : query, embedding, limit: 10 });
  const place = hits.findIndex(({ id }) => id === answer);
  return place < 0 ? 0 : discount(place);
}
