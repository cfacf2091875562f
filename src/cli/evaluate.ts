import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { keywords, majority } from '../classify/baselines.ts';
import { confusionMatrix, reliabilityPlot } from '../classify/charts.ts';
import { percentile, report, type TaskReport } from '../classify/evaluate.ts';
import {
  checkLabels,
  type Example,
  goldOf,
  readExamples,
  type Split,
  trainingFiles,
} from '../classify/examples.ts';
import { NO_HEADS } from '../classify/heads.ts';
import { withSplits } from '../classify/lessons.ts';
import type { Judged } from '../classify/metrics.ts';
import { promptText } from '../classify/prompt.ts';
import type { Encoded } from '../classify/scorer.ts';
import { openWorkbench, type Workbench } from '../classify/workbench.ts';
import { ConfigError } from '../core/errors.ts';
import { packagePath } from '../core/paths.ts';
import { compareModels, type Gates } from './compare.ts';
import type { Context } from './context.ts';
import { measureLlm, remoteFor } from './evaluate-llm.ts';
import { evaluationText } from './evaluation-text.ts';
import { count, endProgress, printJson, printLine, progress } from './output.ts';

interface EvaluateOptions extends Gates {
  readonly compare?: readonly string[];
  readonly sameHeads?: boolean;
  readonly split?: Split;
  readonly task?: string;
  readonly svg?: string;
  /** Items that the fallback is asked about too; 0: none. */
  readonly llm: number;
  readonly json?: boolean;
}

/** Any fixed number: the intervals are the same each time. */
const SEED = 20_261_123;
/** Texts that are timed, one after another. */
const TIMED = 200;

/** Measures what a tagger would answer now. */
export async function evaluate(
  context: Context,
  files: readonly string[],
  options: EvaluateOptions,
): Promise<number> {
  const shipped = await trainingFiles(packagePath('config', 'training'));
  const split = options.split ?? (files.length === 0 ? 'dev' : undefined);
  const examples = await chosen(files.length === 0 ? shipped : files, split);
  if (examples.length === 0) throw new ConfigError('nothing to evaluate: no item of that split');
  if (options.compare !== undefined) {
    if (options.llm > 0) throw new ConfigError('--llm: not beside --compare');
    const { compare: folders, sameHeads = false, json = false } = options;
    return compareModels(context, examples, { folders, gates: options, sameHeads, json });
  }
  const remote = options.llm > 0 ? await remoteFor(context) : null;
  await using bench = await openWorkbench(context.taggerOptions());
  checkLabels(examples, bench.taxonomy);
  const latency = await timed(bench, examples);
  const encoded = await read(bench, examples);
  const learnt = await chosen(shipped, 'train');
  const { reports, items } = await measureTasks(bench, { encoded, learnt, task: options.task });
  if (reports.length === 0) throw new ConfigError('nothing to evaluate: no item is labelled for the task');
  const sampling = { items, count: options.llm, seed: SEED };
  const llm = remote === null ? null : await measureLlm(context, bench, { ...sampling, remote });
  endProgress();
  if (options.svg !== undefined) await draw(options.svg, reports);
  const about = {
    encoder: bench.encoder,
    heads: bench.inUse?.id.slice(0, 12) ?? 'derived',
    items: examples.length,
    split: split ?? null,
    latency,
  };
  if (options.json) printJson({ ...about, tasks: reports, llm });
  else printLine(evaluationText(about, reports, llm));
  return 0;
}

async function chosen(files: readonly string[], split: Split | undefined): Promise<readonly Example[]> {
  const examples = await readExamples(files);
  if (split === undefined) return examples;
  return withSplits(examples).flatMap((one) => (one.split === split ? [one.example] : []));
}

async function read(bench: Workbench, examples: readonly Example[]): Promise<Material['encoded']> {
  const vectors = await bench.vectors(examples.map(promptText), (done, all) =>
    progress(`reading ${count(done)} of ${count(all)} texts`),
  );
  return examples.flatMap((example, at) => {
    const vector = vectors[at];
    return vector === undefined ? [] : [{ example, text: { prompt: promptText(example), vector } }];
  });
}

interface Material {
  readonly encoded: readonly { readonly example: Example; readonly text: Encoded }[];
  /** Training items, for the baseline that answers with the commonest label. */
  readonly learnt: readonly Example[];
  readonly task: string | undefined;
}

async function measureTasks(bench: Workbench, { encoded, learnt, task: only }: Material) {
  const described = await bench.scorer(NO_HEADS);
  const items = encoded.map((one) => ({ ...one, judged: new Map<string, Judged>() }));
  const reports: TaskReport[] = [];
  for (const [name, task] of Object.entries(bench.taxonomy.tasks)) {
    const asked = items.flatMap(({ example, text, judged }) => {
      const gold = goldOf(name, example);
      return gold === undefined ? [] : [{ gold, text, judged }];
    });
    if (asked.length === 0 || (only !== undefined && only !== name)) continue;
    const texts = asked.map(({ text }) => text);
    const answers = await bench.answers(name, texts);
    const judged = asked.flatMap(({ gold, judged: ofItem }, at) => {
      const answer = answers[at];
      if (answer === undefined) return [];
      ofItem.set(name, { gold, answer });
      return [{ gold, answer }];
    });
    const commonest = majority(
      task,
      learnt.flatMap((example) => goldOf(name, example) ?? []),
    );
    const named = keywords(task, commonest);
    const baselines = [
      { name: 'commonest label', answers: texts.map(commonest) },
      { name: 'label names as keywords', answers: texts.map(({ prompt }) => named(prompt)) },
      { name: 'label descriptions', answers: texts.map((text) => described(name, text)) },
    ];
    reports.push(report(name, task, judged, { baselines, seed: SEED }));
  }
  return { reports, items };
}

/** Milliseconds from text to all answers, one text at a time, none from the cache. */
async function timed(bench: Workbench, examples: readonly Example[]) {
  const answer = async (prompt: string) => {
    const vector = await bench.encode(prompt);
    for (const task of Object.keys(bench.taxonomy.tasks)) await bench.answers(task, [{ prompt, vector }]);
  };
  await answer('the first text waits for the model to load');
  const step = Math.max(1, Math.floor(examples.length / TIMED));
  const times: number[] = [];
  for (const example of examples.filter((_, at) => at % step === 0).slice(0, TIMED)) {
    const start = performance.now();
    await answer(promptText(example));
    times.push(performance.now() - start);
  }
  const rounded = (share: number) => Math.round(10 * percentile(times, share)) / 10;
  return { texts: times.length, p50Ms: rounded(0.5), p95Ms: rounded(0.95) };
}

async function draw(folder: string, reports: readonly TaskReport[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { task, measures } of reports) {
    const plot = reliabilityPlot(`${task}: confidence and accuracy`, measures.bins);
    await writeFile(path.join(folder, `${task}-reliability.svg`), plot);
    const matrix = confusionMatrix(
      `${task}: what is right (rows) and the answer (columns)`,
      measures.confusion,
    );
    await writeFile(path.join(folder, `${task}-confusion.svg`), matrix);
  }
}
