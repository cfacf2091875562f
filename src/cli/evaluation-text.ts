import type { Interval, TaskReport } from '../classify/evaluate.ts';
import type { LlmReport } from './evaluate-llm.ts';
import { count, plural } from './output.ts';
import { STOPPED } from './second-opinions.ts';

/** An evaluation as Markdown tables: to be read on a terminal and to be put into a model card as it is. */

interface About {
  readonly encoder: string;
  readonly heads: string;
  readonly items: number;
  readonly split: string | null;
  readonly latency: { readonly texts: number; readonly p50Ms: number; readonly p95Ms: number };
}

export function evaluationText(about: About, reports: readonly TaskReport[], llm: LlmReport | null): string {
  const { encoder, heads, items, split, latency } = about;
  const of = split === null ? '' : ` of the ${split} split`;
  return [
    `${count(items)} items${of}; encoder ${encoder}, heads ${heads}; one text to all its tags in ${latency.p50Ms} ms (median), ${latency.p95Ms} ms (95th percentile). In brackets: 95 % bootstrap intervals.`,
    overview(reports),
    baselines(reports),
    ...(llm === null ? [] : languageModel(llm)),
    coverage(reports),
    ...reports.map(details),
  ].join('\n\n');
}

function overview(reports: readonly TaskReport[]): string {
  const rows = reports.map(({ task, measures, intervals }) => [
    task,
    count(measures.items),
    sure(measures.accuracy, intervals.accuracy),
    percent(measures.exact),
    sure(measures.macroF1, intervals.macroF1),
    sure(measures.microF1, intervals.microF1),
    percent(measures.noneRecall),
    percent(measures.ece),
    percent(measures.coverage),
    measures.accuracyAboveFloor === null
      ? '-'
      : sure(measures.accuracyAboveFloor, intervals.accuracyAboveFloor),
  ]);
  const head = [
    'task',
    'items',
    'accuracy',
    'exact',
    'macro-F1',
    'micro-F1',
    'none recalled',
    'ECE',
    'above floor',
    'accuracy there',
  ];
  return table(head, rows);
}

function baselines(reports: readonly TaskReport[]): string {
  const names = reports[0]?.baselines.map(({ name }) => name) ?? [];
  const rows = reports.map(({ task, measures, baselines: all }) => [task, pair(measures), ...all.map(pair)]);
  return table(['accuracy / macro-F1', 'ours', ...names], rows);
}

/** Ours and theirs on the items that were answered there, which are too few to compare with the tables above. */
function languageModel({ model, items, tokens, stopped, tasks }: LlmReport): string[] {
  const rows = tasks.map(({ task, asked, answered, ours, theirs }) => [
    task,
    `${count(answered)} of ${count(asked)}`,
    ...[ours, theirs].flatMap(({ accuracy, macroF1, intervals }) => [
      sure(accuracy, intervals.accuracy),
      sure(macroF1, intervals.macroF1),
    ]),
  ]);
  const why = stopped === null ? '' : `; ${STOPPED[stopped]}`;
  return [
    `${model} was to be asked about ${plural(items, 'item')}: ${plural(tokens, 'token')} spent${why}. Both on the items that it answered:`,
    table(['task', 'answered', 'our accuracy', 'our macro-F1', 'its accuracy', 'its macro-F1'], rows),
  ];
}

/** How right the surest answers are. */
function coverage(reports: readonly TaskReport[]): string {
  const steps = reports[0]?.measures.curve.map(({ coverage: share }) => percent(share)) ?? [];
  const rows = reports.map(({ task, measures }) => [
    task,
    ...measures.curve.map(({ accuracy }) => percent(accuracy)),
  ]);
  return table(['accuracy of the surest', ...steps], rows);
}

function pair({ accuracy, macroF1 }: { readonly accuracy: number; readonly macroF1: number }): string {
  return `${percent(accuracy)} / ${percent(macroF1)}`;
}

function details({ task, measures }: TaskReport): string {
  const labels = measures.labels.map(({ label, support, precision, recall, f1 }) => {
    return [label, count(support), percent(precision), percent(recall), percent(f1)];
  });
  const { labels: names, counts } = measures.confusion;
  const matrix = counts.map((row, at) => [
    names[at] ?? '',
    ...row.map((items) => (items === 0 ? '' : count(items))),
  ]);
  return [
    `### ${task}`,
    table(['label', 'items', 'precision', 'recall', 'F1'], labels),
    table(['is \\ answered', ...names], matrix),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function sure(value: number, [low, high]: Interval): string {
  return `${percent(value)} (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`;
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`;
}
