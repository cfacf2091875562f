import type { Decision } from './decide.ts';
import { type Gold, isRight } from './examples.ts';
import type { Task } from './taxonomy.ts';

/** How right answers are: counts and shares, nothing about where they come from. */

/** Where "none of the labels" stands among the labels. */
export const NONE = '(none)';

/** Width of a bin of confidences: ten of them make a reliability plot. */
const BINS = 10;

export interface Judged {
  readonly gold: Gold;
  readonly answer: Decision;
}

export interface LabelMeasures {
  readonly label: string;
  /** Items of which the label is right. */
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface Bin {
  readonly items: number;
  /** Means over the bin's items. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Measures {
  readonly items: number;
  /** Share of right answers: any label that holds where several may, the one answer where they compete. */
  readonly accuracy: number;
  /** Share of the answers that are the very label named as the item's own; `null` where items name none. */
  readonly exact: number | null;
  /** Mean F1 of the labels that occur. */
  readonly macroF1: number;
  /** F1 of all assigned labels together. */
  readonly microF1: number;
  /** Share of the items without a label that were answered with none; `null` where there are no such items. */
  readonly noneRecall: number | null;
  readonly labels: readonly LabelMeasures[];
  /** Rows: what is right (where any of several is, the one that was answered, else the first); columns: the answer. */
  readonly confusion: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
  /** Expected calibration error over ten bins: mean distance of confidence and accuracy. */
  readonly ece: number;
  readonly bins: readonly Bin[];
  /** Share of the answers that are not marked uncertain, and the accuracy of those (`null` without any). */
  readonly coverage: number;
  readonly accuracyAboveFloor: number | null;
  /** Accuracy of the surest 10, 20 .. 100 % of the answers. */
  readonly curve: readonly { readonly coverage: number; readonly accuracy: number }[];
}

export function measure(task: Task, judged: readonly Judged[]): Measures {
  const right = judged.map(({ gold, answer }) => isRight(gold, answer.primary));
  const sure = right.filter((_, at) => judged[at]?.answer.uncertain === false);
  const without = judged.filter(({ gold }) => gold.right.length === 0);
  const tallies = judged.map((one) => tally(task, one));
  const labels = labelMeasures(task, tallies);
  const bins = binned(judged, right);
  return {
    items: judged.length,
    accuracy: share(right.filter(Boolean).length, judged.length),
    exact: exactness(judged),
    ...f1Of(task, tallies),
    noneRecall:
      without.length === 0
        ? null
        : share(without.filter(({ answer }) => answer.primary === null).length, without.length),
    labels,
    confusion: confusion(task, judged),
    ece: bins.reduce(
      (sum, bin) => sum + share(bin.items, judged.length) * Math.abs(bin.confidence - bin.accuracy),
      0,
    ),
    bins,
    coverage: share(sure.length, judged.length),
    accuracyAboveFloor: sure.length === 0 ? null : share(sure.filter(Boolean).length, sure.length),
    curve: coverageCurve(judged, right),
  };
}

function coverageCurve(judged: readonly Judged[], right: readonly boolean[]): Measures['curve'] {
  const ranked = [...judged.keys()].sort(
    (a, b) => (judged[b]?.answer.confidence ?? 0) - (judged[a]?.answer.confidence ?? 0),
  );
  return Array.from({ length: 10 }, (_, step) => {
    const surest = ranked.slice(0, Math.ceil(((step + 1) / 10) * ranked.length));
    const hits = surest.filter((at) => right[at]).length;
    return { coverage: (step + 1) / 10, accuracy: share(hits, surest.length) };
  });
}

/** Items without a label count too: their own answer is none. */
function exactness(judged: readonly Judged[]): number | null {
  const named = judged.filter(({ gold }) => gold.primary !== undefined || gold.right.length === 0);
  if (!named.some(({ gold }) => gold.primary !== undefined)) return null;
  const hits = named.filter(({ gold, answer }) => answer.primary === (gold.primary ?? null));
  return share(hits.length, named.length);
}

/** One item's hits, false alarms and misses, each a list of labels by their place in the task. */
export interface Tally {
  readonly hits: readonly number[];
  readonly alarms: readonly number[];
  readonly misses: readonly number[];
}

/**
 * Where labels are judged one by one, and for those that only accompany, all that
 * are assigned count; where labels compete, the answer alone does.
 */
export function tally(task: Task, { gold, answer }: Judged): Tally {
  const assigned = new Set(answer.labels.map(({ label }) => label));
  const right = new Set(gold.labels);
  const [hits, alarms, misses]: [number[], number[], number[]] = [[], [], []];
  for (const [at, { id, primary }] of task.labels.entries()) {
    if (gold.judged !== undefined && !gold.judged.includes(id)) continue;
    const alone = !task.multi && primary;
    const says = alone ? answer.primary === id : assigned.has(id);
    const holds = alone ? gold.right.includes(id) : right.has(id);
    if (says && holds) hits.push(at);
    else if (says) alarms.push(at);
    else if (holds) misses.push(at);
  }
  return { hits, alarms, misses };
}

/** Macro-F1 over the labels that occur in either, micro-F1 over all. */
export function f1Of(task: Task, tallies: readonly Tally[]): { macroF1: number; microF1: number } {
  const counts = sums(task, tallies);
  const present = counts.filter(({ hits, misses }) => hits + misses > 0);
  const total = { hits: 0, alarms: 0, misses: 0 };
  for (const { hits, alarms, misses } of counts) {
    total.hits += hits;
    total.alarms += alarms;
    total.misses += misses;
  }
  return {
    macroF1: share(
      present.reduce((sum, count) => sum + f1(count), 0),
      present.length,
    ),
    microF1: f1(total),
  };
}

interface Count {
  hits: number;
  alarms: number;
  misses: number;
}

function sums(task: Task, tallies: readonly Tally[]): Count[] {
  const counts = task.labels.map((): Count => ({ hits: 0, alarms: 0, misses: 0 }));
  for (const one of tallies) {
    for (const key of ['hits', 'alarms', 'misses'] as const) {
      for (const at of one[key]) {
        const count = counts[at];
        if (count !== undefined) count[key] += 1;
      }
    }
  }
  return counts;
}

function labelMeasures(task: Task, tallies: readonly Tally[]): LabelMeasures[] {
  return sums(task, tallies).map((count, at) => ({
    label: task.labels[at]?.id ?? '',
    support: count.hits + count.misses,
    precision: share(count.hits, count.hits + count.alarms),
    recall: share(count.hits, count.hits + count.misses),
    f1: f1(count),
  }));
}

function confusion(task: Task, judged: readonly Judged[]) {
  const labels = [
    ...task.labels.filter(({ primary }) => primary).map(({ id }) => id),
    ...(task.none ? [NONE] : []),
  ];
  const counts = labels.map(() => labels.map(() => 0));
  for (const { gold, answer } of judged) {
    const truth = isRight(gold, answer.primary) ? answer.primary : (gold.primary ?? gold.right[0] ?? null);
    const row = counts[labels.indexOf(truth ?? NONE)];
    const column = labels.indexOf(answer.primary ?? NONE);
    if (row?.[column] !== undefined) row[column] += 1;
  }
  return { labels, counts };
}

function binned(judged: readonly Judged[], right: readonly boolean[]): Bin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const ats = [...judged.keys()].filter((at) => {
      return Math.min(BINS - 1, Math.floor((judged[at]?.answer.confidence ?? 0) * BINS)) === bin;
    });
    const confidence = ats.reduce((sum, at) => sum + (judged[at]?.answer.confidence ?? 0), 0);
    return {
      items: ats.length,
      confidence: share(confidence, ats.length),
      accuracy: share(ats.filter((at) => right[at]).length, ats.length),
    };
  });
}

function f1({ hits, alarms, misses }: Count): number {
  return share(2 * hits, 2 * hits + alarms + misses);
}

/** 0 of 0 is 0. */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
