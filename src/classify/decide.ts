import type { Task } from './taxonomy.ts';

export interface LabelScore {
  readonly label: string;
  /** Calibrated probability, 4 decimals. */
  readonly score: number;
}

export interface Classification {
  /** The answer; `null` when none of the labels is. */
  readonly primary: string | null;
  /** Labels at or above the task's threshold, and the primary label in any case; best first. */
  readonly labels: readonly LabelScore[];
  /** Every label of the task. */
  readonly scores: Readonly<Record<string, number>>;
  /** The answer's own probability is below the task's floor, or the text was hardly legible to the encoder. */
  readonly uncertain: boolean;
}

/** Turns the log-odds of a task's labels (in the taxonomy's order) into an answer. */
export function decide(task: Task, logits: readonly number[]): Classification {
  const probabilities = task.multi ? logits.map(sigmoid) : shared(task, logits);
  const scored = task.labels.map(({ id, primary }, at) => {
    return { label: id, score: rounded(probabilities[at] ?? 0), candidate: primary };
  });
  const ranked = scored.toSorted((a, b) => b.score - a.score);
  const top = ranked.find(({ candidate }) => candidate);
  const answer = top !== undefined && (!task.none || top.score >= task.threshold) ? top : null;
  // Where "none" is the answer, its probability is that even the likeliest label does not hold.
  const confidence = answer?.score ?? 1 - (top?.score ?? 0);
  return {
    primary: answer?.label ?? null,
    labels: ranked
      .filter((entry) => entry === answer || entry.score >= task.threshold)
      .map(({ label, score }) => ({ label, score })),
    scores: Object.fromEntries(scored.map(({ label, score }) => [label, score])),
    uncertain: confidence < task.floor,
  };
}

/** The answer for a text without a single letter or digit: nothing was said, so nothing is claimed. */
export function nothingSaid(task: Task): Classification {
  const scores = Object.fromEntries(task.labels.map(({ id }) => [id, 0]));
  return { primary: null, labels: [], scores, uncertain: true };
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

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function rounded(probability: number): number {
  return Math.round(probability * 1e4) / 1e4;
}
