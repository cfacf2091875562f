import { shortHash } from '../core/hash.ts';
import type { Decision } from './decide.ts';
import { phrasesOf } from './derive-heads.ts';
import { isRight } from './examples.ts';
import { fewShotTask, LEAST_FEW } from './few-shot-task.ts';
import { type HeadsFile, NO_HEADS, type TaskHeads, toHeads } from './heads.ts';
import { type Lesson, samplesFor } from './lessons.ts';
import { type Judged, type Measures, measure } from './metrics.ts';
import type { Scorer } from './scorer.ts';
import type { Task } from './taxonomy.ts';
import { scoreOf, trainTask } from './train.ts';
import type { Workbench } from './workbench.ts';

/** New heads for every task there are lessons for; a task's old heads stay where the new ones do worse. */

export interface TaskChange {
  readonly task: string;
  readonly train: number;
  readonly dev: number;
  readonly before: Pick<Measures, 'accuracy' | 'macroF1'> | null;
  readonly after: Pick<Measures, 'accuracy' | 'macroF1'> | null;
  /**
   * Whose answers are compared: heads' on dev items; or, where these are too few, on all items the descriptions' (before)
   * with those of heads that have not seen the item (after).
   */
  readonly judgedOn: 'dev items' | 'items unseen';
  /** Judged items that are answered differently now. */
  readonly flips: { readonly mended: number; readonly broken: number; readonly other: number };
  /** The commonest of them: `old → new`. */
  readonly flipped: readonly {
    readonly from: string | null;
    readonly to: string | null;
    readonly items: number;
  }[];
  readonly verdict: 'replaced' | 'kept: worse' | 'kept: too little data' | 'left: has no head';
  readonly reason?: string;
}

export interface Refit {
  readonly file: HeadsFile;
  readonly changes: readonly TaskChange[];
}

/**
 * Trains every task and compares it with what answers now, on the dev items.
 * @param tolerance how much the mean of accuracy and macro-F1 may fall, 0..1
 */
export async function refit(
  bench: Pick<Workbench, 'taxonomy' | 'encoder' | 'width' | 'inUse' | 'learnt' | 'scorer'>,
  lessons: readonly Lesson[],
  options: {
    readonly tolerance: number;
    readonly vectors: readonly Float32Array[];
    readonly feedback: number;
  },
): Promise<Refit> {
  const { taxonomy, inUse } = bench;
  const { trained, unseen, reasons } = fitAll(bench, lessons, options.vectors);
  const data = shortHash(JSON.stringify(lessons.map((lesson) => [lesson.prompt, lesson.split]))).slice(0, 12);
  const about = { encoder: bench.encoder, dimensions: bench.width };
  const fresh = {
    ...about,
    trained: { data, items: lessons.length, feedback: options.feedback },
    tasks: trained,
  };
  const [before, after] = [await bench.scorer(inUse?.heads ?? NO_HEADS), await bench.scorer(toHeads(fresh))];
  const described = await bench.scorer(NO_HEADS);
  const changes = Object.entries(taxonomy.tasks).map(([name, task]): TaskChange => {
    const reason = reasons.get(name);
    if (task.engine === 'entailment') return leftAlone(name);
    const asked = { name, task, lessons, vectors: options.vectors };
    const few = unseen.get(name);
    const answers = few === undefined ? onDev(asked, before, after) : onUnseen(asked, described, few);
    return { ...compare(asked, answers, options.tolerance), ...settledBy(reason) };
  });
  const tasks = Object.fromEntries(
    changes.flatMap(({ task, verdict }) => {
      const heads = verdict === 'replaced' ? trained[task] : inUse?.file.tasks[task];
      return heads === undefined ? [] : [[task, heads]];
    }),
  );
  return { file: { ...fresh, tasks }, changes };
}

/** By task its heads, and the answers that judge them where dev items are too few; or why there are none. */
function fitAll(
  { taxonomy, inUse, learnt }: Pick<Workbench, 'taxonomy' | 'inUse' | 'learnt'>,
  lessons: readonly Lesson[],
  vectors: readonly Float32Array[],
) {
  const trained: Record<string, TaskHeads> = {};
  const unseen = new Map<string, readonly Decision[]>();
  const reasons = new Map<string, string>();
  for (const [name, task] of Object.entries(taxonomy.tasks)) {
    if (task.engine === 'entailment') continue;
    const samples = samplesFor(name, lessons, vectors);
    const result = trainTask(task, samples, learnt[name]);
    // what was once chosen on dev items is not given up for what a handful says
    const isFirst = inUse?.file.tasks[name]?.dev === undefined;
    const few = 'skipped' in result && isFirst ? fewShotTask(task, samples) : null;
    if ('heads' in result) trained[name] = result.heads;
    else if (few === null)
      reasons.set(name, `${result.skipped}; or, for a first head, ${LEAST_FEW} of each label`);
    else {
      trained[name] = few.heads;
      unseen.set(name, few.unseen);
    }
  }
  return { trained, unseen, reasons };
}

