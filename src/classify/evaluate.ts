import type { Decision } from './decide.ts';
import type { Gold } from './examples.ts';
import { isRight } from './examples.ts';
import { f1Of, type Judged, type Measures, measure, tally } from './metrics.ts';
import type { Task } from './taxonomy.ts';

/** How good a task's answers are, how sure that figure is, and what it would be without training. */

/** Resamples of the items for each interval. */
const RESAMPLES = 1000;

/** 95 %: between the 2.5th and the 97.5th of a hundred resamples. */
export type Interval = readonly [low: number, high: number];

export interface TaskReport {
  readonly task: string;
  readonly measures: Measures;
  readonly intervals: {
    readonly accuracy: Interval;
    readonly macroF1: Interval;
    readonly microF1: Interval;
    readonly accuracyAboveFloor: Interval;
  };
  readonly baselines: readonly {
    readonly name: string;
    readonly accuracy: number;
    readonly macroF1: number;
  }[];
}

/**
 * Measures the answers to one task.
 * @param baselines answers by other means to the same items, in the same order
 * @param seed the same seed gives the same intervals
 */
export function report(
  task: string,
  definition: Task,
  judged: readonly Judged[],
  options: {
    readonly baselines: readonly { name: string; answers: readonly Decision[] }[];
    readonly seed: number;
  },
): TaskReport {
  const golds: readonly Gold[] = judged.map(({ gold }) => gold);
  return {
    task,
    measures: measure(definition, judged),
    intervals: intervals(definition, judged, options.seed),
    baselines: options.baselines.map(({ name, answers }) => {
      const pairs = golds.flatMap((gold, at) => {
        const answer = answers[at];
        return answer === undefined ? [] : [{ gold, answer }];
      });
      const { accuracy, macroF1 } = measure(definition, pairs);
      return { name, accuracy, macroF1 };
    }),
  };
}

/** Percentile bootstrap over items. */
function intervals(task: Task, judged: readonly Judged[], seed: number): TaskReport['intervals'] {
  const facts = judged.map((one) => ({
    right: isRight(one.gold, one.answer.primary),
    sure: !one.answer.uncertain,
    tally: tally(task, one),
  }));
  const random = generator(seed);
  const drawn = { accuracy: [0], macroF1: [0], microF1: [0], accuracyAboveFloor: [0] };
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const sample = facts.flatMap(() => facts[Math.floor(random() * facts.length)] ?? []);
    const sure = sample.filter((fact) => fact.sure);
    const { macroF1, microF1 } = f1Of(
      task,
      sample.map((fact) => fact.tally),
    );
    drawn.accuracy[resample] = shareRight(sample);
    drawn.macroF1[resample] = macroF1;
    drawn.microF1[resample] = microF1;
    drawn.accuracyAboveFloor[resample] = shareRight(sure);
  }
  return {
    accuracy: middle(drawn.accuracy),
    macroF1: middle(drawn.macroF1),
    microF1: middle(drawn.microF1),
    accuracyAboveFloor: middle(drawn.accuracyAboveFloor),
  };
}

function shareRight(facts: readonly { readonly right: boolean }[]): number {
  return facts.length === 0 ? 0 : facts.filter(({ right }) => right).length / facts.length;
}

function middle(values: readonly number[]): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(0.025), at(0.975)];
}

/** Mulberry32: numbers of 0 to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** So many of the items, in an order of their own; the same for the same seed, and fewer are the first of more. */
export function sampled<T>(items: readonly T[], count: number, seed: number): readonly T[] {
  const random = generator(seed);
  const drawn = items.map((item) => ({ item, place: random() })).sort((a, b) => a.place - b.place);
  return drawn.slice(0, count).map(({ item }) => item);
}

/** Value below which this share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
