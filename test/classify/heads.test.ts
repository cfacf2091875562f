import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cachedHeads, deriveHeads } from '../../src/classify/derive-heads.ts';
import { Encoder } from '../../src/classify/encoder.ts';
import { findEncoder } from '../../src/classify/encoder-files.ts';
import { NO_HEADS, readHeads, toHeads } from '../../src/classify/heads.ts';
import { buildScorer } from '../../src/classify/scorer.ts';
import { readTaxonomy, type Task, type Taxonomy } from '../../src/classify/taxonomy.ts';
import { silentLog } from '../../src/core/log.ts';
import { ENCODER, MODELS, TAXONOMY, temporaryFolder } from './model-folder.ts';

const encoder = new Encoder({ files: await findEncoder(MODELS, ENCODER), workers: 1, log: silentLog });
afterAll(() => encoder.close());
const shipped = await readTaxonomy(TAXONOMY);

const small = (change: Partial<Task> = {}): Taxonomy => ({
  tasks: {
    place: {
      kinds: ['meeting'],
      multi: false,
      none: false,
      threshold: 0.5,
      floor: 0.5,
      scale: 20,
      bias: 0,
      labels: [
        {
          id: 'sea',
          name: 'Sea',
          description: 'At the sea',
          primary: true,
          examples: ['A ship in the harbour'],
        },
        { id: 'mountain', name: 'Mountain', description: 'In the mountains', primary: true, examples: [] },
      ],
      ...change,
    },
  },
});

/** Counts the texts it encodes. */
function counting() {
  let encoded = 0;
  const embed = (texts: readonly string[]) => {
    encoded += texts.length;
    return encoder.embed(texts);
  };
  return { embed, encoded: () => encoded };
}

async function answerTo(text: string, taxonomy: Taxonomy, heads = NO_HEADS) {
  const scorer = await buildScorer({ taxonomy, encoder, trained: heads }, { dir: undefined, log: silentLog });
  const [vector] = await encoder.embed([text]);
  if (vector === undefined) throw new Error('no vector');
  return scorer(Object.keys(taxonomy.tasks)[0] ?? '', { prompt: text, vector });
}

describe('derived heads', () => {
  test('tell labels apart by description and examples', async () => {
    expect((await answerTo('Sailing boats and waves', small())).primary).toBe('sea');
    expect((await answerTo('A steep climb to the snowy summit', small())).primary).toBe('mountain');
  });

  test('follow an example that is added', async () => {
    const [sea, mountain] = small().tasks['place']?.labels ?? [];
    if (sea === undefined || mountain === undefined) throw new Error('two labels expected');
    const taught = small({
      labels: [sea, { ...mountain, examples: ['Cable car ticket', 'Cable car timetable'] }],
    });
    const before = await answerTo('Cable car', small());
    const after = await answerTo('Cable car', taught);
    expect(after.scores['mountain']).toBeGreaterThan(before.scores['mountain'] ?? 1);
  });

  test('serve a label of the shipped taxonomy that has nothing but a description', async () => {
    const topic = shipped.tasks['topic'];
    if (topic === undefined) throw new Error('no topics');
    const description = 'Car parks and parking permits for visitors';
    const parking = { id: 'parking', name: 'Parking', description, primary: true, examples: [] };
    const taxonomy = { tasks: { topic: { ...topic, labels: [...topic.labels, parking] } } };
    expect((await answerTo('The visitor car park is full, nowhere to park', taxonomy)).primary).toBe(
      'parking',
    );
  });

  test('give way to trained ones, and stand in for labels that have none', async () => {
    const labels = { sea: { weights: new Array<number>(384).fill(0), bias: 90 } };
    const trained = toHeads({
      encoder: encoder.id,
      dimensions: 384,
      tasks: { place: { temperature: 1, labels } },
    });
    const answer = await answerTo('A steep climb to the snowy summit', small(), trained);
    expect(answer.primary).toBe('sea');
    expect(Object.keys(answer.scores)).toEqual(['sea', 'mountain']);
  });

  test('are the same each time they are derived', async () => {
    const { embed } = counting();
    expect(await deriveHeads(small(), encoder.id, embed)).toEqual(
      await deriveHeads(small(), encoder.id, embed),
    );
  });
});

describe('the cache of derived heads', () => {
  test('spares the encoder until taxonomy or encoder change', async () => {
    const dir = join(await temporaryFolder(), 'not/yet');
    const { embed, encoded } = counting();
    const cached = (taxonomy: Taxonomy, id = encoder.id) =>
      cachedHeads({ taxonomy, encoder: id, embed }, { dir, log: silentLog });
    const first = await cached(small());
    expect(encoded()).toBe(3);
    expect(await cached(small())).toEqual(first);
    expect(encoded()).toBe(3);
    expect(await readdir(dir)).toEqual(['derived-heads.json']);
    expect(await cached(small({ scale: 10 }))).not.toEqual(first);
    expect(encoded()).toBe(6);
    expect((await cached(small({ scale: 10 }), 'other@00000000')).encoder).toBe('other@00000000');
    expect(encoded()).toBe(9);
  });

  test('is made anew when it is broken, and done without when it cannot be written', async () => {
    const dir = await temporaryFolder();
    const file = join(dir, 'derived-heads.json');
    const { embed, encoded } = counting();
    const source = { taxonomy: small(), encoder: encoder.id, embed };
    const expected = await deriveHeads(small(), encoder.id, embed);
    await writeFile(file, '{"key":');
    expect(await cachedHeads(source, { dir, log: silentLog })).toEqual(expected);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ heads: expected });
    const warnings: unknown[] = [];
    const log = { ...silentLog, warn: (fields: unknown) => warnings.push(fields) };
    expect(await cachedHeads(source, { dir: file, log })).toEqual(expected);
    expect(warnings).toHaveLength(1);
    expect(encoded()).toBe(9);
  });
});

test('heads that were never trained are no error', async () => {
  expect(await readHeads(join(await temporaryFolder(), 'heads.json'), encoder.id)).toBeNull();
});