/** A model of its own answers it; heads that it had before come back with `engine: heads`. */
function leftAlone(task: string): TaskChange {
  return {
    ...{ task, train: 0, dev: 0, before: null, after: null, judgedOn: 'dev items' },
    ...flipsBetween([], []),
    verdict: 'left: has no head',
    reason: 'an entailment model answers it, which is not fitted here',
  };
}

function settledBy(reason: string | undefined): Pick<TaskChange, 'verdict' | 'reason'> | object {
  return reason === undefined ? {} : { verdict: 'kept: too little data', reason, after: null };
}

interface Asked {
  readonly name: string;
  readonly task: Task;
  readonly lessons: readonly Lesson[];
  readonly vectors: readonly Float32Array[];
}

interface Compared {
  readonly judgedOn: TaskChange['judgedOn'];
  readonly old: readonly Judged[];
  readonly now: readonly Judged[];
}

function onDev(asked: Asked, before: Scorer, after: Scorer): Compared {
  const dev = judgeable(asked).filter(({ split }) => split === 'dev');
  const judged = (score: Scorer) => dev.map(({ gold, text }) => ({ gold, answer: score(asked.name, text) }));
  return { judgedOn: 'dev items', old: judged(before), now: judged(after) };
}

/** @param unseen of each item the answer of heads that have not seen it */
function onUnseen(asked: Asked, described: Scorer, unseen: readonly Decision[]): Compared {
  // the descriptions know themselves
  const known = new Set(asked.task.labels.flatMap(phrasesOf));
  const items = judgeable(asked).flatMap(({ gold, text }, at) => {
    const answer = unseen[at];
    return answer === undefined || known.has(text.prompt) ? [] : [{ gold, text, answer }];
  });
  return {
    judgedOn: 'items unseen',
    old: items.map(({ gold, text }) => ({ gold, answer: described(asked.name, text) })),
    now: items.map(({ gold, answer }) => ({ gold, answer })),
  };
}

/** In the order of the samples. */
function judgeable({ name, lessons, vectors }: Asked) {
  return lessons.flatMap(({ prompt, split, goldOf }, at) => {
    const [gold, vector] = [goldOf(name), vectors[at]];
    return gold === undefined || vector === undefined ? [] : [{ gold, split, text: { prompt, vector } }];
  });
}

function compare(asked: Asked, { judgedOn, old, now }: Compared, tolerance: number): TaskChange {
  const { name, task } = asked;
  const [oldMeasures, newMeasures] = [measure(task, old), measure(task, now)];
  const turned = flipsBetween(old, now);
  const isWorse =
    judgedOn === 'dev items'
      ? scoreOf(newMeasures) < scoreOf(oldMeasures) - tolerance
      : isPlainlyWorse(turned.flips);
  return {
    task: name,
    train: judgeable(asked).filter(({ split }) => split === 'train').length,
    dev: now.length,
    before: old.length === 0 ? null : brief(oldMeasures),
    after: now.length === 0 ? null : brief(newMeasures),
    judgedOn,
    ...turned,
    verdict: isWorse ? 'kept: worse' : 'replaced',
  };
}

/**
 * On a handful of items a few answers turn by chance: two standard deviations of a fair coin are allowed, and examples
 * that somebody gave count unless they plainly do harm.
 */
function isPlainlyWorse({ mended, broken }: TaskChange['flips']): boolean {
  return broken - mended > 2 * Math.sqrt(broken + mended);
}

function brief({ accuracy, macroF1 }: Measures) {
  return { accuracy, macroF1 };
}

function flipsBetween(old: readonly Judged[], now: readonly Judged[]): Pick<TaskChange, 'flips' | 'flipped'> {
  const flips = { mended: 0, broken: 0, other: 0 };
  const pairs = new Map<string, { from: string | null; to: string | null; items: number }>();
  for (const [at, { gold, answer }] of now.entries()) {
    const from: Decision['primary'] = old[at]?.answer.primary ?? null;
    const to = answer.primary;
    if (from === to) continue;
    const [was, is] = [isRight(gold, from), isRight(gold, to)];
    flips[was === is ? 'other' : is ? 'mended' : 'broken'] += 1;
    const key = JSON.stringify([from, to]);
    pairs.set(key, { from, to, items: (pairs.get(key)?.items ?? 0) + 1 });
  }
  return { flips, flipped: [...pairs.values()].sort((a, b) => b.items - a.items).slice(0, 3) };
}
