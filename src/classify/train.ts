import { fewShotHeads } from './few-shot.ts';
import type { DevScores, TaskHeads } from './heads.ts';
import { fitHeads, headsOf, type Linear, prepare } from './regression.ts';
import { devScores, plattScaled, tempered, withThresholds } from './settle.ts';
import type { Task } from './taxonomy.ts';
import {
  accompanying,
  competing,
  countLabels,
  importances,
  type Sample,
  separate,
} from './training-problem.ts';

/** Linear heads on fixed vectors: fitted on the train items, everything else about them chosen on the dev items. */

/** Strengths of regularisation that are tried, strongest first: each fit starts where the last one ended. */
const STRENGTHS = [1, 0.3, 0.1, 0.03] as const;
/** The same where there are heads to stay near: from all but unmoved. */
const NEAR_STRENGTHS = [100, 10, 3, ...STRENGTHS] as const;
/** How far rare labels count more: not at all, or by the root of how rare they are. */
const BALANCES = [0, 0.5] as const;
/** Fewer dev items than this choose nothing. */
const LEAST_DEV = 20;
/** A label with fewer train items keeps its derived head, which is surer: of one with 8, a fitted head found 56 % and the derived one 81 %. */
const LEAST_ITEMS = 12;

export type Trained = { readonly heads: TaskHeads } | { readonly skipped: string };

/**
 * Heads for one task. Deterministic: the same samples in the same order give the same heads.
 * @param samples train and dev items that say something about the task
 * @param learnt heads to stay near, by label: those that the encoder learnt with
 */
export function trainTask(
  task: Task,
  samples: readonly Sample[],
  learnt: ReadonlyMap<string, Linear> = new Map(),
): Trained {
  const train = samples.filter(({ split }) => split === 'train');
  const dev = samples.filter(({ split }) => split === 'dev');
  const counts = countLabels(task, train);
  const labels = task.labels.filter(({ id }) => (counts[id] ?? 0) >= LEAST_ITEMS);
  if (labels.filter(({ primary }) => primary).length < 2)
    return { skipped: `wants ${LEAST_ITEMS} training items for each of two labels` };
  if (dev.length < LEAST_DEV) return { skipped: `wants ${LEAST_DEV} dev items, got ${dev.length}` };
  const known = { ...task, labels };
  const hasNone =
    task.none && train.filter(({ gold }) => gold.labels.length === 0 && !gold.judged).length >= LEAST_ITEMS;

  let best: Candidate | undefined;
  const consider = (candidate: Candidate) => {
    if (best === undefined || scoreOf(candidate.dev) > scoreOf(best.dev)) best = candidate;
  };
  const [plain, ...others] = BALANCES;
  const setup = { train, dev, hasNone, learnt };
  const tried = learnt.size > 0 ? NEAR_STRENGTHS : STRENGTHS;
  for (const candidate of candidates(known, { ...setup, balance: plain, strengths: tried }))
    consider(candidate);
  const strengths = best === undefined ? [] : [best.l2];
  for (const balance of others)
    for (const candidate of candidates(known, { ...setup, balance, strengths })) consider(candidate);
  if (best === undefined) return { skipped: 'nothing could be fitted' };
  const { l2, balance } = best;
  const scarce = fewShotHeads(known, train, dev);
  const heads = { ...best.heads, labels: { ...best.heads.labels, ...Object.fromEntries(scarce) } };
  const scores = scarce.size === 0 ? best.dev : devScores(known, heads, dev);
  return { heads: { ...heads, counts, chosen: { l2, balance }, dev: scores } };
}

/** One figure for "better": accuracy of the answers and macro-F1 of the labels count alike. */
export function scoreOf({ accuracy, macroF1 }: Pick<DevScores, 'accuracy' | 'macroF1'>): number {
  return (accuracy + macroF1) / 2;
}

interface Candidate {
  readonly heads: TaskHeads;
  readonly dev: DevScores;
  readonly l2: number;
  readonly balance: number;
}

interface Setup {
  readonly train: readonly Sample[];
  readonly dev: readonly Sample[];
  readonly hasNone: boolean;
  readonly balance: number;
  readonly strengths: readonly number[];
  readonly learnt: ReadonlyMap<string, Linear>;
}

function* candidates(task: Task, setup: Setup): Generator<Candidate> {
  const { train, dev, hasNone, balance, strengths, learnt } = setup;
  const met = asMet(dev);
  const parts = task.multi
    ? [separate(task, train, hasNone)]
    : [competing(task, train), accompanying(task, train)];
  const prepared = parts.map((part) => ({
    names: part.names,
    compete: part.problem.compete,
    ready: prepare(
      { ...part.problem, importance: importances(part.problem, balance) },
      part.names.map((name) => learnt.get(name)),
    ),
    fitted: undefined as Float64Array | undefined,
  }));
  for (const l2 of strengths) {
    const fitted = new Map<string, Linear>();
    for (const part of prepared) {
      if (part.names.length === 0) continue;
      part.fitted = fitHeads(part.ready, l2, part.fitted);
      const heads = headsOf(part.ready, part.fitted);
      const scaled = part.compete ? tempered(heads, part.names, met) : plattScaled(heads, part.names, met);
      for (const [name, head] of scaled) fitted.set(name, head);
    }
    const heads = withThresholds(task, fitted, { dev, met });
    yield { heads, dev: devScores(task, heads, dev), l2, balance };
  }
}

/** Probabilities are to be true of what one meets: items in pairs, written to be hard, would make them too timid. */
function asMet(dev: readonly Sample[]): readonly Sample[] {
  const alone = dev.filter(({ paired }) => paired !== true);
  return alone.length < LEAST_DEV ? dev : alone;
}
