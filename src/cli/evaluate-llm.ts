import type { Decision } from '../classify/decide.ts';
import { report, sampled, type TaskReport } from '../classify/evaluate.ts';
import { type Example, goldOf } from '../classify/examples.ts';
import type { Judged } from '../classify/metrics.ts';
import type { Remote } from '../classify/remote.ts';
import type { Encoded } from '../classify/scorer.ts';
import type { Taxonomy } from '../classify/taxonomy.ts';
import type { Workbench } from '../classify/workbench.ts';
import { ConfigError } from '../core/errors.ts';
import type { OpinionRow } from '../store/opinions.ts';
import { askAboutLabelled, mayGo } from '../sync/asked-baseline.ts';
import type { OpinionSettings, Stopped } from '../sync/opinion-run.ts';
import type { Context } from './context.ts';
import { progress } from './output.ts';
import { openRemote, runDeps } from './second-opinions.ts';

/** A language model's answers to some of the items, beside ours to the same ones. */

export interface LlmReport {
  readonly model: string;
  /** Items that were to be asked. */
  readonly items: number;
  readonly tokens: number;
  readonly stopped: Stopped | null;
  readonly tasks: readonly LlmTask[];
}

interface LlmTask {
  readonly task: string;
  /** Items of which the task was asked: answered, and unsure, refused or unusable, which are not measured. */
  readonly asked: number;
  readonly answered: number;
  /** Both on the items that were answered. */
  readonly ours: Figures;
  readonly theirs: Figures;
}

interface Figures {
  readonly accuracy: number;
  readonly macroF1: number;
  readonly intervals: Pick<TaskReport['intervals'], 'accuracy' | 'macroF1'>;
}

/** An item, what the encoder read, and by task what is right and what we answered. */
export interface Measured {
  readonly example: Example;
  readonly text: Encoded;
  readonly judged: ReadonlyMap<string, Judged>;
}

/** @throws ConfigError where no fallback is configured */
export async function remoteFor(context: Context): Promise<Remote> {
  const remote = await openRemote(context);
  if (remote === null) throw new ConfigError('--llm: there is nobody to ask: fallback.provider is off');
  return remote;
}

/** Asks about `count` of the items, the same ones for the same seed. */
export async function measureLlm(
  context: Context,
  bench: Workbench,
  { remote, items, count, seed }: Sampling,
): Promise<LlmReport> {
  const deps = await runDeps(context, remote);
  const free = await freeToGo(bench, deps.settings, items);
  const chosen = sampled(free, count, seed);
  progress(`asking ${remote.model}`);
  const { rows, tokens, stopped } = await askAboutLabelled(
    deps,
    chosen.map(({ example, judged }) => ({ ...example, tasks: [...judged.keys()] })),
    new AbortController().signal,
  );
  const tasks = Object.keys(bench.taxonomy.tasks).flatMap((task) => {
    return taskOf(bench.taxonomy, task, seed, paired(task, chosen, rows));
  });
  return { model: remote.model, items: chosen.length, tokens, stopped, tasks };
}

interface Sampling {
  readonly remote: Remote;
  readonly items: readonly Measured[];
  readonly count: number;
  readonly seed: number;
}

/** Without what is withheld from the fallback: by kind, and by a label that an item is written to carry or that we give it. */
async function freeToGo(bench: Workbench, settings: OpinionSettings, items: readonly Measured[]) {
  const given = new Map<string, readonly Decision[]>();
  for (const { task } of settings.withholdLabels) {
    if (task in bench.taxonomy.tasks && !given.has(task))
      given.set(
        task,
        await bench.answers(
          task,
          items.map(({ text }) => text),
        ),
      );
  }
  return items.filter(({ example, judged }, at) => {
    const carries = (task: string, label: string) =>
      goldOf(task, example)?.labels.includes(label) === true ||
      given.get(task)?.[at]?.labels.some((one) => one.label === label) === true;
    return judged.size > 0 && mayGo(settings, example.kind, carries);
  });
}

interface Pair {
  readonly ours: Judged;
  readonly row: OpinionRow;
}

function paired(
  task: string,
  items: readonly Measured[],
  rows: readonly ReadonlyMap<string, OpinionRow>[],
): readonly Pair[] {
  return items.flatMap(({ judged }, at) => {
    const [ours, row] = [judged.get(task), rows[at]?.get(task)];
    return ours === undefined || row === undefined ? [] : [{ ours, row }];
  });
}

function taskOf({ tasks }: Taxonomy, name: string, seed: number, pairs: readonly Pair[]): LlmTask[] {
  const task = tasks[name];
  if (task === undefined || pairs.length === 0) return [];
  const answered = pairs.filter(({ row }) => row.state === 'answered');
  const figures = (judged: readonly Judged[]): Figures => {
    const { measures, intervals } = report(name, task, judged, { baselines: [], seed });
    const { accuracy, macroF1 } = intervals;
    return { accuracy: measures.accuracy, macroF1: measures.macroF1, intervals: { accuracy, macroF1 } };
  };
  return [
    {
      task: name,
      asked: pairs.length,
      answered: answered.length,
      ours: figures(answered.map(({ ours }) => ours)),
      theirs: figures(answered.map(({ ours, row }) => ({ gold: ours.gold, answer: decisionOf(row) }))),
    },
  ];
}

function decisionOf({ labels }: OpinionRow): Decision {
  const [first] = labels;
  return {
    primary: first?.label ?? null,
    labels,
    scores: Object.fromEntries(labels.map(({ label, score }) => [label, score])),
    uncertain: false,
    confidence: first?.score ?? 1,
  };
}
