import { ConfigError } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import type { Log } from '../core/log.ts';
import type { Classification, Decision } from './decide.ts';
import { DERIVATION } from './derive-heads.ts';
import { Encoder } from './encoder.ts';
import { DIMENSIONS, findEncoder, searchVector } from './encoder-files.ts';
import { openEntailment } from './entailment.ts';
import { findHeads, headsPath, NO_HEADS } from './heads.ts';
import { type Item, plain, promptText } from './prompt.ts';
import { buildScorer } from './scorer.ts';
import { readTaxonomy, tasksFor } from './taxonomy.ts';

export type { Classification, LabelScore } from './decide.ts';
export type { Item } from './prompt.ts';

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
  /** Folder of heads trained on this machine (`<encoder>/heads.json` in it), which come before those beside the encoder. */
  readonly ownHeadsDir?: string;
  /** Whether a model that a task names may be fetched from the hub; without it only folders count. */
  readonly allowRemote?: boolean;
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
  if (!Number.isInteger(workers) || workers < 1)
    throw new ConfigError(`workers: wants 1 or more, got ${workers}`);
  const taxonomy = await readTaxonomy(taxonomyFile);
  const files = await findEncoder(modelsDir, options.encoder);
  const trained = await findHeads(headsPlaces(options), files.id, log);
  const entailment = await openEntailment(taxonomy, {
    ...{ modelsDir, cacheDir: options.cacheDir, log },
    allowRemote: options.allowRemote === true,
  });
  const encoder = new Encoder({ files, workers, log });
  const scorer = memoised(() => {
    const source = { taxonomy, encoder, trained: trained?.heads ?? NO_HEADS };
    return buildScorer(source, { dir: options.cacheDir, log });
  });

  const encode = async (items: readonly Item[], signal?: AbortSignal) => {
    const read = items.map((item) => ({ kind: item.kind, prompt: promptText(item) }));
    const prompts = read.map(({ prompt }) => prompt);
    // Both at once: an abort need not wait until the heads are derived.
    const [score, vectors] = await Promise.all([scorer(), encoder.embed(prompts, signal)]);
    const encoded = read.flatMap((entry, at) => {
      const vector = vectors[at];
      return vector === undefined ? [] : [{ ...entry, vector }];
    });
    return { encoded, score };
  };

  /** By task and item, of the tasks that have a model of their own. */
  const entailed = async (tasks: Iterable<string>, items: readonly Item[], signal?: AbortSignal) => {
    const found = new Map<string, readonly Decision[]>();
    for (const task of tasks) {
      if (!entailment.tasks.has(task)) continue;
      found.set(task, await entailment.decide(task, items.map(promptText), signal));
    }
    return found;
  };
  const close = async () => {
    await Promise.all([encoder.close(), entailment[Symbol.asyncDispose]()]);
  };

  return {
    encoder: files.id,
    taxonomy: versionOf([
      taxonomy,
      trained?.id ?? DERIVATION,
      ...(entailment.id === '' ? [] : [entailment.id]),
    ]),
    dimensions: DIMENSIONS,
    tag: async (items, signal) => {
      const { encoded, score } = await encode(items, signal);
      const asked = new Set(items.flatMap(({ kind }) => tasksFor(taxonomy, kind)));
      const others = await entailed(asked, items, signal);
      return encoded.map((text, at) => {
        const tasks = tasksFor(taxonomy, text.kind).map((task) => {
          return [task, published(others.get(task)?.[at] ?? score(task, text))];
        });
        return { vector: searchVector(text.vector), tasks: Object.fromEntries(tasks) };
      });
    },
    classify: async (task, items, signal) => {
      const known = Object.keys(taxonomy.tasks);
      if (!known.includes(task)) throw new ConfigError(`task: wants one of ${known.join(', ')}, got ${task}`);
      const others = await entailed([task], items, signal);
      const own = others.get(task);
      if (own !== undefined) return own.map(published);
      const { encoded, score } = await encode(items, signal);
      return encoded.map((text) => published(score(task, text)));
    },
    embed: async (texts, signal) => (await encoder.embed(texts.map(plain), signal)).map(searchVector),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function versionOf(parts: readonly unknown[]): string {
  return shortHash(JSON.stringify(parts)).slice(0, 12);
}

/** Where this tagger's trained heads may lie. */
export function headsPlaces({
  modelsDir,
  encoder,
  ownHeadsDir,
}: Pick<TaggerOptions, 'modelsDir' | 'encoder' | 'ownHeadsDir'>) {
  const own = ownHeadsDir === undefined ? undefined : headsPath(ownHeadsDir, encoder);
  return { own, beside: headsPath(modelsDir, encoder) };
}

function published({ confidence: _, ...classification }: Decision): Classification {
  return classification;
}

/** Runs `work` once for all callers; a failure is forgotten, so that the next caller tries again. */
export function memoised<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
