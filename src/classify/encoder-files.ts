import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, TransientError } from '../core/errors.ts';

/** Length of a vector: of all-MiniLM-L6-v2, and of the store's `vector(384)` columns. */
export const DIMENSIONS = 384;

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
  return { modelsDir, folder, id: await encoderId(modelsDir, folder) };
}

/** `<folder>@<hash>` of the weights that lie there now. */
export async function encoderId(modelsDir: string, folder: string): Promise<string> {
  const weights = await readFile(join(modelsDir, folder, WEIGHTS));
  return `${folder}@${createHash('sha256').update(weights).digest('hex').slice(0, 8)}`;
}
