import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { findEncoder } from '../../src/classify/encoder-files.ts';
import {
  checkLabels,
  type Example,
  readExamples,
  SPLITS,
  trainingFiles,
} from '../../src/classify/examples.ts';
import { headsSchema } from '../../src/classify/heads.ts';
import { findLearnt } from '../../src/classify/learnt.ts';
import { nearPairs, normalised } from '../../src/classify/splits.ts';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { ENCODER, MODELS, TAXONOMY } from './model-folder.ts';

const FOLDER = join(import.meta.dirname, '../../config/training');
const EVALUATION = join(import.meta.dirname, '../../config/evaluation');
const taxonomy = await readTaxonomy(TAXONOMY);
const examples = await readExamples(await trainingFiles(FOLDER));

const searchSchema = z.strictObject({
  id: z.string(),
  kind: z.literal('search'),
  query: z.string().min(1),
  positive: z.looseObject({ title: z.string(), text: z.string() }),
  hard_negatives: z.array(z.looseObject({ text: z.string() })),
  topics: z.array(z.string()),
  group: z.string(),
  split: z.enum(SPLITS),
  source: z.string(),
});
const lines = (await readFile(join(FOLDER, 'search.jsonl'), 'utf8')).trim().split('\n');
const questions = lines.map((line) => searchSchema.parse(JSON.parse(line)));

const all = [
  ...examples.map((example) => ({ ...example, words: `${example.title}\n${example.text}` })),
  ...questions.map((one) => ({
    ...one,
    words: [one.query, one.positive.title, one.positive.text].join('\n'),
  })),
];

test('every item has an id of its own, a group, a split and a source', () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(all.filter(({ group, split, source }) => !group || !split || !source)).toEqual([]);
});

describe('no item stands in two splits', () => {
  const splits = all.map(({ split }) => split);

  test('by its normalised text, which occurs but once in a kind', () => {
    const texts = all.map(({ words }) => normalised(words));
    const splitOf = new Map(all.map(({ split }, at) => [texts[at], split]));
    expect(all.filter(({ split }, at) => splitOf.get(texts[at]) !== split)).toEqual([]);
    expect(new Set(all.map(({ kind }, at) => `${kind} ${texts[at]}`)).size).toBe(all.length);
  });

  test('by a near-duplicate: half of the words in common', () => {
    const astray = [...nearPairs(all.map(({ words }) => words))].filter(([a, b]) => splits[a] !== splits[b]);
    expect(astray.map(([a, b]) => [all[a]?.id, all[b]?.id])).toEqual([]);
  }, 120_000);

  test('by its group', () => {
    const splitOf = new Map(all.map(({ group, split }) => [group, split]));
    expect(all.filter(({ group, split }) => splitOf.get(group) !== split)).toEqual([]);
  });
});

test('what is measured by says nothing that was taught', async () => {
  const files = (await readdir(EVALUATION)).filter((name) => name.endsWith('.jsonl'));
  const labelled = files.filter((name) => !name.startsWith('search-')).map((name) => join(EVALUATION, name));
  const asked = await readExamples(labelled);
  expect(asked.length).toBeGreaterThan(500);
  expect(() => checkLabels(asked, taxonomy)).not.toThrow();
  const taught = all.map(({ words }) => words);
  const words = asked.map(({ title, text }) => `${title}\n${text}`);
  const near = [...nearPairs([...taught, ...words])].filter(
    ([a, b]) => a < taught.length && b >= taught.length,
  );
  expect(near.map(([a, b]) => [taught[a], words[b - taught.length]])).toEqual([]);
}, 120_000);

test('every label is known to the taxonomy, and one that is not is named with its item', () => {
  expect(() => checkLabels(examples, taxonomy)).not.toThrow();
  const wrong: Example = { id: 'r1', kind: 'risk', title: '', text: 'x', risk: ['chrun'] };
  expect(() => checkLabels([wrong], taxonomy)).toThrow(ConfigError);
  expect(() => checkLabels([wrong], taxonomy)).toThrow("item r1: 'chrun' is no label of risk");
});

test('the README counts what is there', async () => {
  const readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
  for (const name of (await readdir(FOLDER)).filter((file) => file.endsWith('.jsonl'))) {
    const kind = z.object({ kind: z.string() });
    const [first] = (await readFile(join(FOLDER, name), 'utf8')).split('\n');
    const own = all.filter((item) => item.kind === kind.parse(JSON.parse(first ?? '')).kind);
    const cells = SPLITS.map((split) => own.filter((item) => item.split === split).length);
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${basename(name)}\``));
    const sources = ['first/', 'second/', 'third/', 'fourth/'].map(
      (from) => own.filter(({ source }) => source?.startsWith(from)).length,
    );
    const figures = [...(row ?? '').matchAll(/ ([\d,]+) /g)].map(([, figure]) =>
      Number(figure?.replace(',', '')),
    );
    expect([name, ...figures]).toEqual([name, own.length, ...cells, ...sources]);
  }
});

test('the heads that the shipped encoder learnt with are there, for every label', async () => {
  const learnt = await findLearnt(await findEncoder(MODELS, ENCODER));
  for (const [name, { labels, none, multi }] of Object.entries(taxonomy.tasks)) {
    const wanted = [...labels.map(({ id }) => id), ...(none || multi ? [''] : [])];
    expect([name, [...(learnt[name]?.keys() ?? [])].sort()]).toEqual([name, wanted.sort()]);
  }
});

test('the shipped heads were trained on all tasks and labels of the taxonomy, and are small', async () => {
  const text = await readFile(join(MODELS, ENCODER, 'heads.json'), 'utf8');
  expect(text.length).toBeLessThan(400_000);
  const { tasks, trained } = headsSchema.parse(JSON.parse(text));
  expect(trained?.items).toBeGreaterThan(5000);
  for (const [name, { labels }] of Object.entries(taxonomy.tasks)) {
    expect(Object.keys(tasks[name]?.labels ?? {}).sort()).toEqual(labels.map(({ id }) => id).sort());
  }
});
