import { reasonOf, TransientError } from '../core/errors.ts';
import type { Kind } from '../core/touchpoint.ts';
import { search as ask, type Question } from '../store/search.ts';
import type { Context } from './context.ts';
import { printJson, printLine } from './output.ts';

export interface SearchOptions {
  readonly kind?: Kind[];
  readonly client?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Hybrid search; without a model it searches by words and says so. */
export async function search(context: Context, query: string, options: SearchOptions): Promise<number> {
  const store = await context.store();
  const hits = await ask(store, {
    query,
    embedding: await embedded(context, query),
    limit: options.limit,
    ...(options.kind === undefined ? {} : { kinds: options.kind }),
    ...(options.client === undefined ? {} : { client: options.client }),
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.until === undefined ? {} : { until: options.until }),
  });
  if (options.json === true) {
    printJson(hits);
    return 0;
  }
  for (const hit of hits) {
    const about = [hit.kind, hit.client, hit.occurred_at?.slice(0, 10)]
      .filter((part) => part != null)
      .join(' · ');
    printLine(`${hit.title || '(no subject)'}  [${about}]`);
    printLine(`    ${hit.snippet.replace(/\s+/g, ' ')}`);
  }
  if (hits.length === 0) printLine('nothing found');
  return 0;
}

async function embedded(context: Context, query: string): Promise<Question['embedding']> {
  try {
    const tagger = await context.tagger();
    const [vector] = await tagger.embed([query]);
    return vector === undefined ? null : { vector, encoder: tagger.encoder };
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    context.log.warn({ reason: reasonOf(error) }, 'searching by words alone');
    return null;
  }
}
