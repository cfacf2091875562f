import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Embed } from './derive-heads.ts';
import { type ReadingWidth, searchVector } from './encoder-files.ts';
import { dot } from './heads.ts';

/** First 16 bytes of the text's SHA-256, then its numbers (32-bit floats, little-endian as on every platform here). */
const KEY = 16;
/** Texts per call of the encoder: what an interruption costs at most. */
const BATCH = 256;

export interface VectorCache {
  /** The encoder's id: another encoder has a file of its own. */
  readonly encoder: string;
  /** Numbers of a reading. */
  readonly width: ReadingWidth;
  readonly embed: Embed;
  /** Where the file lies; `undefined` keeps nothing. */
  readonly dir: string | undefined;
  readonly log: Log;
}

/**
 * Vectors of texts, in order; those met before come from `<dir>/vectors-<encoder>.f32`, and the rest is added to it.
 * The file is only ever appended to and holds no text. Training reads thousands of texts again and again, and the
 * encoder is what takes the time (about 10 ms a text).
 * @param onProgress called with how many of the texts have their vector
 */
export async function cachedVectors(
  cache: VectorCache,
  texts: readonly string[],
  onProgress: (done: number, all: number) => void = () => {},
): Promise<readonly Float32Array[]> {
  const file = cache.dir && join(cache.dir, `vectors-${cache.encoder}.f32`);
  const known = file === undefined ? new Map<string, Float32Array>() : await read(file, cache.width);
  const missing = [...new Set(texts)].filter((text) => !known.has(keyOf(text)));
  const all = new Set(texts).size;
  for (let from = 0; from < missing.length; from += BATCH) {
    onProgress(all - missing.length + from, all);
    const batch = missing.slice(from, from + BATCH);
    const vectors = await cache.embed(batch);
    const fresh = batch.map((text, at) => [keyOf(text), vectors[at] ?? new Float32Array()] as const);
    for (const [key, vector] of fresh) known.set(key, vector);
    if (file !== undefined) await keep(file, fresh, cache);
  }
  return texts.map((text) => {
    const vector = known.get(keyOf(text));
    if (vector === undefined) throw new Error('a text has no vector');
    return vector;
  });
}

async function keep(
  file: string,
  fresh: readonly (readonly [string, Float32Array])[],
  { dir = '', log }: VectorCache,
): Promise<void> {
  const records = fresh.flatMap(([key, vector]) => [
    Buffer.from(key, 'hex'),
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
  ]);
  try {
    await mkdir(dir, { recursive: true });
    await appendFile(file, Buffer.concat(records));
  } catch (error) {
    log.warn({ file, reason: reasonOf(error) }, 'vectors are not cached');
  }
}

/** What cannot be read is no loss: it is encoded again. Half a record at the end was left by an interruption. */
async function read(file: string, width: ReadingWidth): Promise<Map<string, Float32Array>> {
  const record = KEY + width * Float32Array.BYTES_PER_ELEMENT;
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const torn = bytes.length % record;
  if (torn > 0) await truncate(file, bytes.length - torn);
  const known = new Map<string, Float32Array>();
  for (let at = 0; at + record <= bytes.length; at += record) {
    // copied: a view of floats must begin at a multiple of four bytes
    const numbers = Uint8Array.prototype.slice.call(bytes, at + KEY, at + record);
    const vector = new Float32Array(numbers.buffer);
    const search = searchVector(vector);
    if (Math.abs(dot(search, search) - 1) < 1e-3) known.set(bytes.toString('hex', at, at + KEY), vector);
  }
  return known;
}

function keyOf(text: string): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * KEY);
}
