import { ConfigError } from '../core/errors.ts';
import type { Kind } from '../core/touchpoint.ts';
import { search as ask, type Filter, type Hit, similar } from '../store/search.ts';
import { embedQuestion } from '../sync/question.ts';
import type { Context } from './context.ts';
import { printJson, printLine } from './output.ts';

export interface SearchOptions {
  readonly kind?: Kind[];
  readonly client?: string;
  readonly since?: string;
  readonly until?: string;
  readonly person?: string[];
  readonly label?: { readonly task: string; readonly label: string }[];
  readonly similar?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Hybrid search, or what is like one touchpoint; without a model it searches by words and says so. */
export async function search(
  context: Context,
  query: string | undefined,
  options: SearchOptions,
): Promise<number> {
  const hits = await found(context, query, options);
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

async function found(context: Context, query: string | undefined, options: SearchOptions): Promise<Hit[]> {
  const store = await context.store();
  const filter = { ...filterOf(options), limit: options.limit };
  if (options.similar !== undefined) {
    if (query !== undefined) throw new ConfigError('a question and --similar: wants one of them');
    return similar(store, { ...filter, id: options.similar });
  }
  if (query === undefined) throw new ConfigError('wants a question, or --similar with an id');
  const { log } = context;
  const embedding = await embedQuestion(
    { store, log, tagger: () => context.tagger(), taggerOf: (folder) => context.taggerOf(folder) },
    query,
  );
  return ask(store, { ...filter, query, embedding });
}

function filterOf({ kind, client, since, until, person, label }: SearchOptions): Filter {
  return {
    ...(kind === undefined ? {} : { kinds: kind }),
    ...(client === undefined ? {} : { client }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(person === undefined ? {} : { people: person }),
    ...(label === undefined ? {} : { labels: label }),
  };
}
