import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { createTagger } from '../src/classify/tagger.ts';
import { systemClock } from '../src/core/clock.ts';
import { silentLog } from '../src/core/log.ts';
import { packagePath } from '../src/core/paths.ts';
import { openEmbedded } from '../src/store/open.ts';
import { importTouchpoints } from '../src/store/pages.ts';
import { search } from '../src/store/search.ts';
import { tagPending } from '../src/sync/tagging.ts';
import { discount, itemOf, Text } from './support/questions.ts';

/**
 * How good searches are on what nothing was tuned on: nDCG@10 of the questions of config/evaluation, each with all records
 * that answer it, by words, by meaning and by both. `tsx bench/search-evaluation.ts`
 */

const Stored = Text.extend({ id: z.string() });
const Question = z.object({
  query: z.string(),
  relevant: z.array(z.string()).min(1),
  few_words: z.boolean(),
});

const WAYS = ['words', 'meaning', 'both'] as const;
const DEPTH = 10;

const records = await lines('search-records.jsonl', Stored);
const questions = await lines('search-questions.jsonl', Question);
await using store = await openEmbedded(null);
await using tagger = await createTagger({
  modelsDir: packagePath('models'),
  encoder: 'touchpoint-minilm-v1',
  taxonomyFile: packagePath('config/taxonomy.yaml'),
  workers: 1,
  log: silentLog,
});
await importTouchpoints(
  store,
  '2026-03-01T00:00:00.000Z',
  records.map((record) => itemOf(record.id, record)),
);
await tagPending({ store, tagger, clock: systemClock(undefined), log: silentLog });

console.log(`${questions.length} questions, ${records.length} records, encoder ${tagger.encoder}`);
for (const way of WAYS) {
  const gains = await Promise.all(
    questions.map(async (one) => ({ gain: await ndcg(one, way), few: one.few_words })),
  );
  const few = gains.filter((one) => one.few);
  console.log(`nDCG@${DEPTH} ${way.padEnd(8)} all ${mean(gains)}  few words in common ${mean(few)}`);
}

async function lines<T>(name: string, shape: z.ZodType<T>): Promise<T[]> {
  const text = await readFile(packagePath('config/evaluation', name), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => shape.parse(JSON.parse(line)));
}

/** Of one question: how near the top its answers stand, against all of them standing there. */
async function ndcg({ query, relevant }: z.infer<typeof Question>, way: (typeof WAYS)[number]) {
  const [vector] = await tagger.embed([query]);
  if (vector === undefined) throw new Error('no vector');
  const embedding = way === 'words' ? null : { vector, encoder: tagger.encoder };
  const hits = await search(store, { query: way === 'meaning' ? '' : query, embedding, limit: DEPTH });
  const found = hits.map(({ id }, place) => (relevant.includes(id) ? discount(place) : 0));
  const best = relevant.slice(0, DEPTH).map((_, place) => discount(place));
  return sum(found) / sum(best);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function mean(gains: readonly { readonly gain: number }[]): string {
  return (sum(gains.map(({ gain }) => gain)) / gains.length).toFixed(3);
}
