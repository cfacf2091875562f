import { describe, expect, test } from 'vitest';
import { keywords, majority } from '../../src/classify/baselines.ts';
import { confusionMatrix, reliabilityPlot } from '../../src/classify/charts.ts';
import type { Decision } from '../../src/classify/decide.ts';
import { percentile, report } from '../../src/classify/evaluate.ts';
import { among, first, type Gold } from '../../src/classify/examples.ts';
import { type Judged, measure } from '../../src/classify/metrics.ts';
import { madeUpTask } from './made-up.ts';

const answer = (labels: readonly string[], confidence = 0.95, uncertain = false): Decision => ({
  primary: labels[0] ?? null,
  labels: labels.map((label) => ({ label, score: confidence })),
  scores: {},
  uncertain,
  confidence,
});
const judged = (gold: Gold, decision: Decision): Judged => ({ gold, answer: decision });

describe('measures of a task whose labels compete', () => {
  const task = madeUpTask(['a', 'b', 'c']);
  const measures = measure(task, [
    judged(first(['a']), answer(['a'])),
    judged(first(['a']), answer(['a'])),
    judged(first(['a']), answer(['b'], 0.55, true)),
    judged(first(['b', 'a']), answer(['a'], 0.65)),
    judged(first(['b']), answer(['b'], 0.75)),
  ]);

  test('count an answer as right when it is the first label', () => {
    expect(measures.accuracy).toBe(3 / 5);
    expect(measures.exact).toBe(3 / 5);
    expect(measures.noneRecall).toBeNull();
  });

  test('give precision, recall and F1 by label; one that never occurs is not in the mean', () => {
    expect(measures.labels).toEqual([
      { label: 'a', support: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
      { label: 'b', support: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      { label: 'c', support: 0, precision: 0, recall: 0, f1: 0 },
    ]);
    expect(measures.macroF1).toBeCloseTo((2 / 3 + 1 / 2) / 2, 10);
    expect(measures.microF1).toBeCloseTo(3 / 5, 10);
  });

  test('lay out what is right against what was answered', () => {
    expect(measures.confusion).toEqual({
      labels: ['a', 'b', 'c'],
      counts: [
        [2, 1, 0],
        [1, 1, 0],
        [0, 0, 0],
      ],
    });
  });

  test('compare confidence with accuracy bin by bin', () => {
    // .95 twice, both right (off by .05); .55 wrong; .65 wrong; .75 right (off by .25)
    expect(measures.ece).toBeCloseTo((2 * 0.05 + 0.55 + 0.65 + 0.25) / 5, 10);
    expect(measures.bins[9]).toEqual({ items: 2, confidence: 0.95, accuracy: 1 });
  });

  test('tell the answers above the floor apart', () => {
    expect(measures.coverage).toBe(4 / 5);
    expect(measures.accuracyAboveFloor).toBe(3 / 4);
  });
});

describe('measures of a task whose labels are judged one by one', () => {
  const task = madeUpTask(['a', 'b'], { multi: true, none: true });
  const measures = measure(task, [
    judged(among(['a', 'b'], 'a'), answer(['b'])),
    judged(among([]), answer([])),
    judged(among([]), answer(['a'])),
    judged({ ...among(['b']), judged: ['b'] }, answer(['b', 'a'])),
  ]);

  test('take any label that holds as right, and tell the very one apart', () => {
    expect(measures.accuracy).toBe(3 / 4);
    expect(measures.exact).toBe(1 / 3);
    expect(measures.noneRecall).toBe(1 / 2);
  });

  test('count every assigned label, but none of which nothing is known', () => {
    // b: two hits; a: one miss, one false alarm; the a of the last item is not judged
    expect(measures.labels.map(({ f1 }) => f1)).toEqual([0, 1]);
    expect(measures.microF1).toBeCloseTo(4 / 6, 10);
    expect(measures.confusion.labels).toEqual(['a', 'b', '(none)']);
    expect(measures.confusion.counts).toEqual([
      [0, 0, 0],
      [0, 2, 0],
      [1, 0, 1],
    ]);
  });
});

describe('a report', () => {
  const task = madeUpTask(['a', 'b']);
  const items = Array.from({ length: 200 }, (_, at) =>
    judged(first(['a']), answer([at % 4 === 0 ? 'b' : 'a'])),
  );

  test('brackets each figure by an interval that is the same for the same seed', () => {
    const made = report('x', task, items, { baselines: [], seed: 1 });
    const [low, high] = made.intervals.accuracy;
    // 0.75 plus or minus two standard errors of 0.031
    expect(low).toBeGreaterThan(0.66);
    expect(low).toBeLessThan(0.72);
    expect(high).toBeGreaterThan(0.78);
    expect(high).toBeLessThan(0.84);
    expect(report('x', task, items, { baselines: [], seed: 1 })).toEqual(made);
    expect(report('x', task, items, { baselines: [], seed: 2 })).not.toEqual(made);
  });

  test('puts baselines beside it', () => {
    const commonest = majority(task, [first(['b']), first(['b']), first(['a'])]);
    const { baselines } = report('x', task, items, {
      baselines: [{ name: 'commonest', answers: items.map(commonest) }],
      seed: 1,
    });
    expect(baselines).toEqual([{ name: 'commonest', accuracy: 0, macroF1: 0 }]);
  });
});

test('keywords answer with the label whose name is in the text, else with what is commonest', () => {
  const task = madeUpTask(['renewal discussion', 'training']);
  const ask = keywords(task, () => answer(['training']));
  expect(ask('Discussing our renewals').primary).toBe('renewal discussion');
  expect(ask('Lunch').primary).toBe('training');
  expect(keywords({ ...task, none: true }, () => answer(['training']))('Lunch').primary).toBeNull();
});

test('percentiles are values that occurred', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.95)]).toEqual([51, 96, 7]);
});

describe('charts', () => {
  test('escape what labels are called and keep every count', () => {
    const svg = confusionMatrix('a & b', {
      labels: ['<x>', 'y'],
      counts: [
        [17, 0],
        [4, 29],
      ],
    });
    expect(svg).toContain('a &amp; b');
    expect(svg).toContain('&lt;x&gt;');
    expect(svg).not.toContain('<x>');
    expect([...svg.matchAll(/>(\d+)<\/text>/g)].map(([, text]) => text)).toEqual(['17', '4', '29']);
  });

  test('show only the bins that have items', () => {
    const empty = { items: 0, confidence: 0, accuracy: 0 };
    const svg = reliabilityPlot('r', [empty, { items: 3, confidence: 0.5, accuracy: 1 }]);
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).toContain('cx="240" cy="60"');
  });
});
