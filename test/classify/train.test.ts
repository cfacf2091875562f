import { describe, expect, test } from 'vitest';
import { majority } from '../../src/classify/baselines.ts';
import { bestThreshold, floorFor, platt, temperatureFor } from '../../src/classify/calibrate.ts';
import { among, first } from '../../src/classify/examples.ts';
import { headsSchema } from '../../src/classify/heads.ts';
import { measure } from '../../src/classify/metrics.ts';
import { minimise } from '../../src/classify/minimise.ts';
import { fitHeads, headsOf, prepare } from '../../src/classify/regression.ts';
import { type Trained, trainTask } from '../../src/classify/train.ts';
import { competing, importances, type Sample, separate } from '../../src/classify/training-problem.ts';
import { madeUpSamples, madeUpTask, numbers, vectorFor } from './made-up.ts';

const LABELS = ['sea', 'hill', 'town'];

function heads(trained: Trained) {
  if ('skipped' in trained) throw new Error(trained.skipped);
  return trained.heads;
}

test('the minimum of a stretched bowl is found', () => {
  const found = minimise(
    (point, gradient) => {
      const [x = 0, y = 0] = point;
      gradient.set([2 * (x - 3), 200 * (y + 1)]);
      return (x - 3) ** 2 + 100 * (y + 1) ** 2 + 5;
    },
    Float64Array.of(-4, 9),
  );
  expect(found[0]).toBeCloseTo(3, 1);
  expect(found[1]).toBeCloseTo(-1, 2);
});

describe('logistic regression', () => {
  test('without a pull gives the log-odds that the counts have', () => {
    // One number that is always zero: all that can be learnt is how common the label is, 3 of 4.
    const problem = {
      vectors: [[0], [0], [0], [0]],
      targets: Float64Array.of(1, 1, 1, 0),
      importance: new Float64Array(4).fill(1),
      labels: 1,
      skip: 0,
      compete: false,
    };
    const ready = prepare(problem);
    expect(headsOf(ready, fitHeads(ready, 0.1))[0]?.bias).toBeCloseTo(Math.log(3), 1);
  });

  test('leaves the numbers it is told to skip out of account, in heads that go with whole vectors', () => {
    const samples = madeUpSamples(LABELS, { each: 40, noise: 0.5 });
    const { problem } = competing(madeUpTask(LABELS), samples);
    const whole = problem.vectors.map((vector) => [
      9,
      ...Array.from(vector).reverse(),
      ...Array.from(vector),
    ]);
    const skip = 1 + (problem.vectors[0]?.length ?? 0);
    const [plain, skipping] = [prepare(problem), prepare({ ...problem, vectors: whole, skip })];
    const heads = headsOf(skipping, fitHeads(skipping, 0.1));
    const zeros = new Array<number>(skip).fill(0);
    expect(heads).toEqual(
      headsOf(plain, fitHeads(plain, 0.1)).map(({ weights, bias }) => {
        return { weights: [...zeros, ...weights], bias };
      }),
    );
  });

  test('gives heads for the vectors as they are, not as they were standardised', () => {
    const samples = madeUpSamples(LABELS, { each: 40, noise: 0.5 }).map((sample) => {
      return { ...sample, vector: sample.vector.map((value) => 3 * value + 7) };
    });
    const { names, problem } = competing(madeUpTask(LABELS), samples);
    const ready = prepare(problem);
    const fitted = headsOf(ready, fitHeads(ready, 0.1));
    const right = samples.filter(({ vector, gold }) => {
      const logits = fitted.map(({ weights, bias }) =>
        weights.reduce((sum, w, at) => sum + w * (vector[at] ?? 0), bias),
      );
      return names[logits.indexOf(Math.max(...logits))] === gold.primary;
    });
    expect(right.length / samples.length).toBeGreaterThan(0.85);
  });

  test('pulls heads to where they are at home, and those without a home to nought', () => {
    const samples = madeUpSamples(LABELS, { each: 40, noise: 0.5 });
    const { problem } = competing(madeUpTask(LABELS), samples);
    const plain = prepare(problem);
    const [sea] = headsOf(plain, fitHeads(plain, 0.1));
    const near = prepare(problem, [sea]);
    const [same, other] = headsOf(near, fitHeads(near, 1e6));
    for (const [at, weight] of (sea?.weights ?? []).entries())
      expect(same?.weights[at]).toBeCloseTo(weight, 3);
    expect(Math.max(...(other?.weights ?? [1]).map(Math.abs))).toBeLessThan(1e-3);
  });

  test('counts a rare label more when it is told to, and not what is unknown', () => {
    const random = numbers(1);
    const sample = (labels: string[], judged?: string[]): Sample => ({
      vector: vectorFor(0, 1, random),
      gold: { ...among(labels), ...(judged && { judged }) },
      split: 'train',
      importance: 1,
    });
    const { problem } = separate(
      madeUpTask(['a', 'b'], { multi: true }),
      [sample(['a']), sample(['b']), sample(['b']), sample(['b'], ['b'])],
      false,
    );
    expect([...problem.importance]).toEqual([1, 1, 1, 1, 1, 1, 0, 1]);
    expect([...importances(problem, 0.5)].map((value) => Math.round(value * 100) / 100)).toEqual([
      1.73, 1, 1, 0.58, 1, 0.58, 0, 0.58,
    ]);
  });
});

