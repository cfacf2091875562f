import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { KINDS } from '../core/touchpoint.ts';
import { among, checked, first, type Gold, jsonLines } from './examples.ts';
import type { Task, Taxonomy } from './taxonomy.ts';

/** What people said of answers: corrections and thumbs. */

const item = {
  kind: z.enum(KINDS),
  title: z.string().default(''),
  text: z.string().default(''),
  task: z.string(),
};
const feedbackSchema = z.union([
  /** What the labels should have been, the answer first; empty: none of them. */
  z.strictObject({ ...item, labels: z.array(z.string()) }),
  /** Whether one label holds. */
  z.strictObject({ ...item, label: z.string(), agrees: z.boolean() }),
]);
type Line = z.infer<typeof feedbackSchema>;

export interface Feedback {
  readonly title: string;
  readonly text: string;
  readonly task: string;
  readonly gold: Gold;
}

/**
 * Reads feedback from a JSON Lines file. Thumbs down on one of several competing labels say only what the answer is
 * not; they are left out, and `unused` counts them.
 * @throws ConfigError naming file, line and what is wrong
 */
export async function readFeedback(
  file: string,
  taxonomy: Taxonomy,
): Promise<{ readonly feedback: readonly Feedback[]; readonly unused: number }> {
  const feedback: Feedback[] = [];
  let unused = 0;
  for await (const { value, place } of jsonLines(file)) {
    const line = checked(feedbackSchema, value, place);
    const gold = goldFrom(line, taskOf(line, taxonomy, place));
    if (gold === null) unused += 1;
    else feedback.push({ title: line.title, text: line.text, task: line.task, gold });
  }
  return { feedback, unused };
}

/** Feedback as a store keeps it: what a person made of all labels, or that one does not hold. */
export type StoredFeedback = Omit<Feedback, 'gold'> & Said;

/**
 * The same of feedback that was given earlier: what is of tasks or labels that the taxonomy no longer has is left out
 * too, and counted.
 */
export async function learnFeedback(
  said: AsyncIterable<StoredFeedback>,
  taxonomy: Taxonomy,
): Promise<{ readonly feedback: readonly Feedback[]; readonly unused: number }> {
  const feedback: Feedback[] = [];
  let unused = 0;
  for await (const line of said) {
    const { title, text, task: name } = line;
    const task = Object.hasOwn(taxonomy.tasks, name) ? taxonomy.tasks[name] : undefined;
    const gold = task === undefined || unknownLabel(line, task) !== undefined ? null : goldFrom(line, task);
    if (gold === null) unused += 1;
    else feedback.push({ title, text, task: name, gold });
  }
  return { feedback, unused };
}

/** What the labels say: a whole set, or one of them. */
type Said = { readonly labels: readonly string[] } | { readonly label: string; readonly agrees: boolean };

function unknownLabel(line: Said, task: Task): string | undefined {
  const given = 'labels' in line ? line.labels : [line.label];
  return given.find((label) => !task.labels.some(({ id }) => id === label));
}

function taskOf(line: Line, taxonomy: Taxonomy, place: string): Task {
  const task = taxonomy.tasks[line.task];
  if (task === undefined) throw new ConfigError(`${place}: task: '${line.task}' is not in the taxonomy`);
  const unknown = unknownLabel(line, task);
  if (unknown !== undefined) throw new ConfigError(`${place}: '${unknown}' is no label of ${line.task}`);
  return task;
}

function goldFrom(line: Said, task: Task): Gold | null {
  if ('labels' in line) return task.multi ? among(line.labels, line.labels[0]) : first(line.labels);
  const { label, agrees } = line;
  if (task.multi) return { ...among(agrees ? [label] : []), judged: [label] };
  const isAnswer = task.labels.some(({ id, primary }) => id === label && primary);
  if (isAnswer && !agrees) return null;
  const competing = task.labels.filter(({ primary }) => primary).map(({ id }) => id);
  if (isAnswer) return { ...first([label]), judged: competing };
  return { labels: agrees ? [label] : [], right: [], judged: [label] };
}
