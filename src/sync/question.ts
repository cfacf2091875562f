import type { Tagger } from '../classify/tagger.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Embedding } from '../store/search.ts';
import type { Store } from '../store/store.ts';
import { readEncoders } from '../store/tags.ts';

/** A question's vector, made by the encoder whose vectors the store compares just now. */

export interface QuestionDeps {
  readonly store: Store;
  /** The configured one. */
  readonly tagger: () => Promise<Tagger>;
  /** The one of another model folder, which may not be there. */
  readonly taggerOf: (folder: string) => Promise<Tagger>;
  readonly log: Log;
}

/** Null when there is no such vector to be had: then words answer alone, and the log says why. */
export async function embedQuestion(deps: QuestionDeps, query: string): Promise<Embedding | null> {
  try {
    const tagger = await servingTagger(deps);
    const [vector] = (await tagger?.embed([query])) ?? [];
    return tagger === null || vector === undefined ? null : { vector, encoder: tagger.encoder };
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    deps.log.warn({ reason: reasonOf(error) }, 'searching by words alone');
    return null;
  }
}

/** While a new encoder builds, the old one answers, if its files are still there. */
async function servingTagger({ store, tagger, taggerOf, log }: QuestionDeps): Promise<Tagger | null> {
  const { serving } = await readEncoders(store);
  if (serving === null) return null;
  const configured = await tagger().catch((error: unknown) => {
    if (!(error instanceof TransientError)) throw error;
    return null;
  });
  if (configured?.encoder === serving) return configured;
  const [folder = serving] = serving.split('@');
  const other = await taggerOf(folder);
  if (other.encoder === serving) return other;
  log.warn({ serving, here: other.encoder }, 'searching by words alone: the encoder that serves is not here');
  return null;
}
