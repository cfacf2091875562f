import { platt, temperatureFor } from './calibrate.ts';
import { type Decision, decide } from './decide.ts';
import { five, type TaskHeads } from './heads.ts';
import { applied, fitHeads, headsOf, type Linear, prepare } from './regression.ts';
import type { Task } from './taxonomy.ts';
import {
  accompanying,
  competing,
  countLabels,
  importances,
  isKnown,
  type Sample,
  separate,
} from './training-problem.ts';

/**
 * Heads for a task that has a handful of items a label, as a task of one's own has at first: too few for dev items that
 * could choose and calibrate. All items do both, each judged by heads that have not seen it. Thresholds and floor stay the
 * taxonomy's: there is not enough to choose them by.
 */

/** Items that each label needs which can be the answer, its description included: of 8 given a tenth is kept for testing. */
export const LEAST_FEW = 6;
/** Many, because each takes away from what is little already. */
const FOLDS = 10;
/** Strongest first: among equals the strongest stays. */
const STRENGTHS = [1, 0.3, 0.1, 0.03] as const;

export interface FewShotTask {
  readonly heads: TaskHeads;
  /** Of each sample, in order, the answer of heads that have not seen it. */
  readonly unseen: readonly Decision[];
}

/** Null where a label that can be the answer has fewer than six items. Deterministic. */
export function fewShotTask(task: Task, samples: readonly Sample[]): FewShotTask | null {
  const counts = countLabels(task, samples);
  const enough = task.labels.filter(({ id }) => (counts[id] ?? 0) >= LEAST_FEW);
  const answers = task.labels.filter(({ primary }) => primary);
  if (answers.length < 2 || answers.some((label) => !enough.includes(label))) return null;
  const known = { ...task, labels: enough };
  // what a person said outweighs what is written where that is plenty; here it would be all there is
  const even = samples.map((sample) => ({ ...sample, importance: 1 }));
  const tries = STRENGTHS.map((l2) => attempt(known, even, l2));
  const best = tries.reduce((top, one) => (one.loss < top.loss ? one : top));
  const heads = { ...headsFrom(fitted(known, even, best.l2), best.scaling), counts };
  return { heads: { ...heads, chosen: { l2: best.l2, balance: 1 } }, unseen: best.unseen };
}

/** By label: log-odds are multiplied by the slope, and the offset is added. */
type Scaling = ReadonlyMap<string, { readonly slope: number; readonly offset: number }>;

interface Attempt {
  readonly l2: number;
  readonly scaling: Scaling;
  readonly unseen: readonly Decision[];
  /** Minus the log-likelihood of what is known of the labels. */
  readonly loss: number;
}

function attempt(task: Task, samples: readonly Sample[], l2: number): Attempt {
  const folds = dealt(samples);
  const logits = samples.map(() => new Map<string, number>());
  for (let fold = 0; fold < FOLDS; fold++) {
    const heads = fitted(
      task,
      samples.filter((_, at) => folds[at] !== fold),
      l2,
    );
    for (const [at, { vector }] of samples.entries()) {
      if (folds[at] !== fold) continue;
      for (const [id, head] of heads) logits[at]?.set(id, applied(head, vector));
    }
  }
  const scaling = scalingFor(task, samples, logits);
  const unseen = samples.map((_, at) => {
    const scaled = task.labels.map(({ id }) => {
      const { slope, offset } = scaling.get(id) ?? { slope: 1, offset: 0 };
      return slope * (logits[at]?.get(id) ?? 0) + offset;
    });
    return decide(task, scaled);
  });
  const losses = samples.map((sample, at) => lossOf(task, sample, unseen[at]));
  return { l2, scaling, unseen, loss: losses.reduce((sum, loss) => sum + loss, 0) };
}

/** Items of one answer are dealt out evenly. */
function dealt(samples: readonly Sample[]): readonly number[] {
  const counts = new Map<string, number>();
  return samples.map(({ gold }) => {
    const answer = gold.right[0] ?? '';
    const count = counts.get(answer) ?? 0;
    counts.set(answer, count + 1);
    return count % FOLDS;
  });
}

/** Rare labels count as much as common ones: how common they are in a handful says little. */
function fitted(task: Task, samples: readonly Sample[], l2: number): ReadonlyMap<string, Linear> {
  const parts = task.multi
    ? [separate(task, samples, false)]
    : [competing(task, samples), accompanying(task, samples)];
  const heads = parts.flatMap(({ names, problem }) => {
    if (names.length === 0 || problem.vectors.length === 0) return [];
    // whole readings: features were made for the tasks that ship, and the search vector may say more of another
    const ready = prepare({ ...problem, skip: 0, importance: importances(problem, 1) });
    const found = headsOf(ready, fitHeads(ready, l2));
    return names.flatMap((name, at): [string, Linear][] => {
      const head = found[at];
      return head === undefined ? [] : [[name, head]];
    });
  });
  return new Map(heads);
}

function scalingFor(
  task: Task,
  samples: readonly Sample[],
  logits: readonly ReadonlyMap<string, number>[],
): Scaling {
  const rivals = task.multi ? [] : task.labels.filter(({ primary }) => primary).map(({ id }) => id);
  const answered = samples.flatMap(({ gold }, at) => {
    const right = rivals.indexOf(gold.primary ?? '');
    return right < 0 ? [] : [{ right, row: rivals.map((id) => logits[at]?.get(id) ?? 0) }];
  });
  const temperature = temperatureFor(
    answered.map(({ row }) => row),
    answered.map(({ right }) => right),
  );
  return new Map(
    task.labels.map(({ id }) => {
      if (rivals.includes(id)) return [id, { slope: 1 / temperature, offset: 0 }];
      const judged = samples.flatMap(({ gold }, at) =>
        isKnown(gold, id) ? [{ odds: logits[at]?.get(id) ?? 0, holds: gold.labels.includes(id) }] : [],
      );
      const scaling = platt(
        judged.map(({ odds }) => odds),
        judged.map(({ holds }) => holds),
      );
      return [id, scaling];
    }),
  );
}

function lossOf(task: Task, sample: Sample, answer: Decision | undefined): number {
  return task.labels.reduce((sum, { id }) => {
    if (!isKnown(sample.gold, id)) return sum;
    const score = answer?.scores[id] ?? 0;
    return sum - Math.log(Math.max(1e-4, sample.gold.labels.includes(id) ? score : 1 - score));
  }, 0);
}

function headsFrom(heads: ReadonlyMap<string, Linear>, scaling: Scaling): TaskHeads {
  const labels = [...heads].map(([id, { weights, bias }]) => {
    const { slope, offset } = scaling.get(id) ?? { slope: 1, offset: 0 };
    return [
      id,
      { weights: weights.map((weight) => five(weight * slope)), bias: five(bias * slope + offset) },
    ];
  });
  return { temperature: 1, labels: Object.fromEntries(labels) };
}
