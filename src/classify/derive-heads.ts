import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reasonOf } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import type { Log } from '../core/log.ts';
import { DIMENSIONS } from './encoder-files.ts';
import { dot, type HeadsFile, headsSchema } from './heads.ts';
import { plain } from './prompt.ts';
import type { Label, Task, Taxonomy } from './taxonomy.ts';

/** Changes whenever the arithmetic below does, so that cached heads and stored tags are made anew. */
export const DERIVATION = 'derived-1';

/**
 * How much of the task's common direction is taken out of labels and texts alike. On labelled items half of it gave
 * the best accuracy of 0, .5, .8 and 1 for four tasks of five: labels of a task share most of what they say.
 */
const COMMON = 0.5;

export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** Linear heads for every label, from its description and examples alone: no training, one vector per phrase. */
export async function deriveHeads(taxonomy: Taxonomy, encoder: string, embed: Embed): Promise<HeadsFile> {
  const tasks = Object.entries(taxonomy.tasks);
  const phrases = [...new Set(tasks.flatMap(([, task]) => task.labels.flatMap(phrasesOf)))];
  const vectors = await embed(phrases);
  const byPhrase = new Map(vectors.map((vector, at) => [phrases[at] ?? '', vector] as const));
  const derived = tasks.map(([name, task]) => [name, { temperature: 1, labels: taskHeads(task, byPhrase) }]);
  return { encoder, dimensions: DIMENSIONS, tasks: Object.fromEntries(derived) };
}

/**
 * The same, kept in `<dir>/derived-heads.json` for as long as encoder and taxonomy stay the same.
 * Without a `dir` nothing is kept; a cache that cannot be read or written is only worth a warning.
 */
export async function cachedHeads(
  source: { readonly taxonomy: Taxonomy; readonly encoder: string; readonly embed: Embed },
  cache: { readonly dir: string | undefined; readonly log: Log },
): Promise<HeadsFile> {
  if (cache.dir === undefined) return deriveHeads(source.taxonomy, source.encoder, source.embed);
  const key = shortHash(JSON.stringify([DERIVATION, source.encoder, source.taxonomy]));
  const file = join(cache.dir, 'derived-heads.json');
  const kept = await readCache(file);
  if (kept?.key === key) return kept.heads;
  const heads = await deriveHeads(source.taxonomy, source.encoder, source.embed);
  try {
    await mkdir(cache.dir, { recursive: true });
    // Written aside and renamed: another process never reads half a file.
    await writeFile(`${file}.${process.pid}`, JSON.stringify({ key, heads }));
    await rename(`${file}.${process.pid}`, file);
  } catch (error) {
    cache.log.warn({ file, reason: reasonOf(error) }, 'derived heads are not cached');
  }
  return heads;
}

const cacheSchema = z.object({ key: z.string(), heads: headsSchema });

/** `null` when there is no usable cache: it is only ever a shortcut. */
async function readCache(file: string): Promise<z.infer<typeof cacheSchema> | null> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

/** What a label says of itself, as the encoder reads it. */
export function phrasesOf(label: Label): readonly string[] {
  return [`${label.name}: ${label.description}`, ...label.examples].map(plain);
}

function taskHeads(task: Task, byPhrase: ReadonlyMap<string, Float32Array>) {
  const prototypes = task.labels.map((label) => ({
    label,
    prototype: unit(sum(phrasesOf(label).map((phrase) => byPhrase.get(phrase) ?? []))),
  }));
  const answers = prototypes.filter(({ label }) => label.primary).map(({ prototype }) => prototype);
  const common = sum(answers).map((value) => (COMMON * value) / answers.length);
  const heads = prototypes.map(({ label, prototype }) => {
    const direction = unit(prototype.map((value, at) => value - (common[at] ?? 0)));
    const weights = direction.map((value) => rounded(task.scale * value));
    return [label.id, { weights, bias: rounded(task.bias - task.scale * dot(direction, common)) }];
  });
  return Object.fromEntries(heads);
}

function sum(vectors: readonly ArrayLike<number>[]): number[] {
  const total = new Array<number>(DIMENSIONS).fill(0);
  for (const vector of vectors) {
    for (let at = 0; at < DIMENSIONS; at++) total[at] = (total[at] ?? 0) + (vector[at] ?? 0);
  }
  return total;
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

/** Six decimals: far below what q8 resolves, and a third of the cache's size. */
function rounded(value: number): number {
  // `+ 0` turns -0 into 0, which is what it becomes in the cache.
  return Math.round(value * 1e6) / 1e6 + 0;
}
