import path from 'node:path';
import { type TaskDrift, taskDrift, type VectorDrift, vectorDrift } from '../classify/drift.ts';
import { searchVector } from '../classify/encoder-files.ts';
import { checkLabels, type Example, goldOf } from '../classify/examples.ts';
import { promptText } from '../classify/prompt.ts';
import { openWorkbench, type Workbench } from '../classify/workbench.ts';
import { ConfigError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { count, endProgress, plural, printJson, printLine, progress } from './output.ts';

/** Two models beside each other, as a gate before the second is released. */

export interface Gates {
  /** Share of a task's answers that may turn, 0..1. */
  readonly mostFlips: number;
  /** Share of the ten nearest that must stay, 0..1, on average. */
  readonly leastOverlap: number;
}

export interface Comparison {
  /** Two models folders, the old one first; each with the configured encoder's folder in it. */
  readonly folders: readonly string[];
  readonly gates: Gates;
  /** The old one's heads answer for both. */
  readonly sameHeads: boolean;
  readonly json: boolean;
}

/** Texts whose neighbours are compared: all pairs of them are. */
const CANARIES = 300;

/** @returns 1 where a gate does not hold */
export async function compareModels(
  context: Context,
  examples: readonly Example[],
  { folders, gates, sameHeads, json }: Comparison,
): Promise<number> {
  const [oldDir, newDir] = folders;
  if (oldDir === undefined || newDir === undefined || folders.length > 2)
    throw new ConfigError('--compare: wants two models folders, the old one first');
  await using old = await bench(context, oldDir);
  await using now = await bench(context, newDir, sameHeads ? old.inUse : undefined);
  checkLabels(examples, now.taxonomy);
  const [before, after] = [await answersOf(old, examples), await answersOf(now, examples)];
  endProgress();
  const tasks = await drifts(before, after, { examples, tasks: Object.keys(now.taxonomy.tasks) });
  const step = Math.max(1, Math.ceil(examples.length / CANARIES));
  const some = (vectors: readonly Float32Array[]) =>
    vectors.filter((_, at) => at % step === 0).map(searchVector);
  const vectors = vectorDrift(some(before.vectors), some(after.vectors));
  const exceeded = beyond(gates, tasks, vectors);
  if (json)
    printJson({ old: old.encoder, new: now.encoder, items: examples.length, tasks, vectors, exceeded });
  else {
    printLine(`${old.encoder} and ${now.encoder} on ${plural(examples.length, 'item')}`);
    for (const drift of tasks) printLine(driftLine(drift));
    printLine(
      `vectors    cosines moved by ${vectors.meanCosineShift.toFixed(4)} on average, correlation ${vectors.correlation.toFixed(4)}; ${percent(vectors.overlap)} of the ten nearest are the same (${plural(vectors.items, 'text')})`,
    );
    for (const line of exceeded) printLine(`! ${line}`);
  }
  return exceeded.length > 0 ? 1 : 0;
}

type Answers = Awaited<ReturnType<typeof answersOf>>;

async function drifts(
  before: Answers,
  after: Answers,
  { examples, tasks }: { readonly examples: readonly Example[]; readonly tasks: readonly string[] },
): Promise<TaskDrift[]> {
  const found: TaskDrift[] = [];
  for (const task of tasks) {
    const labelled = examples.flatMap((example, at) => {
      const gold = goldOf(task, example);
      return gold === undefined ? [] : [{ gold, at }];
    });
    if (labelled.length === 0) continue;
    const ats = labelled.map(({ at }) => at);
    const [old, now] = [await before.answers(task, ats), await after.answers(task, ats)];
    const pairs = labelled.flatMap(({ gold }, at) => {
      const [was, is] = [old[at], now[at]];
      return was === undefined || is === undefined ? [] : [{ gold, old: was, now: is }];
    });
    found.push(taskDrift(task, pairs));
  }
  return found;
}

/** Which gates do not hold, in words. */
function beyond(gates: Gates, tasks: readonly TaskDrift[], { overlap }: VectorDrift): string[] {
  const turned = tasks.filter(({ flipped }) => flipped > gates.mostFlips);
  return [
    ...turned.map(
      ({ task, flipped }) =>
        `${task}: ${percent(flipped)} of the answers turned, at most ${percent(gates.mostFlips)} may`,
    ),
    ...(overlap < gates.leastOverlap
      ? [
          `search: ${percent(overlap)} of the ten nearest stayed, at least ${percent(gates.leastOverlap)} must`,
        ]
      : []),
  ];
}

function driftLine({ task, items, flips, mended, broken, other, flipped, accuracy }: TaskDrift): string {
  const points = 100 * (accuracy.now - accuracy.old);
  return `${task.padEnd(10)} accuracy ${percent(accuracy.old)} → ${percent(accuracy.now)} (${points < 0 ? '' : '+'}${points.toFixed(1)} points); ${count(flips)} of ${count(items)} answers turned (${percent(flipped)}): ${mended} mended, ${broken} broken, ${other} otherwise`;
}

/** Heads trained on this machine are left out: what is compared is what lies in the folders. */
function bench(context: Context, folder: string, heads?: Workbench['inUse']): Promise<Workbench> {
  const { ownHeadsDir: _, ...options } = context.taggerOptions();
  return openWorkbench({ ...options, modelsDir: path.resolve(folder) }, heads);
}

async function answersOf(from: Workbench, examples: readonly Example[]) {
  const prompts = examples.map(promptText);
  const vectors = await from.vectors(prompts, (done, all) =>
    progress(`reading ${count(done)} of ${count(all)} texts`),
  );
  const answers = (task: string, ats: readonly number[]) =>
    from.answers(
      task,
      ats.map((at) => ({ prompt: prompts[at] ?? '', vector: vectors[at] ?? new Float32Array() })),
    );
  return { vectors, answers };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
