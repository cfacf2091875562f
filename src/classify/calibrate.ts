import { minimise } from './minimise.ts';

/** From log-odds to probabilities that mean what they say, and to thresholds: all of it fitted on held-out items. */

/** Pull of the calibration towards leaving the log-odds as they are: worth about this many items. */
const PRIOR = 5;
/** Bounds and step of thresholds: beyond them a handful of held-out items would decide. */
const LOWEST = 0.1;
const HIGHEST = 0.8;
const STEP = 0.02;
/**
 * How many of the answers must be above the floor, and how right these should be: the first that can be had. What is
 * chosen on items flatters them: 97 % there were about 95 % elsewhere.
 */
const LEAST_COVERAGE = 0.4;
const WANTED_ACCURACY = [0.97, 0.95, 0.9, 0.85, 0.8] as const;

/** The number that competing labels' log-odds are divided by so that held-out answers are likeliest (0.2 to 5). */
export function temperatureFor(logits: readonly (readonly number[])[], right: readonly number[]): number {
  const lossAt = (temperature: number) =>
    logits.reduce((sum, row, at) => {
      const scaled = row.map((value) => value / temperature);
      const highest = Math.max(...scaled);
      const total = scaled.reduce((all, value) => all + Math.exp(value - highest), 0);
      return sum + Math.log(total) + highest - (scaled[right[at] ?? 0] ?? 0);
    }, 0);
  // The loss has one minimum in log-temperature; a thirtieth of a step apart is finer than the data can tell.
  const candidates = Array.from({ length: 97 }, (_, at) => Math.exp(-1.6 + at / 30));
  return candidates.reduce((best, candidate) => (lossAt(candidate) < lossAt(best) ? candidate : best), 1);
}

/** Platt's scaling: `slope` x + `offset` are the log-odds that the label holds. */
export function platt(
  logits: readonly number[],
  holds: readonly boolean[],
): { slope: number; offset: number } {
  const [slope = 1, offset = 0] = minimise(
    (point, gradient) => {
      const [a = 1, b = 0] = point;
      let loss = (PRIOR / 2) * ((a - 1) ** 2 + b ** 2);
      gradient.set([PRIOR * (a - 1), PRIOR * b]);
      for (const [at, logit] of logits.entries()) {
        const z = a * logit + b;
        const target = holds[at] ? 1 : 0;
        const rate = 1 / (1 + Math.exp(-z)) - target;
        loss += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
        gradient[0] = (gradient[0] ?? 0) + rate * logit;
        gradient[1] = (gradient[1] ?? 0) + rate;
      }
      return loss;
    },
    Float64Array.of(1, 0),
    { tolerance: 1e-10 },
  );
  // A slope of zero or less would turn the label round: such a head knows nothing, and its prior is all it says.
  return { slope: Math.max(slope, 0.01), offset };
}

/**
 * The threshold with the best F1, the middle of them where several have it. `answered`: items that get the label
 * whatever its probability, because it is the answer.
 */
export function bestThreshold(
  items: readonly { probability: number; holds: boolean; answered: boolean }[],
): number {
  // A label that nothing held of is not given away: 1 is out of reach.
  if (!items.some(({ holds }) => holds)) return 1;
  const scored = grid().map((threshold) => {
    let [hits, alarms, misses] = [0, 0, 0];
    for (const { probability, holds, answered } of items) {
      const says = answered || probability >= threshold;
      if (says && holds) hits += 1;
      else if (says) alarms += 1;
      else if (holds) misses += 1;
    }
    return { threshold, value: hits === 0 ? 0 : (2 * hits) / (2 * hits + alarms + misses) };
  });
  return middleOfBest(scored);
}

/** The share of the odds from which "none" is the answer, by the accuracy of the answers. */
export function bestNoneThreshold(
  items: readonly { share: number; noneIsRight: boolean; labelIsRight: boolean }[],
): number {
  const scored = grid().map((threshold) => {
    const value = items.filter((item) =>
      item.share >= threshold ? item.noneIsRight : item.labelIsRight,
    ).length;
    return { threshold, value };
  });
  return middleOfBest(scored);
}

/**
 * The lowest confidence above which 97 % of the answers are right, where that leaves 40 % of them; else the same for 95,
 * 90, 85 and 80 %; else the confidence of the surest 40 %.
 */
export function floorFor(items: readonly { confidence: number; right: boolean }[]): number {
  const ranked = items.toSorted((a, b) => b.confidence - a.confidence);
  const steps: { confidence: number; accuracy: number; coverage: number }[] = [];
  let right = 0;
  for (const [at, item] of ranked.entries()) {
    right += item.right ? 1 : 0;
    // equal confidences are above or below together
    if (ranked[at + 1]?.confidence === item.confidence) continue;
    const above = at + 1;
    steps.push({ confidence: item.confidence, accuracy: right / above, coverage: above / ranked.length });
  }
  for (const wanted of WANTED_ACCURACY) {
    const last = steps.findLast(({ accuracy }) => accuracy >= wanted);
    if (last !== undefined && last.coverage >= LEAST_COVERAGE) return last.confidence;
  }
  return steps.find(({ coverage }) => coverage >= LEAST_COVERAGE)?.confidence ?? 0;
}

function grid(): number[] {
  const count = Math.round((HIGHEST - LOWEST) / STEP) + 1;
  return Array.from({ length: count }, (_, at) => Math.round((LOWEST + at * STEP) * 100) / 100);
}

/** Neighbouring thresholds often do equally well; the middle is the least accidental. */
function middleOfBest(scored: readonly { threshold: number; value: number }[]): number {
  const best = Math.max(...scored.map(({ value }) => value));
  const equal = scored.filter(({ value }) => value === best);
  return equal[Math.floor(equal.length / 2)]?.threshold ?? 0.5;
}
