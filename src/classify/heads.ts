import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import type { Log } from '../core/log.ts';
import { DIMENSIONS, WITH_FEATURES } from './encoder-files.ts';

const share = z.number().min(0).max(1);
/** As many weights as the reading has numbers; 384 of them go with its search vector alone. */
const weights = z.array(z.number()).refine(({ length }) => length === DIMENSIONS || length === WITH_FEATURES);
const linear = { weights, bias: z.number() };

/** One label's linear head: log-odds = weights . reading + bias, and the probability from which it is assigned. */
const headSchema = z.strictObject({ ...linear, threshold: share.optional() });

/** How the heads of a task did on the dev items when they were trained. */
const scoresSchema = z.strictObject({
  items: z.int(),
  accuracy: share,
  macroF1: share,
  ece: share,
  /** Share of the items whose answer is above the floor, and how many of those are right. */
  coverage: share,
  accuracyAboveFloor: share,
});
export type DevScores = Readonly<z.infer<typeof scoresSchema>>;

const taskHeadsSchema = z.strictObject({
  /** Log-odds are divided by this, which calibrates the task's probabilities. */
  temperature: z.number().positive().default(1),
  labels: z.record(z.string(), headSchema),
  /** Log-odds that none of the labels holds. */
  none: z.strictObject({ ...linear, threshold: share }).optional(),
  floor: share.optional(),
  /** Training items by label. */
  counts: z.record(z.string(), z.int()).optional(),
  /** What was chosen on the dev items: strength of regularisation, and how far rare labels count more. */
  chosen: z.strictObject({ l2: z.number(), balance: z.number() }).optional(),
  dev: scoresSchema.optional(),
});
export type TaskHeads = z.infer<typeof taskHeadsSchema>;

/** Heads on disk: trained ones in `heads.json` beside the encoder, derived ones in the cache. */
export const headsSchema = z.strictObject({
  /** Id of the encoder they were made for. */
  encoder: z.string(),
  dimensions: z.literal([DIMENSIONS, WITH_FEATURES]),
  /** What they were trained on; absent in derived ones. */
  trained: z.strictObject({ data: z.string(), items: z.int(), feedback: z.int() }).optional(),
  tasks: z.record(z.string(), taskHeadsSchema),
});

export type HeadsFile = z.infer<typeof headsSchema>;

export interface Head {
  readonly weights: Float32Array;
  readonly bias: number;
  /** Probability from which the label is assigned; the taxonomy's where it is absent. */
  readonly threshold?: number;
}

/** A task's heads, temperature already applied. */
export interface TaskHead {
  readonly labels: ReadonlyMap<string, Head>;
  readonly none?: Head & { readonly threshold: number };
  readonly floor?: number;
}

/** By task. */
export type Heads = ReadonlyMap<string, TaskHead>;

export const NO_HEADS: Heads = new Map();

/** Trained heads as found on disk. */
export interface FoundHeads {
  readonly heads: Heads;
  readonly file: HeadsFile;
  /** Changes with the file's content. */
  readonly id: string;
}

/** Where trained heads may lie: `<folder>/<encoder's folder>/heads.json`. */
export function headsPath(folder: string, encoderFolder: string): string {
  return join(folder, encoderFolder, 'heads.json');
}

/**
 * The trained heads in use: those trained on this machine before those beside the encoder; `null` where there are none.
 * Own ones for another encoder are passed over with a warning: an upgrade of the package must not stop a daemon.
 * @throws ConfigError when a file is broken, or heads beside an encoder belong to another
 */
export async function findHeads(
  places: { readonly own: string | undefined; readonly beside: string },
  encoder: string,
  log: Log,
): Promise<FoundHeads | null> {
  if (places.own !== undefined) {
    const own = await readFileOfHeads(places.own);
    if (own?.file.encoder === encoder) return own;
    if (own !== null) {
      const fields = { file: places.own, encoder, wants: own.file.encoder };
      log.warn(fields, 'own heads are for another encoder and not used: train them again');
    }
  }
  return readHeads(places.beside, encoder);
}

/**
 * Reads trained heads; `null` where the file does not exist.
 * @throws ConfigError when the file is broken or was trained for another encoder
 */
export async function readHeads(file: string, encoder: string): Promise<FoundHeads | null> {
  const found = await readFileOfHeads(file);
  if (found !== null && found.file.encoder !== encoder) {
    throw new ConfigError(
      `heads ${file}: encoder: wants ${encoder}, got ${found.file.encoder}: train them again or remove the file`,
    );
  }
  return found;
}

async function readFileOfHeads(file: string): Promise<FoundHeads | null> {
  const text = await readIfThere(file);
  if (text === null) return null;
  const parsed = headsSchema.safeParse(jsonOf(text, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`heads ${file}: ${issue?.path.join('.') || '(top)'}: ${issue?.message}`);
  }
  return { heads: toHeads(parsed.data), file: parsed.data, id: shortHash(text) };
}

/** Heads ready to score with. */
export function toHeads(file: HeadsFile): Heads {
  return new Map(Object.entries(file.tasks).map(([task, heads]) => [task, toTaskHead(heads)]));
}

/** One task's heads ready to score with. */
export function toTaskHead({ temperature, labels, none, floor }: TaskHeads): TaskHead {
  const ready = ({ weights, bias }: { weights: readonly number[]; bias: number }) => {
    return { weights: Float32Array.from(weights, (w) => w / temperature), bias: bias / temperature };
  };
  const heads = Object.entries(labels).map(([label, head]): [string, Head] => {
    return [
      label,
      { ...ready(head), ...(head.threshold === undefined ? {} : { threshold: head.threshold }) },
    ];
  });
  return {
    labels: new Map(heads),
    ...(none === undefined ? {} : { none: { ...ready(none), threshold: none.threshold } }),
    ...(floor === undefined ? {} : { floor }),
  };
}

/** Five significant digits, as heads are stored: finer than the encoder's 8 bits, and half the size on disk. */
export function five(value: number): number {
  return Number(value.toPrecision(5));
}

/** Log-odds that a head gives to a reading; numbers that it has no weights for do not count. */
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
