import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import type { Decision } from './decide.ts';
import { isRight } from './examples.ts';
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
  /** Dev items that are answered differently now. */
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
  bench: Pick<Workbench, 'taxonomy' | 'encoder' | 'width' | 'inUse' | 'scorer'>,
  lessons: readonly Lesson[],
  options: {
    readonly tolerance: number;
    readonly vectors: readonly Float32Array[];
    readonly feedback: number;
  },
): Promise<Refit> {
  const { taxonomy, inUse } = bench;
  const trained: Record<string, TaskHeads> = {};
  const reasons = new Map<string, string>();
  for (const [name, task] of Object.entries(taxonomy.tasks)) {
    if (task.engine === 'entailment') continue;
    const result = trainTask(task, samplesFor(name, lessons, options.vectors));
    if ('heads' in result) trained[name] = result.heads;
    else reasons.set(name, result.skipped);
  }
  const data = shortHash(JSON.stringify(lessons.map((lesson) => [lesson.prompt, lesson.split]))).slice(0, 12);
  const about = { encoder: bench.encoder, dimensions: bench.width };
  const fresh = {
    ...about,
    trained: { data, items: lessons.length, feedback: options.feedback },
    tasks: trained,
  };
  const [before, after] = [await bench.scorer(inUse?.heads ?? NO_HEADS), await bench.scorer(toHeads(fresh))];
  const changes = Object.entries(taxonomy.tasks).map(([name, task]): TaskChange => {
    const reason = reasons.get(name);
    if (task.engine === 'entailment') return leftAlone(name);
    const asked = { name, task, lessons, vectors: options.vectors };
    return { ...compare(asked, before, after, options.tolerance), ...settledBy(reason) };
  });
  const tasks = Object.fromEntries(
    changes.flatMap(({ task, verdict }) => {
      const heads = verdict === 'replaced' ? trained[task] : inUse?.file.tasks[task];
      return heads === undefined ? [] : [[task, heads]];
    }),
  );
  return { file: { ...fresh, tasks }, changes };
}

/** A model of its own answers it; heads that it had before come back with `engine: heads`. */
function leftAlone(task: string): TaskChange {
  return {
    ...{ task, train: 0, dev: 0, before: null, after: null },
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

function compare(
  { name, task, lessons, vectors }: Asked,
  before: Scorer,
  after: Scorer,
  tolerance: number,
): TaskChange {
  const old: Judged[] = [];
  const now: Judged[] = [];
  let train = 0;
  for (const [at, { prompt, split, goldOf }] of lessons.entries()) {
    const [gold, vector] = [goldOf(name), vectors[at]];
    if (gold === undefined || vector === undefined) continue;
    if (split === 'train') train += 1;
    if (split !== 'dev') continue;
    old.push({ gold, answer: before(name, { prompt, vector }) });
    now.push({ gold, answer: after(name, { prompt, vector }) });
  }
  const [oldMeasures, newMeasures] = [measure(task, old), measure(task, now)];
  const isWorse = scoreOf(newMeasures) < scoreOf(oldMeasures) - tolerance;
  return {
    task: name,
    train,
    dev: now.length,
    before: old.length === 0 ? null : brief(oldMeasures),
    after: now.length === 0 ? null : brief(newMeasures),
    ...flipsBetween(old, now),
    verdict: isWorse ? 'kept: worse' : 'replaced',
  };
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

/**
 * Goes back to the heads that the last training replaced, and keeps those it takes away in their place: twice is never.
 * @throws ConfigError when there are none
 */
export async function undoHeads(path: string): Promise<void> {
  const previous = join(dirname(path), PREVIOUS);
  const aside = `${path}.${process.pid}`;
  try {
    await copyFile(path, aside);
    await rename(previous, path);
    await rename(aside, previous);
  } catch (error) {
    await rm(aside, { force: true });
    throw new ConfigError(`heads ${path}: there is nothing to go back to: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

const PREVIOUS = 'heads.previous.json';

/**
 * Writes heads in one step; what was there stays beside it as `heads.previous.json`.
 * @throws ConfigError when the folder cannot be written
 */
export async function writeHeads(path: string, file: HeadsFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await copyFile(path, join(dirname(path), PREVIOUS)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    });
    await writeFile(`${path}.${process.pid}`, `${JSON.stringify(file)}\n`);
    await rename(`${path}.${process.pid}`, path);
  } catch (error) {
    throw new ConfigError(`heads ${path}: cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}
