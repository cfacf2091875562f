import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, nothingSaid } from '../../src/classify/decide.ts';
import type { Task } from '../../src/classify/taxonomy.ts';

const label = (id: string, primary = true) => ({ id, name: id, description: id, primary, examples: [] });
const task = (change: Partial<Task> = {}): Task => ({
  kinds: ['meeting'],
  multi: true,
  none: true,
  threshold: 0.4,
  floor: 0.6,
  scale: 1,
  bias: 0,
  labels: [label('a'), label('b'), label('c')],
  ...change,
});
/** Log-odds of a probability. */
const odds = (probability: number) => Math.log(probability / (1 - probability));

describe('a task whose labels are judged one by one', () => {
  test('assigns every label from the threshold on, best first', () => {
    const answer = decide(task(), [odds(0.4), odds(0.9), odds(0.39)]);
    expect(answer.primary).toBe('b');
    expect(answer.labels).toEqual([
      { label: 'b', score: 0.9 },
      { label: 'a', score: 0.4 },
    ]);
    expect(answer.scores).toEqual({ a: 0.4, b: 0.9, c: 0.39 });
    expect(answer.uncertain).toBe(false);
  });

  test('answers "none" when no label reaches the threshold, and is sure of it when none comes near', () => {
    expect(decide(task(), [odds(0.1), odds(0.05), odds(0.2)])).toMatchObject({
      primary: null,
      labels: [],
      uncertain: false,
    });
  });

  test('is uncertain when the answer itself is less likely than the floor', () => {
    expect(decide(task(), [odds(0.5), odds(0.1), odds(0.1)])).toMatchObject({
      primary: 'a',
      uncertain: true,
    });
    expect(decide(task({ threshold: 0.5 }), [odds(0.45), odds(0.1), odds(0.1)])).toMatchObject({
      primary: null,
      uncertain: true,
    });
  });

  test('names the likeliest label where "none" is no answer', () => {
    const answer = decide(task({ none: false }), [odds(0.1), odds(0.3), odds(0.2)]);
    expect(answer.primary).toBe('b');
    expect(answer.labels).toEqual([{ label: 'b', score: 0.3 }]);
  });
});

describe('a task whose labels share one probability', () => {
  const sentiment = task({
    multi: false,
    none: false,
    labels: [label('good'), label('bad'), label('mixed', false)],
  });

  test('gives the competing labels scores that add up to one', () => {
    const { scores } = decide(sentiment, [2, 1, 0]);
    expect((scores['good'] ?? 0) + (scores['bad'] ?? 0)).toBeCloseTo(1, 3);
  });

  test('lets an accompanying label through without making it the answer', () => {
    const answer = decide(sentiment, [0.1, 0, 5]);
    expect(answer.primary).toBe('good');
    expect(answer.labels.map((entry) => entry.label)).toEqual(['mixed', 'good', 'bad']);
  });
});

describe('trained rules', () => {
  const rules = { thresholds: [0.2, 0.5, 0.9], floor: 0.7 };

  test('give every label its own threshold, and the task its floor', () => {
    const answer = decide(task(), [odds(0.25), odds(0.65), odds(0.8)], rules);
    expect(answer.primary).toBe('c');
    expect(answer.labels.map((entry) => entry.label)).toEqual(['c', 'b', 'a']);
    expect(decide(task(), [odds(0.19), odds(0.6), odds(0.1)], rules)).toMatchObject({
      labels: [{ label: 'b', score: 0.6 }],
      uncertain: true,
      confidence: 0.6,
    });
  });

  test('let "none" win by its share of the odds against the likeliest label, and be as sure as it is likely', () => {
    const none = { logit: odds(0.8), threshold: 0.5 };
    const answer = decide(task(), [odds(0.7), odds(0.1), odds(0.1)], { ...rules, none });
    expect(answer).toMatchObject({ primary: null, labels: [], confidence: 0.8, uncertain: false });
    const label = decide(task(), [odds(0.9), odds(0.1), odds(0.1)], { ...rules, none });
    expect(label).toMatchObject({ primary: 'a', confidence: 0.9 });
    // odds of 4 for none and of 9 for the label: a share of 4 / 13
    const stricter = { logit: odds(0.8), threshold: 0.3 };
    expect(decide(task(), [odds(0.9), 0, 0], { ...rules, none: stricter }).primary).toBeNull();
  });

  test('do not make "none" an answer where the task has no such answer', () => {
    const none = { logit: 50, threshold: 0.5 };
    expect(decide(task({ none: false }), [0, -1, -2], { ...rules, none }).primary).toBe('a');
  });
});

test('whatever the log-odds, scores are probabilities, labels are ranked and the answer is among them', () => {
  const values = fc.array(fc.double({ min: -800, max: 800, noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(values, fc.boolean(), fc.boolean(), (logits, multi, none) => {
      const answer = decide(task({ multi, none }), logits);
      const scores = answer.labels.map(({ score }) => score);
      expect(Object.keys(answer.scores)).toEqual(['a', 'b', 'c']);
      for (const score of Object.values(answer.scores)) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      expect(answer.labels.some((entry) => entry.label === answer.primary)).toBe(answer.primary !== null);
      if (!none) expect(answer.primary).not.toBeNull();
    }),
  );
});

test('where nothing was said nothing is claimed', () => {
  expect(nothingSaid(task({ none: false }))).toEqual({
    primary: null,
    labels: [],
    scores: { a: 0, b: 0, c: 0 },
    uncertain: true,
    confidence: 0,
  });
});
