import { describe, expect, it } from 'vitest';
import { decide } from '../../src/classify/decide.ts';
import { taskDrift, vectorDrift } from '../../src/classify/drift.ts';
import { first } from '../../src/classify/examples.ts';
import { madeUpTask, numbers, vectorFor } from './made-up.ts';

describe('drift between two models', () => {
  const task = madeUpTask(['sea', 'hill', 'wood']);
  const says = (label: number) =>
    decide(
      task,
      [0, 1, 2].map((at) => (at === label ? 3 : 0)),
    );

  it('counts answers that turned, by whether they were and are right', () => {
    const gold = first(['sea']);
    const answers = [
      { gold, old: says(0), now: says(0) },
      { gold, old: says(0), now: says(1) },
      { gold, old: says(1), now: says(0) },
      { gold, old: says(1), now: says(2) },
    ];
    expect(taskDrift('place', answers)).toEqual({
      ...{ task: 'place', items: 4, flips: 3, mended: 1, broken: 1, other: 1, flipped: 0.75 },
      accuracy: { old: 0.5, now: 0.5 },
    });
  });

  it('is none of a model from itself, nor where everything is turned alike; and much of noise', () => {
    const vectors = (seed: number) => {
      const random = numbers(seed);
      return Array.from({ length: 60 }, (_, at) => vectorFor(at % 12, 4, random));
    };
    const [one, other] = [vectors(1), vectors(2)];
    expect(vectorDrift(one, one)).toEqual({ items: 60, meanCosineShift: 0, correlation: 1, overlap: 1 });
    const turned = one.map((vector) => vector.toReversed());
    const same = vectorDrift(one, turned);
    expect(same.meanCosineShift).toBeLessThan(1e-6);
    expect(same.overlap).toBe(1);
    const apart = vectorDrift(one, other);
    expect(apart.overlap).toBeLessThan(0.9);
    expect(apart.meanCosineShift).toBeGreaterThan(0.01);
    expect(apart.correlation).toBeLessThan(0.99);
  });
});
