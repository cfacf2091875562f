import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import { DIMENSIONS } from './encoder-files.ts';

/** One label's linear head: log-odds = weights (384) . vector + bias. */
const headSchema = z.strictObject({ weights: z.array(z.number()).length(DIMENSIONS), bias: z.number() });

/** Heads on disk: trained ones in `heads.json` beside the encoder, derived ones in the cache. */
export const headsSchema = z.strictObject({
  /** Id of the encoder they were made for. */
  encoder: z.string(),
  dimensions: z.literal(DIMENSIONS),
  tasks: z.record(
    z.string(),
    z.strictObject({
      /** Log-odds are divided by this, which calibrates the task's probabilities. */
      temperature: z.number().positive().default(1),
      labels: z.record(z.string(), headSchema),
    }),
  ),
});

export type HeadsFile = z.infer<typeof headsSchema>;

export interface Head {
  readonly weights: Float32Array;
  readonly bias: number;
}

/** Heads by task and label, temperature already applied. */
export type Heads = ReadonlyMap<string, ReadonlyMap<string, Head>>;

export const NO_HEADS: Heads = new Map();

/**
 * Reads trained heads; `null` where the file does not exist.
 * `id` changes with the file's content.
 * @throws ConfigError when the file is broken or was trained for another encoder
 */
export async function readHeads(file: string, encoder: string): Promise<{ heads: Heads; id: string } | null> {
  const text = await readIfThere(file);
  if (text === null) return null;
  const parsed = headsSchema.safeParse(jsonOf(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`heads ${file}: ${issue?.path.join('.') || '(top)'}: ${issue?.message}`);
  }
  if (parsed.data.encoder !== encoder) {
    throw new ConfigError(
      `heads ${file}: encoder: wants ${encoder}, got ${parsed.data.encoder}: train them again or remove the file`,
    );
  }
  return { heads: toHeads(parsed.data), id: shortHash(text) };
}

/** Heads ready to score with. */
export function toHeads(file: HeadsFile): Heads {
  const tasks = Object.entries(file.tasks).map(([task, { temperature, labels }]) => {
    const heads = Object.entries(labels).map(([label, { weights, bias }]): [string, Head] => {
      return [
        label,
        { weights: Float32Array.from(weights, (w) => w / temperature), bias: bias / temperature },
      ];
    });
    return [task, new Map(heads)] as const;
  });
  return new Map(tasks);
}

/** Log-odds that a head gives to a vector of 384 numbers. */
export function logit(head: Head, vector: Float32Array): number {
  return head.bias + dot(head.weights, vector);
}

/** Inner product; for unit vectors their cosine. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new ConfigError(`heads ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`heads ${file}: wants JSON`, { cause: error });
  }
}
