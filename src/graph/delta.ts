import type { Graph, GraphRequestOptions } from './client.ts';
import { GraphProtocolError } from './errors.ts';
import { firstPageSize, nextPageSize } from './page-size.ts';
import { Page, shapeProblem } from './schemas.ts';

/** Pages of delta rounds and of plain lists. */

export interface DeltaPage {
  /** May be empty, and may be followed by further pages all the same. */
  readonly items: readonly unknown[];
  readonly nextLink: string | null;
  /** Where the next round starts; only on the last page. */
  readonly deltaLink: string | null;
}

export interface PagesOptions extends Pick<GraphRequestOptions, 'mailbox' | 'prefer' | 'signal'> {
  /** Most items to ask for on a page; what Graph gives by itself when left out. */
  readonly pageSize?: number;
}

export interface RoundOptions extends PagesOptions {
  /** Asks for the next page while the last one is worked on; what was asked for and is not wanted any more is dropped. */
  readonly ahead?: boolean;
  /** The first page, where it was asked for already: a promise that may reject. */
  readonly first?: Promise<DeltaPage>;
}

/**
 * Walks a delta round page by page, from its first address or from any link of an earlier walk. The preferences go
 * with every page: Graph forgets them otherwise.
 * @throws {GraphProtocolError} for a page with neither link (never to be taken for the end) or a link to itself,
 *   and whatever {@link Graph.request} throws
 */
export async function* deltaPages(
  graph: Graph,
  start: string,
  options: RoundOptions = {},
): AsyncGenerator<DeltaPage> {
  for await (const page of pages(graph, start, options)) {
    if (page.nextLink === null && page.deltaLink === null) {
      throw new GraphProtocolError('a delta page came with neither nextLink nor deltaLink');
    }
    yield page;
  }
}

/** The one page at an address, to be looked at before a round is begun with it. @throws whatever {@link Graph.request} throws */
export function readDeltaPage(graph: Graph, link: string, options: PagesOptions): Promise<DeltaPage> {
  const { pageSize, ...request } = options;
  return askPage(graph, link, { ...request, size: pageSize && firstPageSize(pageSize) });
}

type AskOptions = Omit<PagesOptions, 'pageSize'> & { readonly size: number | undefined };

async function askPage(graph: Graph, link: string, { size, ...request }: AskOptions): Promise<DeltaPage> {
  if (size === undefined) return readPage(await graph.request(link, request));
  const prefer = [...(request.prefer ?? []), `odata.maxpagesize=${size}`];
  return readPage(await graph.request(link, { ...request, prefer }));
}

/** Every item of a plain list, all pages of it. @throws as {@link deltaPages}, except that the last page carries no link */
export async function listItems(graph: Graph, start: string, options: PagesOptions = {}): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const page of pages(graph, start, options)) items.push(...page.items);
  return items;
}

async function* pages(graph: Graph, start: string, options: RoundOptions): AsyncGenerator<DeltaPage> {
  const { ahead = false, first, pageSize, ...request } = options;
  const stop = new AbortController();
  const signal = ahead
    ? AbortSignal.any([stop.signal, ...(request.signal ? [request.signal] : [])])
    : request.signal;
  let size = pageSize && firstPageSize(pageSize);
  const ask = (link: string) => askPage(graph, link, { ...request, ...(signal ? { signal } : {}), size });
  const walked = new Set<string>();
  let asked: Promise<DeltaPage> | null = first ?? null;
  try {
    for (let link: string | null = start; link !== null; ) {
      walked.add(link);
      const page: DeltaPage = await (asked ?? ask(link));
      if (page.nextLink !== null && walked.has(page.nextLink)) {
        throw new GraphProtocolError('a page links to one that was already read');
      }
      size &&= nextPageSize(page.items, { size, most: pageSize ?? size });
      asked = ahead && page.nextLink !== null ? ask(page.nextLink) : null;
      // whoever stops before it is wanted is not told of its failure
      asked?.catch(() => undefined);
      yield page;
      link = page.nextLink;
    }
  } finally {
    stop.abort(new Error('the page is not wanted any more'));
    await asked?.catch(() => undefined);
  }
}

function readPage(body: unknown): DeltaPage {
  const page = Page.safeParse(body);
  if (!page.success) throw new GraphProtocolError(`a page cannot be read: ${shapeProblem(page.error)}`);
  const { value, '@odata.nextLink': nextLink, '@odata.deltaLink': deltaLink } = page.data;
  return { items: value ?? [], nextLink: nextLink || null, deltaLink: deltaLink || null };
}
