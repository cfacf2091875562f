import { DIMENSIONS, WITH_FEATURES } from './encoder-files.ts';
import type { Gold, Split } from './examples.ts';
import type { Problem } from './regression.ts';
import type { Task } from './taxonomy.ts';

/** From labelled items to numbers: which items teach which heads what. */

/** One item for one task. */
export interface Sample {
  /** The encoder's reading: search vector, and features where it has them. */
  readonly vector: Float32Array;
  readonly gold: Gold;
  readonly split: Split;
  /** How many items it counts for. */
  readonly importance: number;
  /** As in `Lesson`. */
  readonly paired?: boolean;
}

/** A label's id; the empty string is "none of them". */
export type Head = string;

export interface Part {
  readonly names: readonly Head[];
  readonly problem: Problem;
}

/** Of an item with a second label the first counts this much: it teaches the head what it leaned towards too. */
const FIRST = 0.75;

/** Items by label. */
export function countLabels(task: Task, samples: readonly Sample[]): Record<string, number> {
  return Object.fromEntries(
    task.labels.map(({ id }) => [id, samples.filter(({ gold }) => gold.labels.includes(id)).length]),
  );
}

/** Every label for itself, and "none" as one more. */
export function separate(task: Task, samples: readonly Sample[], hasNone: boolean): Part {
  const names = [...task.labels.map(({ id }) => id), ...(hasNone ? [''] : [])];
  return part(names, samples, false);
}

/** Labels of which one is the answer; items whose answer is none of them teach nothing. */
export function competing(task: Task, samples: readonly Sample[]): Part {
  const names = task.labels.filter(({ primary }) => primary).map(({ id }) => id);
  return part(
    names,
    samples.filter(({ gold }) => names.includes(gold.primary ?? '')),
    true,
  );
}

/** Labels that accompany an answer: each for itself. */
export function accompanying(task: Task, samples: readonly Sample[]): Part {
  const names = task.labels.filter(({ primary }) => !primary).map(({ id }) => id);
  const judged = samples.filter(({ gold }) => names.some((name) => isKnown(gold, name)));
  return part(names, judged, false);
}

function part(names: readonly Head[], samples: readonly Sample[], compete: boolean): Part {
  const targets = samples.flatMap(({ gold }) =>
    compete ? shares(names, gold) : names.map((name) => target(gold, name)),
  );
  const importance = samples.flatMap(({ gold, importance: weight }) => {
    return names.map((name) => (compete || isKnown(gold, name) ? weight : 0));
  });
  const problem = {
    vectors: samples.map(({ vector }) => vector),
    // Features say all that a search vector does, and half as many numbers are fitted in half the time.
    skip: samples[0]?.vector.length === WITH_FEATURES ? DIMENSIONS : 0,
    targets: Float64Array.from(targets),
    importance: Float64Array.from(importance),
    labels: names.length,
    compete,
  };
  return { names, problem };
}

function target(gold: Gold, name: Head): number {
  const isSo = name === '' ? gold.labels.length === 0 : gold.labels.includes(name);
  return isSo ? 1 : 0;
}

/** Whether it is known if the head's label holds. One label that holds is enough to rule "none" out. */
export function isKnown(gold: Gold, name: Head): boolean {
  if (gold.judged === undefined) return true;
  return name === '' ? gold.labels.length > 0 : gold.judged.includes(name);
}

function shares(names: readonly Head[], gold: Gold): number[] {
  const others = gold.labels.filter((label) => label !== gold.primary && names.includes(label));
  return names.map((name) => {
    if (name === gold.primary) return others.length === 0 ? 1 : FIRST;
    return others.includes(name) ? (1 - FIRST) / others.length : 0;
  });
}

/**
 * The problem's importance with rare labels counting more: (others / own) ** balance for the items of a label judged
 * for itself, and (average / own) ** balance for the items of one that competes.
 */
export function importances(problem: Problem, balance: number): Float64Array {
  if (balance === 0) return problem.importance;
  const { labels, targets, importance, compete } = problem;
  const items = problem.vectors.length;
  const own = Array.from({ length: labels }, (_, label) => {
    let sum = 0;
    for (let at = label; at < targets.length; at += labels) sum += targets[at] ?? 0;
    return Math.max(sum, 1);
  });
  return importance.map((weight, at) => {
    const label = at % labels;
    if (!compete)
      return (targets[at] ?? 0) > 0
        ? weight * ((items - (own[label] ?? 1)) / (own[label] ?? 1)) ** balance
        : weight;
    const row = targets.subarray(at - label, at - label + labels);
    const answer = row.indexOf(Math.max(...row));
    return weight * (items / labels / (own[answer] ?? 1)) ** balance;
  });
}
