import { type Random, random } from '../../src/sandbox/random.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { vectorText } from '../../src/store/tags.ts';

/** A made-up crowd of touchpoints for measuring searches: clustered vectors, words as frequent as words are. Seeded. */

export const ENCODER = 'crowd@1';

const DIMENSIONS = 384;
/** Sentence vectors lie near a surface of some tens of dimensions, in clumps: topics and clients. */
const LATENT = 48;
const CLUSTERS = 400;
const VOCABULARY = 30_000;
const CLIENTS = 300;
const DAY_MS = 86_400_000;
const START = Date.UTC(2025, 0, 1);
const BATCH = 1000;

export interface Crowd {
  readonly rows: number;
  /** A question near a random touchpoint, with some of its words. */
  question(random: Random): { readonly query: string; readonly vector: Float32Array };
}

/** Fills an empty, migrated database; indexes over vectors are made after the rows, which takes a fifth of the time. */
export async function fillCrowd(sql: PgliteStore['sql'], rows: number): Promise<Crowd> {
  const source = random('crowd', rows);
  const basis = Array.from({ length: LATENT }, () => gaussians(source, DIMENSIONS));
  const centres = Array.from({ length: CLUSTERS }, () => gaussians(source, LATENT));
  await sql('drop index touchpoint.touchpoints_embedding, touchpoint.touchpoints_embedding_b');
  await sql(
    `insert into touchpoint.clients (name, source) select 'Client ' || n, 'import' from generate_series(1, ${CLIENTS}) n`,
  );
  for (let from = 0; from < rows; from += BATCH) {
    const page = Array.from({ length: Math.min(BATCH, rows - from) }, (_, n) =>
      touchpointOf(from + n, { rows, basis, centres }),
    );
    await sql(INSERT, [JSON.stringify(page), ENCODER]);
  }
  await sql(`insert into touchpoint.tags (touchpoint, task, label, score, origin, version)
    select id, 'topic', 'topic ' || (abs(hashtext(source_key)) % 200), 0.9, 'model', 'v' from touchpoint.touchpoints`);
  await sql(
    `insert into touchpoint.encoders (encoder, slot, state, started_at) values ($1, 'a', 'serving', now())`,
    [ENCODER],
  );
  await sql(
    'create index touchpoints_embedding on touchpoint.touchpoints using hnsw ((embedding::extensions.halfvec(384)) extensions.halfvec_cosine_ops)',
  );
  // settled, as a store is that has run for a day: else autovacuum comes in the midst of what is measured
  await sql('vacuum analyze');
  await sql(`select public.touchpoint_words_count('{}')`);
  return {
    rows,
    question(asking) {
      const near = latent(asking.int(0, rows - 1), centres);
      const words = wordsOf(random('words', near.number), 200);
      const query = Array.from({ length: asking.int(4, 9) }, () => asking.pick(words)).join(' ');
      return { query, vector: vectorOf(near.at, basis, asking) };
    },
  };
}

const INSERT = `
  insert into touchpoint.touchpoints (kind, source_key, client, occurred_at, title, body, people, content_hash, text_hash,
    embedding, encoder, taxonomy, tagged_hash)
  select r.kind, r.source_key, c.id, r.occurred_at::timestamptz, r.title, r.body, r.people, 'c', 't',
    r.embedding::extensions.vector, $2, 'v', 't'
  from jsonb_to_recordset($1::jsonb) as r(kind text, source_key text, client text, occurred_at text, title text, body text,
    people jsonb, embedding text)
  left join touchpoint.clients c on c.name = r.client`;

interface Making {
  readonly rows: number;
  readonly basis: readonly Float32Array[];
  readonly centres: readonly Float32Array[];
}

function touchpointOf(number: number, { basis, centres }: Making) {
  const source = random('touchpoint', number);
  const words = wordsOf(random('words', number), source.int(20, 200));
  const person = `Person ${zipf(source, 2000)}`;
  return {
    kind: source.chance(0.6)
      ? 'email'
      : source.chance(0.7)
        ? 'meeting'
        : source.pick(['action', 'nps', 'risk']),
    source_key: `row ${number}`,
    client: source.chance(0.8) ? `Client ${zipf(source, CLIENTS)}` : null,
    occurred_at: new Date(START + source.int(0, 700) * DAY_MS).toISOString(),
    title: words.slice(0, 6).join(' '),
    body: `${words.slice(6).join(' ')}.`,
    people: [
      { name: person, address: `${person.replace(' ', '.').toLowerCase()}@example.test`, role: 'from' },
    ],
    embedding: vectorText(vectorOf(latent(number, centres).at, basis, source)),
  };
}

/** Where a touchpoint lies before noise: a clump's centre, and its own way off it. */
function latent(number: number, centres: readonly Float32Array[]) {
  const source = random('latent', number);
  const centre = centres[zipf(source, CLUSTERS) - 1] ?? new Float32Array(LATENT);
  const own = gaussians(source, LATENT);
  return { number, at: own.map((value, index) => 0.6 * value + (centre[index] ?? 0)) };
}

function vectorOf(at: Float32Array, basis: readonly Float32Array[], noise: Random): Float32Array {
  const vector = gaussians(noise, DIMENSIONS).map((value) => value * 1.5);
  for (const [index, axis] of basis.entries()) {
    const weight = at[index] ?? 0;
    for (let n = 0; n < DIMENSIONS; n++) vector[n] = (vector[n] ?? 0) + weight * (axis[n] ?? 0);
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function wordsOf(source: Random, count: number): string[] {
  return Array.from({ length: count }, () => `w${zipf(source, VOCABULARY).toString(36)}x`);
}

/** 1 to most; the nth is about 1/n as frequent as the first. */
function zipf(source: Random, most: number): number {
  return Math.min(most, Math.floor(most ** source.next()));
}

function gaussians(source: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - source.next()));
    return radius * Math.cos(2 * Math.PI * source.next());
  });
}
