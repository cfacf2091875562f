import { minimise } from './minimise.ts';
import { TILE, tilesOf } from './tiles.ts';

/** Logistic regression on fixed vectors: labels that compete (softmax), or each label for itself (one against the rest). */
export interface Problem {
  /** One vector per item, all of one length. */
  readonly vectors: readonly ArrayLike<number>[];
  /** How many numbers at the start of each vector are left out of account. */
  readonly skip: number;
  /** Items by labels, item by item: how far the label holds, 0..1; where labels compete a row adds up to 1. */
  readonly targets: Float64Array;
  /** As `targets`: what the entry counts; 0 where it is not known. Competing labels share the row's first. */
  readonly importance: Float64Array;
  readonly labels: number;
  readonly compete: boolean;
}

/** Log-odds of a label = weights . vector + bias. */
export interface Linear {
  readonly weights: readonly number[];
  readonly bias: number;
}

/** Log-odds that a head gives to a vector. */
export function applied({ weights, bias }: Linear, vector: ArrayLike<number>): number {
  return weights.reduce((sum, weight, at) => sum + weight * (vector[at] ?? 0), bias);
}

/** A problem with its vectors standardised once, to be fitted with several strengths of regularisation. */
export interface Prepared {
  readonly problem: Problem;
  readonly rows: Float32Array;
  readonly width: number;
  readonly mean: Float64Array;
  readonly scale: number;
  /** Where regularisation pulls the parameters to. */
  readonly home: Float64Array;
}

/**
 * Centres the vectors and brings their numbers to a variance of one on average, so that `l2` means the same for all.
 * @param known heads to stay near, by label; the others stay near nought
 */
export function prepare(problem: Problem, known: readonly (Linear | undefined)[] = []): Prepared {
  const { vectors, skip } = problem;
  const width = Math.max(0, (vectors[0]?.length ?? 0) - skip);
  const mean = new Float64Array(width);
  for (const vector of vectors)
    for (let at = 0; at < width; at++) mean[at] = (mean[at] ?? 0) + (vector[skip + at] ?? 0) / vectors.length;
  // whole tiles: the rows beyond the last are zeros, which say nothing
  const rows = new Float32Array(Math.ceil(vectors.length / TILE) * TILE * width);
  let spread = 0;
  for (const [row, vector] of vectors.entries()) {
    for (let at = 0; at < width; at++) {
      const value = (vector[skip + at] ?? 0) - (mean[at] ?? 0);
      rows[row * width + at] = value;
      spread += value * value;
    }
  }
  const scale = Math.sqrt(spread / (vectors.length * width)) || 1;
  for (let at = 0; at < rows.length; at++) rows[at] = (rows[at] ?? 0) / scale;
  const standard = { skip, width, mean, scale };
  const homes = Array.from({ length: problem.labels }, (_, label) => parametersOf(known[label], standard));
  return { problem, rows, width, mean, scale, home: Float64Array.from(homes.flat()) };
}

type Standard = Pick<Prepared, 'width' | 'mean' | 'scale'> & Pick<Problem, 'skip'>;

/** What `headsOf` makes a head of, the other way round. */
function parametersOf(head: Linear | undefined, { skip, width, mean, scale }: Standard): number[] {
  const own = Array.from({ length: width }, (_, at) => head?.weights[skip + at] ?? 0);
  const shift = own.reduce((sum, weight, at) => sum + weight * (mean[at] ?? 0), 0);
  return [...own.map((weight) => weight * scale), (head?.bias ?? 0) + shift];
}

/**
 * Fits one linear head per label: mean cross-entropy + `l2` / 2 times the squared distance of the weights
 * from where they are at home (biases are free).
 * @param start parameters of an earlier fit of the same problem, which shortens the way
 */
export function fitHeads(prepared: Prepared, l2: number, start?: Float64Array): Float64Array {
  return minimise(objective(prepared, l2), start ?? prepared.home);
}

/** Heads for the vectors as they were given, the standardisation folded in. */
export function headsOf({ problem, width, mean, scale }: Prepared, fitted: Float64Array): Linear[] {
  return Array.from({ length: problem.labels }, (_, label) => {
    const own = fitted.subarray(label * (width + 1), (label + 1) * (width + 1));
    const weights = Array.from(own.subarray(0, width), (weight) => weight / scale);
    const shift = weights.reduce((sum, weight, at) => sum + weight * (mean[at] ?? 0), 0);
    return {
      weights: [...new Array<number>(problem.skip).fill(0), ...weights],
      bias: (own[width] ?? 0) - shift,
    };
  });
}

function objective({ problem, rows, width, home }: Prepared, l2: number) {
  const { labels, targets, importance, compete } = problem;
  const count = problem.vectors.length;
  const { logits, rates, forward, backward } = tilesOf(rows, width, labels);
  const lossOf = compete ? sharedLoss : separateLoss;
  const inner = (all: Float64Array) =>
    Array.from({ length: TILE }, (_, row) => all.subarray(row * (labels + 1), row * (labels + 1) + labels));
  const [logitsOf, ratesOf] = [inner(logits), inner(rates)];
  return (point: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    for (let row = 0; row < count; row += TILE) {
      forward(point, row);
      rates.fill(0);
      for (const [at, own] of logitsOf.entries()) {
        if (row + at >= count) break;
        const span = [(row + at) * labels, (row + at + 1) * labels] as const;
        const into = ratesOf[at] ?? rates;
        loss += lossOf(own, targets.subarray(...span), importance.subarray(...span), into);
      }
      for (let at = 0; at < rates.length; at++) rates[at] = (rates[at] ?? 0) / count;
      backward(gradient, row);
    }
    return loss / count + penalty(point, gradient, { l2, width, home });
  };
}

/** Cross-entropy of one item under softmax; `rates` gets its derivative by each logit. */
function sharedLoss(
  logits: Float64Array,
  targets: Float64Array,
  importance: Float64Array,
  rates: Float64Array,
): number {
  const weight = importance[0] ?? 0;
  const highest = logits.reduce((top, value) => Math.max(top, value), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  let loss = 0;
  for (let label = 0; label < logits.length; label++) {
    const share = Math.exp((logits[label] ?? 0) - highest) / total;
    const target = targets[label] ?? 0;
    rates[label] = weight * (share - target);
    if (target > 0) loss -= weight * target * Math.log(Math.max(share, 1e-300));
  }
  return loss;
}

/** Sum of the labels' own cross-entropies for one item. */
function separateLoss(
  logits: Float64Array,
  targets: Float64Array,
  importance: Float64Array,
  rates: Float64Array,
): number {
  let loss = 0;
  for (let label = 0; label < logits.length; label++) {
    const weight = importance[label] ?? 0;
    const logit = logits[label] ?? 0;
    const target = targets[label] ?? 0;
    rates[label] = weight * (1 / (1 + Math.exp(-logit)) - target);
    // log(1 + e^z) - target z, without overflow
    loss += weight * (Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - target * logit);
  }
  return loss;
}

function penalty(
  point: Float64Array,
  gradient: Float64Array,
  { l2, width, home }: Pick<Prepared, 'width' | 'home'> & { readonly l2: number },
): number {
  let squares = 0;
  for (let at = 0; at < point.length; at++) {
    if (at % (width + 1) === width) continue;
    const value = (point[at] ?? 0) - (home[at] ?? 0);
    squares += value * value;
    gradient[at] = (gradient[at] ?? 0) + l2 * value;
  }
  return (l2 / 2) * squares;
}
