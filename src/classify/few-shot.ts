import { bestThreshold, platt } from './calibrate.ts';
import { sigmoid } from './decide.ts';
import { five } from './heads.ts';
import { applied, fitHeads, headsOf, type Linear, prepare } from './regression.ts';
import type { Task } from './taxonomy.ts';
import { importances, isKnown, type Sample, separate } from './training-problem.ts';

/**
 * Heads for labels that have a handful of examples, as a label of one's own has at first: too few of them are dev items
 * for these to calibrate it and to choose its threshold. The train items do both, each judged by a head that has not
 * seen it.
 */

/** A label that fewer dev items have is not judged by them. */
const LEAST_DEV_HOLDS = 4;
const FOLDS = 4;
const STRENGTHS = [0.3, 0.1, 0.03] as const;

export interface FewShot {
  readonly weights: number[];
  readonly bias: number;
  /** Probability from which the label is assigned. */
  readonly threshold: number;
}

/** By label: those of a task with several labels that too few dev items have. */
export function fewShotHeads(
  task: Task,
  train: readonly Sample[],
  dev: readonly Sample[],
): ReadonlyMap<string, FewShot> {
  if (!task.multi) return new Map();
  const scarce = task.labels.filter(
    ({ id }) => dev.filter(({ gold }) => gold.labels.includes(id)).length < LEAST_DEV_HOLDS,
  );
  return new Map(
    scarce.map(({ id }) => {
      const judged = [...train, ...dev].filter(({ gold }) => isKnown(gold, id));
      const fits = STRENGTHS.map((l2) => fitted(task, judged, id, l2));
      return [id, fits.reduce((best, fit) => (fit.loss < best.loss ? fit : best)).head] as const;
    }),
  );
}

function fitted(task: Task, samples: readonly Sample[], id: string, l2: number) {
  const logits = outOfFold(task, samples, id, l2);
  const holds = samples.map(({ gold }) => gold.labels.includes(id));
  const { slope, offset } = platt(logits, holds);
  const items = logits.map((logit, at) => {
    return { probability: sigmoid(slope * logit + offset), holds: holds[at] === true, answered: false };
  });
  const { weights, bias } = headOf(task, samples, id, l2);
  return {
    loss: items.reduce(
      (sum, one) => sum - Math.log(Math.max(1e-9, one.holds ? one.probability : 1 - one.probability)),
      0,
    ),
    head: {
      weights: weights.map((weight) => five(weight * slope)),
      bias: five(bias * slope + offset),
      threshold: bestThreshold(items),
    },
  };
}

/** Log-odds of each item from a head that was fitted without it; items with the label are dealt out evenly. */
function outOfFold(task: Task, samples: readonly Sample[], id: string, l2: number): number[] {
  let [having, lacking] = [0, 0];
  const folds = samples.map(({ gold }) => (gold.labels.includes(id) ? having++ : lacking++) % FOLDS);
  const logits = new Array<number>(samples.length).fill(0);
  for (let fold = 0; fold < FOLDS; fold++) {
    const head = headOf(
      task,
      samples.filter((_, at) => folds[at] !== fold),
      id,
      l2,
    );
    for (const [at, { vector }] of samples.entries())
      if (folds[at] === fold) logits[at] = applied(head, vector);
  }
  return logits;
}

/** Items with the label count as much as all the others together: they are few. */
function headOf(task: Task, samples: readonly Sample[], id: string, l2: number): Linear {
  const alone = { ...task, labels: task.labels.filter((label) => label.id === id) };
  // what a person said outweighs what is written where they are many; here it would be all there is
  const even = samples.map((sample) => ({ ...sample, importance: 1 }));
  const { problem } = separate(alone, even, false);
  const ready = prepare({ ...problem, importance: importances(problem, 1) });
  const [head] = headsOf(ready, fitHeads(ready, l2));
  return head ?? { weights: [], bias: 0 };
}
