import type { Decision } from './decide.ts';
import { Encoder } from './encoder.ts';
import { findEncoder, type ReadingWidth } from './encoder-files.ts';
import { type Entailment, openEntailment } from './entailment.ts';
import { type FoundHeads, findHeads, type Heads, NO_HEADS } from './heads.ts';
import { findLearnt, type Learnt } from './learnt.ts';
import { buildScorer, type Encoded, type Scorer } from './scorer.ts';
import { headsPlaces, memoised, type TaggerOptions } from './tagger.ts';
import { readTaxonomy, type Taxonomy } from './taxonomy.ts';
import { cachedVectors } from './vector-cache.ts';

/** What training and evaluation work with: the parts of a tagger, one by one. */
export interface Workbench extends AsyncDisposable {
  readonly taxonomy: Taxonomy;
  /** The encoder's id. */
  readonly encoder: string;
  /** Numbers of a reading. */
  readonly width: ReadingWidth;
  /** The trained heads that a tagger would use now. */
  readonly inUse: FoundHeads | null;
  /** The heads that the encoder learnt with. */
  readonly learnt: Learnt;
  /** Vectors of prompts, in order; from the cache where they are known. */
  vectors(
    prompts: readonly string[],
    onProgress?: (done: number, all: number) => void,
  ): Promise<readonly Float32Array[]>;
  /** One vector, never from the cache: for measuring how long it takes. */
  encode(prompt: string): Promise<Float32Array>;
  /** What a tagger would answer now, one answer a text. */
  answers(task: string, texts: readonly Encoded[]): Promise<readonly Decision[]>;
  /** Answers by these heads, and by derived ones where they have none. */
  scorer(heads: Heads): Promise<Scorer>;
}

/**
 * @param heads used whatever lies beside the encoder: those of another precision of the same weights
 * @throws ConfigError for wrong taxonomy or heads; EncoderUnavailable when the model's files are not there
 */
export async function openWorkbench(options: TaggerOptions, heads?: FoundHeads | null): Promise<Workbench> {
  const { modelsDir, cacheDir: dir, log, workers } = options;
  const taxonomy = await readTaxonomy(options.taxonomyFile);
  const files = await findEncoder(modelsDir, options.encoder);
  const inUse = heads === undefined ? await findHeads(headsPlaces(options), files.id, log) : heads;
  const learnt = await findLearnt(files);
  const encoder = new Encoder({ files, workers, log });
  const embed = (texts: readonly string[]) => encoder.embed(texts);
  const scorer = (trained: Heads) => buildScorer({ taxonomy, encoder, trained }, { dir, log });
  let opened: Entailment | undefined;
  // only when it is asked: training needs no such model, and it may not be here
  const entailment = memoised(async () => {
    const allowRemote = options.allowRemote === true;
    opened = await openEntailment(taxonomy, { modelsDir, cacheDir: dir, allowRemote, log });
    return opened;
  });
  const scorerInUse = memoised(() => scorer(inUse?.heads ?? NO_HEADS));
  return {
    taxonomy,
    encoder: files.id,
    width: files.width,
    inUse,
    learnt,
    vectors: (prompts, onProgress) =>
      cachedVectors({ encoder: files.id, width: files.width, embed, dir, log }, prompts, onProgress),
    encode: async (prompt) => {
      const [vector] = await encoder.embed([prompt]);
      if (vector === undefined) throw new Error('the encoder gave no vector');
      return vector;
    },
    answers: async (task, texts) => {
      if (taxonomy.tasks[task]?.engine === 'entailment')
        return (await entailment()).decide(
          task,
          texts.map(({ prompt }) => prompt),
        );
      const score = await scorerInUse();
      return texts.map((text) => score(task, text));
    },
    scorer,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([encoder.close(), opened?.[Symbol.asyncDispose]()]);
    },
  };
}