describe('training a task', () => {
  const task = madeUpTask(LABELS);
  const samples = madeUpSamples(LABELS, { each: 60, noise: 1 });

  test('gives the same heads each time, and they pass as a heads file', () => {
    const trained = heads(trainTask(task, samples));
    expect(heads(trainTask(task, samples))).toEqual(trained);
    const file = { encoder: 'made-up@0', dimensions: 384, tasks: { place: trained } };
    expect(headsSchema.parse(file)).toEqual(file);
    expect(trained.counts).toEqual({ sea: 48, hill: 48, town: 48 });
  });

  test('beats the commonest label by far, as its own dev scores say', () => {
    const { dev } = heads(trainTask(task, samples));
    const held = samples.filter(({ split }) => split === 'dev');
    const commonest = majority(
      task,
      samples.map(({ gold }) => gold),
    );
    const baseline = measure(
      task,
      held.map(({ gold }) => ({ gold, answer: commonest() })),
    );
    expect(dev?.items).toBe(held.length);
    // half of the dev items lie in the rounds that are labelled wrongly
    expect(dev?.accuracy ?? 0).toBeGreaterThanOrEqual(0.5);
    expect(baseline.accuracy).toBeLessThan(0.4);
  });

  test('learns that none of the labels holds where that is an answer', () => {
    const random = numbers(3);
    const nothing = Array.from(
      { length: 60 },
      (_, at): Sample => ({
        vector: vectorFor(200, 1, random),
        gold: among([]),
        split: at % 5 === 4 ? 'dev' : 'train',
        importance: 1,
      }),
    );
    const clean = madeUpSamples(LABELS, { each: 60, noise: 1 }).filter(
      (_, at) => Math.floor(at / 3) % 10 !== 9,
    );
    const open = madeUpTask(LABELS, { multi: true, none: true });
    const { none, dev } = heads(trainTask(open, [...clean, ...nothing]));
    expect(none?.weights).toHaveLength(384);
    expect(dev?.accuracy).toBe(1);
  });

  test('stays near heads that were learnt where the train items say little of others', () => {
    const clean = madeUpSamples(LABELS, { each: 80, noise: 1 }).filter(
      (_, at) => Math.floor(at / 3) % 10 !== 9,
    );
    const learnt = new Map(Object.entries(heads(trainTask(task, clean)).labels));
    // as on items that taught the encoder: what is seen in them is not seen elsewhere
    const misled = clean.map((sample, at) => {
      if (sample.split === 'dev') return sample;
      return { ...sample, gold: first([LABELS[at % 2] ?? '']) };
    });
    const three = misled.concat(madeUpSamples(['town'], { each: 20, noise: 1 }));
    const accuracy = (trained: Trained) => heads(trained).dev?.accuracy ?? 0;
    const alone = accuracy(trainTask(task, three));
    expect(accuracy(trainTask(task, three, learnt))).toBeGreaterThan(alone + 0.3);
    expect(heads(trainTask(task, three, learnt)).chosen?.l2).toBeGreaterThanOrEqual(3);
  });

  test('leaves a label alone that has hardly any items, and a task that has hardly any dev items', () => {
    const few = [...samples, ...madeUpSamples(['rare'], { each: 4, noise: 1 })];
    const trained = heads(trainTask(madeUpTask([...LABELS, 'rare']), few));
    expect(Object.keys(trained.labels)).toEqual(LABELS);
    const noDev = samples.filter(({ split }) => split === 'train');
    expect(trainTask(task, noDev)).toEqual({ skipped: 'wants 20 dev items, got 0' });
    expect(trainTask(madeUpTask(['sea', 'moon']), samples)).toHaveProperty('skipped');
  });

  test('assigns no second label where labels never hold together', () => {
    const { labels } = heads(trainTask(task, samples));
    expect(Object.values(labels).map(({ threshold }) => threshold)).toEqual([1, 1, 1]);
  });
});

