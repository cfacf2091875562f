import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { KINDS } from '../core/touchpoint.ts';
import type { Taxonomy } from './taxonomy.ts';

/** Labelled items: what heads are trained on and measured by. Their format is told in `config/training/README.md`. */

export const SPLITS = ['train', 'dev', 'test'] as const;
export type Split = (typeof SPLITS)[number];

const labels = z.array(z.string().min(1));

const exampleSchema = z.strictObject({
  id: z.union([z.string(), z.number()]).optional(),
  kind: z.enum(KINDS),
  title: z.string().default(''),
  text: z.string().default(''),
  intent: labels.optional(),
  /** Of the intents, the one that the item is; `null` where none holds. */
  primary: z.string().nullable().optional(),
  action: labels.optional(),
  risk: labels.optional(),
  sentiment: z.string().optional(),
  mixed: z.boolean().optional(),
  topics: labels.optional(),
  /** Of tasks of one's own, by task; the answer first. */
  labels: z.record(z.string(), labels).optional(),
  /** Items of one group share wording and stay in one split. */
  group: z.string().optional(),
  split: z.enum(SPLITS).optional(),
  source: z.string().optional(),
  // Facts about the item that no task reads.
  attendees: z.string().optional(),
  minutes: z.number().optional(),
  direction: z.string().optional(),
  score: z.number().optional(),
});
export type Example = Readonly<z.infer<typeof exampleSchema>>;

/** What is right for one item and one task. */
export interface Gold {
  /** Every label that holds. */
  readonly labels: readonly string[];
  /** The answers that are right: all labels where several may hold, the first where they compete; none: "none". */
  readonly right: readonly string[];
  /** The label named as the item's own, where one is. */
  readonly primary?: string;
  /** Labels of which it is known whether they hold; without it all are. */
  readonly judged?: readonly string[];
}

/** `undefined` where the item says nothing about the task. */
export function goldOf(task: string, example: Example): Gold | undefined {
  switch (task) {
    case 'intent':
      return example.intent && among(example.intent, example.primary ?? example.intent[0]);
    case 'topic':
      return example.topics && among(example.topics);
    case 'action':
      return example.action && first(example.action);
    case 'risk':
      return example.risk && first(example.risk);
    case 'sentiment':
      return example.sentiment === undefined ? undefined : feeling(example.sentiment, example.mixed);
    default: {
      const given = example.labels?.[task];
      return given && among(given, given[0]);
    }
  }
}

/** Several labels may hold, and each of them is a right answer. */
export function among(labels: readonly string[], primary?: string): Gold {
  return { labels, right: labels, ...(primary === undefined ? {} : { primary }) };
}

/** The first label is the answer, others may hold besides. */
export function first(labels: readonly string[]): Gold {
  const [primary] = labels;
  return primary === undefined ? { labels, right: [] } : { labels, right: [primary], primary };
}

function feeling(sentiment: string, mixed: boolean | undefined): Gold {
  if (mixed === undefined) return { ...first([sentiment]), judged: ['positive', 'neutral', 'negative'] };
  return first(mixed ? [sentiment, 'mixed'] : [sentiment]);
}

/** Whether an answer (`null`: none of the labels) is right. */
export function isRight(gold: Gold, answer: string | null): boolean {
  return answer === null ? gold.right.length === 0 : gold.right.includes(answer);
}

/**
 * Reads labelled items from JSON Lines files.
 * @throws ConfigError naming file, line and member
 */
export async function readExamples(files: readonly string[]): Promise<readonly Example[]> {
  const read: Example[] = [];
  for (const file of files) {
    for await (const { value, place } of jsonLines(file)) read.push(checked(exampleSchema, value, place));
  }
  return read;
}

/** Each object of a JSON Lines file with its place for messages. @throws ConfigError naming file and line */
export async function* jsonLines(file: string): AsyncGenerator<{ value: unknown; place: string }> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      const place = `${basename(file)} line ${number}`;
      if (line.trim() !== '') yield { value: parsed(line, place), place };
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line.replace(/^\uFEFF/, ''));
  } catch {
    throw new ConfigError(`${place}: not JSON; wants one object a line`);
  }
}

/** @throws ConfigError naming the place and the member */
export function checked<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigError(`${place}: ${issue?.path.join('.') || 'the object'}: ${issue?.message}`);
}

/** The files of a training folder that hold labelled items; `search.jsonl` holds questions, which no head learns. */
export async function trainingFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  const files = names.filter((name) => name.endsWith('.jsonl') && name !== 'search.jsonl');
  return files.sort().map((name) => join(folder, name));
}

/** @throws ConfigError naming the first item with a label that the taxonomy does not know */
export function checkLabels(examples: readonly Example[], taxonomy: Taxonomy): void {
  for (const [task, { labels: known }] of Object.entries(taxonomy.tasks)) {
    const ids = new Set(known.map(({ id }) => id));
    for (const [at, example] of examples.entries()) {
      const gold = goldOf(task, example);
      const given = [...(gold?.labels ?? []), gold?.primary ?? []].flat();
      const unknown = given.find((label) => !ids.has(label));
      if (unknown !== undefined) {
        const name = example.id ?? `number ${at + 1}`;
        throw new ConfigError(`item ${name}: '${unknown}' is no label of ${task} in the taxonomy`);
      }
    }
  }
}
