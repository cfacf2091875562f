import path from 'node:path';
import { taskDrift, vectorDrift } from '../classify/drift.ts';
import { searchVector } from '../classify/encoder-files.ts';
import { checkLabels, type Example, goldOf } from '../classify/examples.ts';
import { NO_HEADS } from '../classify/heads.ts';
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

/** Texts whose neighbours are compared: all pairs of them are. */
const CANARIES = 300;

/**
 * @param folders two models folders, the old one first; each with the configured encoder's folder in it
 * @returns 1 where a gate does not hold
 */
export async function compareModels(
  context: Context,
  examples: readonly Example[],
  {
    folders,
    gates,
    json,
  }: { readonly folders: readonly string[]; readonly gates: Gates; readonly json: boolean },
): Promise<number> {
  const [oldDir, newDir] = folders;
  if (oldDir === undefined || newDir === undefined || folders.length > 2)
    throw new ConfigError('--compare: wants two models folders, the old one first');
  await using old = await bench(context, oldDir);
  await using now = await bench(context, newDir);
  checkLabels(examples, now.taxonomy);
  const [before, after] = [await answersOf(old, examples), await answersOf(now, examples)];
  endProgress();
  const tasks = Object.keys(now.taxonomy.tasks).flatMap((task) => {
    const pairs = examples.flatMap((example, at) => {
      const gold = goldOf(task, example);
      return gold === undefined ? [] : [{ gold, old: before.answer(task, at), now: after.answer(task, at) }];
    });
    return pairs.length === 0 ? [] : [taskDrift(task, pairs)];
  });
  const step = Math.max(1, Math.ceil(examples.length / CANARIES));
  const some = (vectors: readonly Float32Array[]) =>
    vectors.filter((_, at) => at % step === 0).map(searchVector);
  const vectors = vectorDrift(some(before.vectors), some(after.vectors));
  const exceeded = [
    ...tasks
      .filter(({ flipped }) => flipped > gates.mostFlips)
      .map(
        ({ task, flipped }) =>
          `${task}: ${percent(flipped)} of the answers turned, at most ${percent(gates.mostFlips)} may`,
      ),
    ...(vectors.overlap < gates.leastOverlap
      ? [
          `search: ${percent(vectors.overlap)} of the ten nearest stayed, at least ${percent(gates.leastOverlap)} must`,
        ]
      : []),
  ];
  if (json)
    printJson({ old: old.encoder, new: now.encoder, items: examples.length, tasks, vectors, exceeded });
  else {
    printLine(`${old.encoder} and ${now.encoder} on ${plural(examples.length, 'item')}`);
    for (const { task, items, flips, mended, broken, other, flipped } of tasks)
      printLine(
        `${task.padEnd(10)} ${count(flips)} of ${count(items)} answers turned (${percent(flipped)}): ${mended} mended, ${broken} broken, ${other} otherwise`,
      );
    printLine(
      `vectors    cosines moved by ${vectors.meanCosineShift.toFixed(4)} on average, correlation ${vectors.correlation.toFixed(4)}; ${percent(vectors.overlap)} of the ten nearest are the same (${plural(vectors.items, 'text')})`,
    );
    for (const line of exceeded) printLine(`! ${line}`);
  }
  return exceeded.length > 0 ? 1 : 0;
}

/** Heads trained on this machine are left out: what is compared is what lies in the folders. */
function bench(context: Context, folder: string): Promise<Workbench> {
  const { ownHeadsDir: _, ...options } = context.taggerOptions();
  return openWorkbench({ ...options, modelsDir: path.resolve(folder) });
}

async function answersOf(from: Workbench, examples: readonly Example[]) {
  const prompts = examples.map(promptText);
  const vectors = await from.vectors(prompts, (done, all) =>
    progress(`reading ${count(done)} of ${count(all)} texts`),
  );
  const score = await from.scorer(from.inUse?.heads ?? NO_HEADS);
  const answer = (task: string, at: number) =>
    score(task, { prompt: prompts[at] ?? '', vector: vectors[at] ?? new Float32Array() });
  return { vectors, answer };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
