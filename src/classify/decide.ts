import type { Task } from './taxonomy.ts';

export interface LabelScore {
  readonly label: string;
  /** Calibrated probability, 4 decimals. */
  readonly score: number;
}

export interface Classification {
  /** The answer; `null` when none of the labels is. */
  readonly primary: string | null;
  /** Labels at or above their threshold, and the primary label in any case; best first. */
  readonly labels: readonly LabelScore[];
  /** Every label of the task. */
  readonly scores: Readonly<Record<string, number>>;
  /** The answer's own probability is below the task's floor, or the text was hardly legible to the encoder. */
  readonly uncertain: boolean;
}

/** An answer with what the decision rests on. */
export interface Decision extends Classification {
  /** Probability of the answer itself, "none" included; 4 decimals. */
  readonly confidence: number;
}

/** What trained heads know better than the taxonomy, in the order of its labels. */
export interface Rules {
  /** Probability from which each label is assigned. */
  readonly thresholds: readonly number[];
  /** Below this probability the answer is uncertain. */
  readonly floor: number;
  /** Log-odds that none of the labels holds, and the share (0..1) of `noneShare` from which that is the answer. */
  readonly none?: { readonly logit: number; readonly threshold: number };
}

/** Turns the log-odds of a task's labels (in the taxonomy's order) into an answer. */
export function decide(task: Task, logits: readonly number[], rules: Rules = rulesOf(task)): Decision {
  const probabilities = task.multi ? logits.map(sigmoid) : shared(task, logits);
  const scored = task.labels.map(({ id, primary }, at) => {
    const score = rounded(probabilities[at] ?? 0);
    return { label: id, score, candidate: primary, reached: score >= (rules.thresholds[at] ?? 1) };
  });
  const ranked = scored.toSorted((a, b) => b.score - a.score);
  const top = ranked.find(({ candidate }) => candidate);
  const share = rules.none ? noneShare(task, logits, rules.none.logit) : 0;
  // Without a head for it, "none" is as likely as that even the likeliest label does not hold.
  const none = rounded(rules.none ? sigmoid(rules.none.logit) : 1 - (top?.score ?? 0));
  const isNone = task.none && (rules.none ? share >= rules.none.threshold : !reachedByAny(ranked));
  const answer = isNone ? undefined : top;
  const confidence = answer?.score ?? none;
  return {
    primary: answer?.label ?? null,
    labels: ranked
      .filter((entry) => entry === answer || (entry.reached && !(isNone && entry.candidate)))
      .map(({ label, score }) => ({ label, score })),
    scores: Object.fromEntries(scored.map(({ label, score }) => [label, score])),
    uncertain: confidence < rules.floor,
    confidence,
  };
}

/** How "none" stands against the likeliest label, 0 to 1: its share of the two odds. */
export function noneShare(task: Task, logits: readonly number[], none: number): number {
  const rivals = logits.filter((_, at) => task.labels[at]?.primary);
  return sigmoid(none - Math.max(...rivals));
}

/** The taxonomy's own thresholds, for heads that were never trained. */
export function rulesOf(task: Task): Rules {
  return { thresholds: task.labels.map(() => task.threshold), floor: task.floor };
}

/** The answer for a text without a single letter or digit: nothing was said, so nothing is claimed. */
export function nothingSaid(task: Task): Decision {
  const scores = Object.fromEntries(task.labels.map(({ id }) => [id, 0]));
  return { primary: null, labels: [], scores, uncertain: true, confidence: 0 };
}

function reachedByAny(
  entries: readonly { readonly candidate: boolean; readonly reached: boolean }[],
): boolean {
  return entries.some(({ candidate, reached }) => candidate && reached);
}

/** Softmax over the labels that compete; those that only accompany are judged one by one. */
function shared(task: Task, logits: readonly number[]): number[] {
  const competing = logits.filter((_, at) => task.labels[at]?.primary);
  const highest = Math.max(...competing);
  const total = competing.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  return logits.map((value, at) => {
    return task.labels[at]?.primary ? Math.exp(value - highest) / total : sigmoid(value);
  });
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function rounded(probability: number): number {
  return Math.round(probability * 1e4) / 1e4;
}