describe('calibration', () => {
  test('widens log-odds that are too timid and narrows those that are too bold', () => {
    // Always 2 against 0, and right three times of four: log-odds of ln 3.
    const logits = Array.from({ length: 40 }, () => [2, 0]);
    const right = logits.map((_, at) => (at % 4 === 0 ? 1 : 0));
    expect(2 / temperatureFor(logits, right)).toBeCloseTo(Math.log(3), 1);
  });

  test('by Platt moves log-odds to where the labels hold, whatever they were', () => {
    const logits = Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? 4 : -4));
    const holds = logits.map((logit, at) => (logit > 0 ? at % 8 !== 0 : at % 8 === 1));
    const { slope, offset } = platt(logits, holds);
    expect(4 * slope + offset).toBeCloseTo(Math.log(3), 1);
    expect(-4 * slope + offset).toBeCloseTo(-Math.log(3), 1);
  });

  test('finds the threshold with the best F1, and none for a label that never holds', () => {
    const item = (probability: number, holds: boolean) => ({ probability, holds, answered: false });
    const threshold = bestThreshold([item(0.7, true), item(0.5, true), item(0.3, false), item(0.2, false)]);
    expect(threshold).toBeGreaterThan(0.3);
    expect(threshold).toBeLessThanOrEqual(0.5);
    expect(bestThreshold([item(0.9, false)])).toBe(1);
  });

  test('puts the floor where 97 % are right if that leaves 40 %, else lower', () => {
    const sure = Array.from({ length: 60 }, (_, at) => ({ confidence: 0.9 - at / 1000, right: true }));
    const unsure = Array.from({ length: 40 }, (_, at) => ({ confidence: 0.4 - at / 1000, right: false }));
    // 60 right and 1 wrong are 98.4 %, a second wrong one would make it 96.8 %
    expect(floorFor([...sure, ...unsure])).toBeCloseTo(0.4, 6);
    const poor = Array.from({ length: 10 }, (_, at) => ({ confidence: 1 - at / 10, right: at % 2 === 0 }));
    // nowhere 80 % right with four items or more: the surest four of ten
    expect(floorFor(poor)).toBeCloseTo(0.7, 6);
  });
});

test('a second label of an item teaches its head a little', () => {
  const { problem, names } = competing(madeUpTask(['a', 'b', 'c']), [
    { vector: new Float32Array(384), gold: first(['b', 'a']), split: 'train', importance: 1 },
  ]);
  expect(names).toEqual(['a', 'b', 'c']);
  expect([...problem.targets]).toEqual([0.25, 0.75, 0]);
});
