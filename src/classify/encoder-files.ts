import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { ConfigError, reasonOf, TransientError } from '../core/errors.ts';

/** Length of a search vector: of MiniLM's states, and of the store's `vector(384)` columns. */
export const DIMENSIONS = 384 as const;
/** Length of a reading whose encoder has features for the heads beside its search vector. */
export const WITH_FEATURES = 768 as const;

export type ReadingWidth = typeof DIMENSIONS | typeof WITH_FEATURES;

/** What Transformers.js reads of a BERT encoder with `dtype: 'q8'`. */
const WEIGHTS = 'onnx/model_quantized.onnx';
const WANTED = ['config.json', 'tokenizer.json', 'tokenizer_config.json', WEIGHTS] as const;

/** No vectors and no tags for now: the model is missing or broken, or its thread died. Ingest goes on, tags wait. */
export class EncoderUnavailable extends TransientError {
  override readonly name = 'EncoderUnavailable';
}

/** An encoder's folder on disk and what identifies it. */
export interface EncoderFiles {
  /** Folder that holds model folders. */
  readonly modelsDir: string;
  /** Name of the encoder's folder in it. */
  readonly folder: string;
  /** Numbers of a reading: the search vector alone, or followed by features of the same length. */
  readonly width: ReadingWidth;
  /** `<folder>@<first 8 hex digits of the weights' SHA-256>`: vectors of different ids are not comparable. */
  readonly id: string;
}

/**
 * Checks that the folder holds an encoder and identifies it by its weights.
 * @throws ConfigError when `folder` is not a plain folder name
 * @throws EncoderUnavailable naming the folder and what is wanted, when a file is missing
 */
export async function findEncoder(modelsDir: string, folder: string): Promise<EncoderFiles> {
  if (!/^[\w-][\w.-]*$/.test(folder)) {
    throw new ConfigError(
      `encoder: wants the name of a folder in ${modelsDir}, got ${JSON.stringify(folder)}`,
    );
  }
  const path = join(modelsDir, folder);
  const missing: string[] = [];
  for (const file of WANTED) {
    const found = await stat(join(path, file)).catch(() => null);
    if (!found?.isFile() || found.size === 0) missing.push(file);
  }
  if (missing.length > 0) {
    throw new EncoderUnavailable(
      `${path} is no encoder: wants ${WANTED.join(', ')}; missing ${missing.join(', ')}`,
    );
  }
  const [width, id] = await Promise.all([readingWidth(path), encoderId(modelsDir, folder)]);
  return { modelsDir, folder, width, id };
}

const configSchema = z.object({ touchpoint_features: z.literal(DIMENSIONS).optional() });

/** What the encoder's own `config.json` says; another kind of encoder says nothing of features. */
async function readingWidth(path: string): Promise<ReadingWidth> {
  try {
    const config = configSchema.parse(JSON.parse(await readFile(join(path, 'config.json'), 'utf8')));
    return config.touchpoint_features === undefined ? DIMENSIONS : WITH_FEATURES;
  } catch (error) {
    throw new EncoderUnavailable(`${path} is no encoder: config.json: ${reasonOf(error)}`, { cause: error });
  }
}

/** The part of a reading that is stored and compared. */
export function searchVector(reading: Float32Array): Float32Array {
  return reading.length === DIMENSIONS ? reading : reading.slice(0, DIMENSIONS);
}

/** `<folder>@<hash>` of the weights that lie there now. */
export async function encoderId(modelsDir: string, folder: string): Promise<string> {
  // piece by piece: each thread asks, and would keep the room for all of it
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(modelsDir, folder, WEIGHTS)), hash);
  return `${folder}@${hash.digest('hex').slice(0, 8)}`;
}
