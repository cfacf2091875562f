import { bestNoneThreshold, bestThreshold, floorFor, platt, temperatureFor } from './calibrate.ts';
import { decide, noneShare } from './decide.ts';
import { type Gold, isRight } from './examples.ts';
import { type DevScores, five, logit, type TaskHeads, toTaskHead } from './heads.ts';
import { type Judged, measure } from './metrics.ts';
import { applied, type Linear } from './regression.ts';
import { trainedRules } from './scorer.ts';
import type { Task } from './taxonomy.ts';
import type { Head, Sample } from './training-problem.ts';

/** From fitted heads to heads that can be shipped: calibrated, with thresholds, and measured, all on the dev items. */

/** Competing heads at the temperature that suits the dev items. */
export function tempered(
  heads: readonly Linear[],
  names: readonly Head[],
  dev: readonly Sample[],
): [string, Linear][] {
  const answered = dev.filter(({ gold }) => names.includes(gold.primary ?? ''));
  const logits = answered.map(({ vector }) => heads.map((head) => applied(head, vector)));
  const temperature = temperatureFor(
    logits,
    answered.map(({ gold }) => names.indexOf(gold.primary ?? '')),
  );
  return heads.map((head, at) => [names[at] ?? '', changed(head, { slope: 1 / temperature, offset: 0 })]);
}

/** Heads of their own, each with the Platt scaling that suits the dev items. */
export function plattScaled(
  heads: readonly Linear[],
  names: readonly Head[],
  dev: readonly Sample[],
): [string, Linear][] {
  return heads.map((head, at) => {
    const name = names[at] ?? '';
    const judged = dev.filter(({ gold }) => gold.judged === undefined || gold.judged.includes(name));
    const scaling = platt(
      judged.map(({ vector }) => applied(head, vector)),
      judged.map(({ gold }) => holds(gold, name)),
    );
    return [name, changed(head, scaling)];
  });
}

/** The "none" head goes by a name that no label can have. */
function holds(gold: Gold, name: Head): boolean {
  return name === '' ? gold.labels.length === 0 : gold.labels.includes(name);
}

/**
 * Thresholds and floor for calibrated heads, rounded as they are stored.
 * @param held dev items, and those of them that are like what one meets: by these alone the floor is chosen
 */
export function withThresholds(
  task: Task,
  fitted: ReadonlyMap<string, Linear>,
  { dev, met }: { readonly dev: readonly Sample[]; readonly met: readonly Sample[] },
): TaskHeads {
  const bare = (head: Linear) => ({ weights: head.weights.map(five), bias: five(head.bias) });
  const labels = Object.fromEntries(
    task.labels.flatMap(({ id }) => {
      const head = fitted.get(id);
      return head === undefined ? [] : [[id, { ...bare(head), threshold: 1 }]];
    }),
  );
  const none = fitted.get('');
  const start: TaskHeads = { temperature: 1, labels, floor: 0 };
  const settled: TaskHeads =
    none === undefined
      ? start
      : { ...start, none: { ...bare(none), threshold: noneThreshold(task, start, none, dev) } };
  const answers = answersOf(task, settled, dev);
  const thresholds = Object.entries(labels).map(([id, head]) => {
    return [id, { ...head, threshold: labelThreshold(task, id, answers, settled.none !== undefined) }];
  });
  const complete = { ...settled, labels: Object.fromEntries(thresholds) };
  const confidences = answersOf(task, complete, met).map(({ gold, answer }) => {
    return { confidence: answer.confidence, right: isRight(gold, answer.primary) };
  });
  return { ...complete, floor: floorFor(confidences) };
}

/** How often "none" is right when it is said, against how often a label would be. */
function noneThreshold(task: Task, heads: TaskHeads, none: Linear, dev: readonly Sample[]): number {
  const ready = toTaskHead(heads);
  return bestNoneThreshold(
    dev.map(({ vector, gold }) => {
      const logits = task.labels.map(({ id }) => logitOf(ready.labels.get(id), vector));
      const top = task.labels[logits.indexOf(Math.max(...logits))]?.id ?? null;
      const share = noneShare(task, logits, applied(none, vector));
      return { share, noneIsRight: isRight(gold, null), labelIsRight: isRight(gold, top) };
    }),
  );
}

/** Where labels compete, what counts is whether one holds besides the answer; sentiments never do. */
function labelThreshold(task: Task, id: string, answers: readonly Judged[], hasNone: boolean): number {
  const isAlone = !task.multi && task.labels.some((label) => label.id === id && label.primary);
  return bestThreshold(
    answers
      .filter(({ gold }) => gold.judged === undefined || gold.judged.includes(id))
      .filter(({ answer }) => !(isAlone && answer.primary === id))
      .map(({ gold, answer }) => ({
        // Where "none" is the answer no label is assigned, however likely.
        probability: hasNone && answer.primary === null ? 0 : (answer.scores[id] ?? 0),
        holds: gold.labels.includes(id) && !(isAlone && gold.right.includes(id)),
        answered: answer.primary === id,
      })),
  );
}

/** Answers of a task's heads to samples; labels without a head are never the answer. */
function answersOf(task: Task, heads: TaskHeads, samples: readonly Sample[]): Judged[] {
  const ready = toTaskHead(heads);
  return samples.map(({ vector, gold }) => {
    const logits = task.labels.map(({ id }) => logitOf(ready.labels.get(id), vector));
    const answer = decide(task, logits, trainedRules(task, ready, vector));
    return { gold, answer };
  });
}

/** How the heads do on the dev items. */
export function devScores(task: Task, heads: TaskHeads, dev: readonly Sample[]): DevScores {
  const { items, accuracy, macroF1, ece, coverage, accuracyAboveFloor } = measure(
    task,
    answersOf(task, heads, dev),
  );
  return {
    items,
    accuracy: five(accuracy),
    macroF1: five(macroF1),
    ece: five(ece),
    coverage: five(coverage),
    accuracyAboveFloor: five(accuracyAboveFloor ?? 0),
  };
}

function logitOf(head: Parameters<typeof logit>[0] | undefined, vector: Float32Array): number {
  return head === undefined ? Number.NEGATIVE_INFINITY : logit(head, vector);
}

function changed(head: Linear, { slope, offset }: { slope: number; offset: number }): Linear {
  return { weights: head.weights.map((weight) => weight * slope), bias: head.bias * slope + offset };
}
