import path from 'node:path';
import { checkLabels, readExamples, trainingFiles } from '../classify/examples.ts';
import { learnFeedback, readFeedback, type StoredFeedback } from '../classify/feedback.ts';
import { headsPath } from '../classify/heads.ts';
import { lessonsFrom } from '../classify/lessons.ts';
import { refit, type TaskChange } from '../classify/refit.ts';
import { openWorkbench, type Workbench } from '../classify/workbench.ts';
import { undoHeads, writeHeads } from '../classify/write-heads.ts';
import { packagePath } from '../core/paths.ts';
import { exportFeedback } from '../store/feedback.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { count, endProgress, plural, printJson, printLine, progress } from './output.ts';

interface TrainOptions {
  readonly data?: readonly string[];
  readonly feedback?: string;
  readonly storeFeedback?: boolean;
  readonly tolerance: number;
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly undo?: boolean;
  readonly json?: boolean;
}

/** Refits the heads on the frozen encoder; a task's old heads stay where the new ones do worse. */
export async function train(context: Context, options: TrainOptions): Promise<number> {
  if (options.undo === true) return undo(context, options);
  await using bench = await openWorkbench(context.taggerOptions());
  const { lessons, feedback, unused } = await material(context, bench, options);
  const vectors = await bench.vectors(
    lessons.map(({ prompt }) => prompt),
    (done, all) => progress(`reading ${count(done)} of ${count(all)} texts`),
  );
  progress('fitting');
  const { file, changes } = await refit(bench, lessons, { tolerance: options.tolerance, vectors, feedback });
  endProgress();
  const output = target(context, options.output);
  const isNew = changes.some(({ verdict }) => verdict === 'replaced');
  const written = isNew && options.dryRun !== true;
  if (written) await writeHeads(output, file);
  if (options.json) {
    printJson({ items: lessons.length, feedback, unused, file: output, written, tasks: changes });
    return 0;
  }
  printLine(
    `${plural(lessons.length, 'item')}, ${count(feedback)} of them feedback (${count(unused)} unusable)`,
  );
  for (const change of changes) for (const line of describe(change)) printLine(line);
  printLine(written ? `written to ${output}` : 'nothing written');
  return 0;
}

/** Back to the heads before the last training; once more goes forth again. */
async function undo(context: Context, { output, json }: TrainOptions): Promise<number> {
  const file = target(context, output);
  await undoHeads(file);
  if (json === true) printJson({ file, undone: true });
  else printLine(`${file} is what it was before the last training`);
  return 0;
}

async function material(context: Context, bench: Workbench, options: TrainOptions) {
  const files = options.data ?? (await trainingFiles(packagePath('config', 'training')));
  const examples = await readExamples(files);
  checkLabels(examples, bench.taxonomy);
  const said = await Promise.all([
    options.feedback === undefined ? NONE : readFeedback(options.feedback, bench.taxonomy),
    options.storeFeedback ? learnFeedback(storedFeedback(await context.store()), bench.taxonomy) : NONE,
  ]);
  const feedback = said.flatMap((source) => source.feedback);
  const lessons = lessonsFrom({ examples, feedback, taxonomy: bench.taxonomy });
  return {
    lessons,
    feedback: feedback.length,
    unused: said.reduce((sum, { unused }) => sum + unused, 0),
  };
}

const NONE = { feedback: [], unused: 0 };

/** What holds of all that people said in the Briefing Room: whole sets of labels, and labels that do not hold. */
async function* storedFeedback(store: Store): AsyncGenerator<StoredFeedback> {
  for await (const { title, text, task, labels, label } of exportFeedback(store)) {
    if (labels !== null) yield { title, text, task, labels };
    else if (label !== null) yield { title, text, task, label, agrees: false };
  }
}

/** A models folder that was named, here or in the settings, gets them; the installed package stays as it is. */
function target(context: Context, output: string | undefined): string {
  const { modelsDir, encoder, ownHeadsDir } = context.taggerOptions();
  const folder = output === undefined ? (ownHeadsDir ?? modelsDir) : path.resolve(output);
  return headsPath(folder, encoder);
}

function describe(change: TaskChange): string[] {
  const { task, train: learnt, dev, before, after, judgedOn, flips, flipped, verdict, reason } = change;
  const head = `${task.padEnd(10)} ${verdict}${reason === undefined ? '' : ` (${reason})`}`;
  if (before === null || after === null) return [head];
  const figures = [
    `accuracy ${percent(before.accuracy)} → ${percent(after.accuracy)}`,
    `macro-F1 ${percent(before.macroF1)} → ${percent(after.macroF1)}`,
  ];
  const turned = flipped.map(({ from, to, items }) => `${from ?? 'none'} → ${to ?? 'none'} ${items}`);
  return [
    judgedOn === 'dev items'
      ? `${head}: ${figures.join(', ')} on ${count(dev)} dev items, from ${count(learnt)}`
      : `${head}: descriptions → heads: ${figures.join(', ')} on ${count(dev)} items, each judged by heads that have not seen it`,
    `           answers changed: ${flips.mended} mended, ${flips.broken} broken, ${flips.other} otherwise` +
      (turned.length === 0 ? '' : ` (most: ${turned.join('; ')})`),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
