import type { Decision } from './decide.ts';
import { type Gold, isRight } from './examples.ts';
import { dot } from './heads.ts';

/** How far two models are apart, on the same texts: answers that turned, and who is whose neighbour. */

/** Neighbours that a search shows. */
const NEIGHBOURS = 10;

export interface TaskDrift {
  readonly task: string;
  readonly items: number;
  /** Items whose answer is another one, and what became of them; `other`: right or wrong as before. */
  readonly flips: number;
  readonly mended: number;
  readonly broken: number;
  readonly other: number;
  /** Share of flips. */
  readonly flipped: number;
  /** Share of right answers. */
  readonly accuracy: { readonly old: number; readonly now: number };
}

export interface VectorDrift {
  readonly items: number;
  /** Mean distance of the two models' cosines, over all pairs of texts. */
  readonly meanCosineShift: number;
  /** Correlation of the two models' cosines (Pearson), -1..1. */
  readonly correlation: number;
  /** Mean share of a text's ten nearest that are the same. */
  readonly overlap: number;
}

export function taskDrift(
  task: string,
  answers: readonly { readonly gold: Gold; readonly old: Decision; readonly now: Decision }[],
): TaskDrift {
  const flips = answers.filter(({ old, now }) => old.primary !== now.primary);
  const became = { mended: 0, broken: 0, other: 0 };
  for (const { gold, old, now } of flips) {
    const [was, is] = [isRight(gold, old.primary), isRight(gold, now.primary)];
    became[was === is ? 'other' : is ? 'mended' : 'broken'] += 1;
  }
  const share = (count: number) => (answers.length === 0 ? 0 : count / answers.length);
  const accuracy = {
    old: share(answers.filter(({ gold, old }) => isRight(gold, old.primary)).length),
    now: share(answers.filter(({ gold, now }) => isRight(gold, now.primary)).length),
  };
  const items = answers.length;
  return { task, items, flips: flips.length, ...became, flipped: share(flips.length), accuracy };
}

/** @param old vectors of unit length by one model, and `now` by the other, of the same texts in the same order */
export function vectorDrift(old: readonly Float32Array[], now: readonly Float32Array[]): VectorDrift {
  const pairs = old.flatMap((vector, at) =>
    old.slice(at + 1).map((other, step) => {
      const there = at + 1 + step;
      return [dot(vector, other), dot(now[at] ?? [], now[there] ?? [])] as const;
    }),
  );
  const shift = pairs.reduce((sum, [a, b]) => sum + Math.abs(a - b), 0);
  const overlaps = old.map((_, at) => {
    const [before, after] = [nearest(old, at), nearest(now, at)];
    return before.filter((one) => after.includes(one)).length / Math.max(1, before.length);
  });
  return {
    items: old.length,
    meanCosineShift: shift / Math.max(1, pairs.length),
    correlation: correlation(pairs),
    overlap: overlaps.reduce((sum, share) => sum + share, 0) / Math.max(1, overlaps.length),
  };
}

function nearest(vectors: readonly Float32Array[], at: number): number[] {
  const own = vectors[at] ?? [];
  return vectors
    .map((vector, there) => ({ there, cosine: there === at ? Number.NEGATIVE_INFINITY : dot(own, vector) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, Math.min(NEIGHBOURS, vectors.length - 1))
    .map(({ there }) => there);
}

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = (which: 0 | 1) =>
    pairs.reduce((sum, pair) => sum + pair[which], 0) / Math.max(1, pairs.length);
  const [meanOld, meanNow] = [mean(0), mean(1)];
  let [both, old, now] = [0, 0, 0];
  for (const [a, b] of pairs) {
    both += (a - meanOld) * (b - meanNow);
    old += (a - meanOld) ** 2;
    now += (b - meanNow) ** 2;
  }
  return old === 0 || now === 0 ? 0 : both / Math.sqrt(old * now);
}
