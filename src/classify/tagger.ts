import { join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import type { Log } from '../core/log.ts';
import { type Classification, decide, nothingSaid } from './decide.ts';
import { cachedHeads, DERIVATION, deriveHeads, type Embed } from './derive-heads.ts';
import { Encoder } from './encoder.ts';
import { DIMENSIONS, findEncoder } from './encoder-files.ts';
import { type Head, type Heads, logit, NO_HEADS, readHeads, toHeads } from './heads.ts';
import { type Item, legibility, plain, promptText } from './prompt.ts';
import { readTaxonomy, type Task, type Taxonomy, tasksFor } from './taxonomy.ts';

export interface Tagging {
  /** Unit length, 384 numbers. */
  readonly vector: Float32Array;
  /** The tasks that apply to the item's kind. */
  readonly tasks: Readonly<Record<string, Classification>>;
}

/** Text to vector and tags. Calls may overlap; a text's answer does not depend on what else is under way. */
export interface Tagger extends AsyncDisposable {
  /** `<folder>@<hash>`: vectors of different encoders are not comparable. */
  readonly encoder: string;
  /** Version of taxonomy and heads: tags of another version are due again. */
  readonly taxonomy: string;
  readonly dimensions: typeof DIMENSIONS;
  /** One encoder pass per item gives its vector and the tags of every task that applies to its kind. */
  tag(items: readonly Item[], signal?: AbortSignal): Promise<readonly Tagging[]>;
  /** One task whatever the kind; ConfigError when there is no such task. */
  classify(task: string, items: readonly Item[], signal?: AbortSignal): Promise<readonly Classification[]>;
  /** Vectors of bare texts such as questions, comparable with those of items. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

export interface TaggerOptions {
  /** Folder of model folders. */
  readonly modelsDir: string;
  /** The encoder's folder in it. */
  readonly encoder: string;
  readonly taxonomyFile: string;
  /** Encoder threads at most, 1 or more. */
  readonly workers: number;
  /** Where derived heads are kept between starts; without it they are derived at each start. */
  readonly cacheDir?: string;
  readonly log: Log;
}

/**
 * Reads taxonomy and trained heads and identifies the encoder; loading the model waits for the first text.
 * All methods reject with EncoderUnavailable while the model cannot be used.
 * @throws ConfigError for a wrong taxonomy, heads or number of workers
 * @throws EncoderUnavailable when the model's files are not there
 */
export async function createTagger(options: TaggerOptions): Promise<Tagger> {
  const { modelsDir, taxonomyFile, workers, log } = options;
  if (!Number.isInteger(workers) || workers < 1) throw new ConfigError(`workers: wants 1 or more, got ${workers}`);
  const taxonomy = await readTaxonomy(taxonomyFile);
  const files = await findEncoder(modelsDir, options.encoder);
  const trained = await readHeads(join(modelsDir, options.encoder, 'heads.json'), files.id);
  const encoder = new Encoder({ files, workers, log });
  const embed: Embed = (texts) => encoder.embed(texts);
  const scorers = once(async () => {
    const own = trained?.heads ?? NO_HEADS;
    if (isComplete(own, taxonomy)) return scorersOf(taxonomy, [own]);
    const source = { taxonomy, encoder: files.id, embed };
    const derived = options.cacheDir
      ? await cachedHeads(source, { dir: options.cacheDir, log })
      : await deriveHeads(taxonomy, files.id, embed);
    return scorersOf(taxonomy, [own, toHeads(derived)]);
  });

  const answer = async (items: readonly Item[], signal: AbortSignal | undefined, namesOf: TasksOf) => {
    const ready = await scorers();
    const prompts = items.map(promptText);
    const vectors = await encoder.embed(prompts, signal);
    return vectors.map((vector, at) => {
      const names = namesOf(items[at]);
      const tasks = names.map((name) => [name, scoreText(ready.get(name), prompts[at] ?? '', vector)] as const);
      return { vector, tasks: new Map(tasks) };
    });
  };
  return {
    encoder: files.id,
    taxonomy: shortHash(JSON.stringify([taxonomy, trained?.id ?? DERIVATION])).slice(0, 12),
    dimensions: DIMENSIONS,
    tag: async () => [],
    classify: async () => [],
    embed: (texts, signal) => encoder.embed(texts.map(plain), signal),
    close: () => encoder.close(),
    [Symbol.asyncDispose]: () => encoder.close(),
  };
}
