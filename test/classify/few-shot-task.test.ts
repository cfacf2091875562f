import { describe, expect, it } from 'vitest';
import { among, first, type Gold } from '../../src/classify/examples.ts';
import { fewShotTask } from '../../src/classify/few-shot-task.ts';
import { headsSchema, logit, toTaskHead } from '../../src/classify/heads.ts';
import type { Sample } from '../../src/classify/training-problem.ts';
import { madeUpTask, numbers, vectorFor } from './made-up.ts';

/** Heads from a handful of made-up items. */

const LABELS = ['sea', 'hill', 'town'];

/** Labels by their axis; items in order of the labels, one after another. */
function handful(each: number, noise: number, goldOf: (label: string) => Gold = (label) => first([label])) {
  const random = numbers(17);
  return Array.from({ length: each * LABELS.length }, (_, at): Sample => {
    const axis = at % LABELS.length;
    const gold = goldOf(LABELS[axis] ?? '');
    return { vector: vectorFor(axis, noise, random), gold, split: 'train', importance: 1 };
  });
}

const right = (samples: readonly Sample[], primaries: readonly (string | null | undefined)[]) =>
  samples.filter(({ gold }, at) => gold.primary === primaries[at]).length / samples.length;

describe('a handful of items', () => {
  it('makes heads for labels that compete, the same each time, and judges each item unseen', () => {
    const samples = handful(10, 4);
    const found = fewShotTask(madeUpTask(LABELS), samples);
    if (found === null) throw new Error('no heads');
    expect(fewShotTask(madeUpTask(LABELS), samples)).toEqual(found);
    const file = { encoder: 'made-up@0', dimensions: 384, tasks: { place: found.heads } };
    expect(headsSchema.parse(file)).toEqual(file);
    expect(found.heads.counts).toEqual({ sea: 10, hill: 10, town: 10 });
    const heads = toTaskHead(found.heads).labels;
    const seen = samples.map(({ vector }) => {
      const odds = LABELS.map((id) => {
        const head = heads.get(id);
        return head === undefined ? 0 : logit(head, vector);
      });
      return LABELS[odds.indexOf(Math.max(...odds))];
    });
    const unseen = right(
      samples,
      found.unseen.map(({ primary }) => primary),
    );
    expect(right(samples, seen)).toBe(1);
    // what it has not seen it knows less well, and better than chance
    expect(unseen).toBeLessThan(1);
    expect(unseen).toBeGreaterThan(0.5);
  });

  it('makes heads for labels that may hold together', () => {
    const samples = handful(10, 1, (label) => among(label === 'town' ? ['town', 'sea'] : [label], label));
    const found = fewShotTask(madeUpTask(LABELS, { multi: true, none: true }), samples);
    const towns = found?.unseen.filter((_, at) => samples[at]?.gold.primary === 'town') ?? [];
    const both = towns.filter(({ scores }) => (scores['sea'] ?? 0) > 0.5 && (scores['town'] ?? 0) > 0.5);
    expect(both.length).toBeGreaterThan(5);
  });

  it('that says nothing is not made to say something', () => {
    const random = numbers(5);
    const noise = handful(10, 1).map((sample) => ({ ...sample, vector: vectorFor(300, 3, random) }));
    const found = fewShotTask(madeUpTask(LABELS), noise);
    const sure = found?.unseen.filter(({ confidence }) => confidence > 0.8) ?? [];
    expect(sure).toEqual([]);
  });

  it('is too small where a label has fewer than six', () => {
    expect(fewShotTask(madeUpTask(LABELS), handful(5, 1))).toBeNull();
    expect(fewShotTask(madeUpTask([...LABELS, 'moon']), handful(10, 1))).toBeNull();
  });
});
