import type { Log } from '../core/log.ts';
import { type Decision, decide, nothingSaid, type Rules } from './decide.ts';
import { cachedHeads } from './derive-heads.ts';
import type { Encoder } from './encoder.ts';
import { type Heads, logit, NO_HEADS, type TaskHead, toHeads } from './heads.ts';
import { legibility } from './prompt.ts';
import type { Task, Taxonomy } from './taxonomy.ts';

/** What the encoder read, and what it made of it. */
export interface Encoded {
  readonly prompt: string;
  /** The encoder's reading: search vector, and features where it has them. */
  readonly vector: Float32Array;
}

/** Answers one task of the taxonomy for one text. */
export type Scorer = (task: string, text: Encoded) => Decision;

/** Trained heads first; labels that have none get one derived from the taxonomy. */
export async function buildScorer(
  source: {
    readonly taxonomy: Taxonomy;
    readonly encoder: Pick<Encoder, 'id' | 'embed'>;
    readonly trained: Heads;
  },
  cache: { readonly dir: string | undefined; readonly log: Log },
): Promise<Scorer> {
  const { taxonomy, encoder, trained } = source;
  const basis = { taxonomy, encoder: encoder.id, embed: (texts: readonly string[]) => encoder.embed(texts) };
  const derived = covers(trained, taxonomy) ? NO_HEADS : toHeads(await cachedHeads(basis, cache));
  return (name, { prompt, vector }) => {
    const task = taxonomy.tasks[name];
    if (task === undefined) throw new Error(`no task '${name}'`);
    const legible = legibility(prompt);
    if (legible === 'nothing') return nothingSaid(task);
    const own = trained.get(name);
    const logits = task.labels.map(({ id }) => {
      const head = own?.labels.get(id) ?? derived.get(name)?.labels.get(id);
      if (head === undefined) throw new Error(`no head for '${id}' of '${name}'`);
      return logit(head, vector);
    });
    const answer = decide(task, logits, own && trainedRules(task, own, vector));
    return legible === 'poor' ? { ...answer, uncertain: true } : answer;
  };
}

/** What trained heads found for themselves, and the taxonomy's where they found nothing. */
export function trainedRules(task: Task, heads: TaskHead, vector: Float32Array): Rules {
  const { none, floor } = heads;
  return {
    thresholds: task.labels.map(({ id }) => heads.labels.get(id)?.threshold ?? task.threshold),
    floor: floor ?? task.floor,
    ...(none === undefined ? {} : { none: { logit: logit(none, vector), threshold: none.threshold } }),
  };
}

function covers(heads: Heads, taxonomy: Taxonomy): boolean {
  return Object.entries(taxonomy.tasks).every(([name, { labels }]) => {
    return labels.every(({ id }) => heads.get(name)?.labels.has(id));
  });
}
