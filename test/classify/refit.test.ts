import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DIMENSIONS } from '../../src/classify/encoder-files.ts';
import { first, type Split } from '../../src/classify/examples.ts';
import {
  type FoundHeads,
  type HeadsFile,
  headsPath,
  headsSchema,
  readHeads,
  toHeads,
} from '../../src/classify/heads.ts';
import type { Lesson } from '../../src/classify/lessons.ts';
import { refit } from '../../src/classify/refit.ts';
import { buildScorer } from '../../src/classify/scorer.ts';
import type { Taxonomy } from '../../src/classify/taxonomy.ts';
import { undoHeads, writeHeads } from '../../src/classify/write-heads.ts';
import { silentLog } from '../../src/core/log.ts';
import { madeUpTask, numbers, vectorFor } from './made-up.ts';
import { temporaryFolder } from './model-folder.ts';

const LABELS = ['sea', 'hill'];
const taxonomy: Taxonomy = { tasks: { place: madeUpTask(LABELS), time: madeUpTask(['day', 'night']) } };
const ENCODER_ID = 'made-up@00000000';

/** A bench whose encoder knows nothing: every phrase is noise. */
function bench(inUse: FoundHeads | null): Parameters<typeof refit>[0] {
  const random = numbers(5);
  const embed = async (texts: readonly string[]) => texts.map(() => vectorFor(300, 3, random));
  return {
    taxonomy,
    encoder: ENCODER_ID,
    width: DIMENSIONS,
    inUse,
    learnt: {},
    scorer: (trained) =>
      buildScorer(
        { taxonomy, encoder: { id: ENCODER_ID, embed }, trained },
        { dir: undefined, log: silentLog },
      ),
  };
}

/** Lessons for `place`; in the train split right or, if asked, the wrong way round. */
function lessons(isTwisted = false) {
  const random = numbers(11);
  const made = Array.from({ length: 200 }, (_, at) => {
    const axis = at % 2;
    const split: Split = at % 10 < 2 ? 'dev' : 'train';
    const label = LABELS[split === 'train' && isTwisted ? 1 - axis : axis] ?? '';
    const goldOf = (task: string) => (task === 'place' ? first([label]) : undefined);
    const lesson: Lesson = { prompt: `item ${at}`, split, importance: 1, goldOf };
    return { lesson, vector: vectorFor(axis, 1, random) };
  });
  return { lessons: made.map(({ lesson }) => lesson), vectors: made.map(({ vector }) => vector) };
}

async function refitted(inUse: FoundHeads | null, isTwisted = false) {
  const material = lessons(isTwisted);
  return refit(bench(inUse), material.lessons, { tolerance: 0.01, vectors: material.vectors, feedback: 0 });
}

const found = (file: HeadsFile): FoundHeads => ({ heads: toHeads(file), file, id: 'x' });

describe('refitting', () => {
  test('replaces heads that are beaten, and says which answers changed', async () => {
    const { file, changes } = await refitted(null);
    const place = changes.find(({ task }) => task === 'place');
    expect(place).toMatchObject({
      verdict: 'replaced',
      train: 160,
      dev: 40,
      after: { accuracy: 1, macroF1: 1 },
    });
    const { mended = 0, broken = 0 } = place?.flips ?? {};
    expect(place?.before?.accuracy).toBeCloseTo(1 - (mended - broken) / 40, 10);
    expect(mended).toBeGreaterThan(0);
    expect(broken).toBe(0);
    expect(file.tasks['place']?.dev?.accuracy).toBe(1);
  });

  test('keeps the old heads of a task where the new ones do worse', async () => {
    const good = (await refitted(null)).file;
    const { file, changes } = await refitted(found(good), true);
    expect(changes[0]).toMatchObject({ task: 'place', verdict: 'kept: worse', before: { accuracy: 1 } });
    expect(changes[0]?.after?.accuracy).toBeLessThan(0.5);
    expect(file.tasks['place']).toEqual(good.tasks['place']);
  });

  test('changes nothing where nothing changed', async () => {
    const good = (await refitted(null)).file;
    const { file, changes } = await refitted(found(good));
    expect(changes[0]).toMatchObject({ verdict: 'replaced', flips: { mended: 0, broken: 0, other: 0 } });
    expect(file).toEqual(good);
  });

  test('leaves a task alone that nothing was said about, and keeps its heads if it has any', async () => {
    const { file, changes } = await refitted(null);
    expect(changes[1]).toMatchObject({ task: 'time', verdict: 'kept: too little data', after: null });
    expect(file.tasks).not.toHaveProperty('time');
    const head = file.tasks['place'];
    if (head === undefined) throw new Error('no heads');
    const own = {
      ...file,
      tasks: { ...file.tasks, time: { ...head, labels: { day: head.labels['sea'] ?? never() } } },
    };
    expect((await refitted(found(own))).file.tasks['time']).toEqual(own.tasks.time);
  });
});

test('a task that a model of its own answers is left, and its heads stay for another day', async () => {
  const good = (await refitted(null)).file;
  const entailed: Taxonomy = {
    tasks: { ...taxonomy.tasks, place: madeUpTask(LABELS, { engine: 'entailment', model: 'maker/tiny' }) },
  };
  const material = lessons(true);
  const { file, changes } = await refit({ ...bench(found(good)), taxonomy: entailed }, material.lessons, {
    ...{ tolerance: 1, vectors: material.vectors, feedback: 0 },
  });
  expect(changes[0]).toMatchObject({
    task: 'place',
    verdict: 'left: has no head',
    before: null,
    after: null,
  });
  expect(file.tasks['place']).toEqual(good.tasks['place']);
});

function never(): never {
  throw new Error('no such head');
}

test('writing heads keeps those that were there beside them', async () => {
  const { file } = await refitted(null);
  const path = headsPath(await temporaryFolder(), 'made-up');
  await writeHeads(path, file);
  expect((await readHeads(path, ENCODER_ID))?.file).toEqual(file);
  await writeHeads(path, { ...file, tasks: {} });
  expect((await readHeads(path, ENCODER_ID))?.file.tasks).toEqual({});
  const previous = JSON.parse(await readFile(join(path, '..', 'heads.previous.json'), 'utf8'));
  expect(previous).toEqual(file);
});

test('one can go back to the heads before, and forth again', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'heads.json');
  const heads = (encoder: string): HeadsFile => ({ encoder, dimensions: 384, tasks: {} });
  await writeHeads(file, heads('first@1'));
  await expect(undoHeads(file)).rejects.toThrow('nothing to go back to');
  await writeHeads(file, heads('second@1'));
  const encoder = async () => headsSchema.parse(JSON.parse(await readFile(file, 'utf8'))).encoder;
  await undoHeads(file);
  expect(await encoder()).toBe('first@1');
  await undoHeads(file);
  expect(await encoder()).toBe('second@1');
});

test('heads that cannot be written name the file', async () => {
  const { file } = await refitted(null);
  const blocked = join(await temporaryFolder(), 'made-up');
  await writeFile(blocked, 'a file where the folder should be');
  await expect(writeHeads(join(blocked, 'heads.json'), file)).rejects.toThrow(blocked);
});
