import { Away, type Call, type ClientOptions, http } from './http.ts';
import type {
  Answer,
  CategoryAnswer,
  Classification,
  ClientLine,
  Facets,
  FeedbackOrder,
  Found,
  Heatmap,
  Hit,
  Item,
  Kind,
  MeetingFilter,
  MeetingPage,
  Meetings,
  Model,
  NpsAnswer,
  Question,
  SavedFeedback,
  Signal,
  Span,
  Status,
  Task,
  Touchpoint,
  Trend,
  Why,
} from './types.ts';

export { type ClientOptions, TouchpointError } from './http.ts';
export type * from './types.ts';

/**
 * A client for the daemon's API, for Node, route handlers, serverless functions and browsers; it needs nothing but `fetch`.
 * A call whose daemon is away answers `{ source: 'unavailable' }` and never throws for that.
 * @throws {TouchpointError} from every call that the daemon refuses (4xx)
 */
export function createClient(options: ClientOptions) {
  const ask = http(options);

  async function answer<T extends object>(
    call: Call,
    // The shape is the API's own, which a test holds against these types: a client of no dependencies trusts it.
    shape: (body: unknown) => T = (body) => body as T,
  ): Promise<Answer<T>> {
    try {
      return { source: 'touchpoint', ...shape(await ask(call)) };
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      return { source: 'unavailable', reason: error.message };
    }
  }
  const read = <T extends object>(path: string, query: object = {}) =>
    answer<T>({ method: 'GET', path: `${path}${queryString(query)}`, safe: true });
  const tag = <T extends object>(path: string, body: unknown) =>
    answer<T>({ method: 'POST', path, body, safe: true });

  return {
    /** One task for up to 100 items, answered in order. */
    classify: (task: Task, items: readonly Item[]) =>
      tag<{ results: Classification[]; model: Model }>('/classify', { task, items }),
    /** Sentiment and topics of an NPS comment, by its words. */
    nps: (comment: string) => tag<NpsAnswer>('/classify/nps', { comment }),
    /** An action's category: `auto_category`. */
    action: (text: string, title = '') => tag<CategoryAnswer>('/classify/action', { title, text }),
    /** A risk's category: `risk_category_auto`. */
    risk: (text: string, title = '') => tag<CategoryAnswer>('/classify/risk', { title, text }),
    /** Vectors of up to 100 texts: 384 numbers of unit length. */
    embed: (texts: readonly string[]) => tag<{ vectors: number[][]; encoder: string }>('/embed', { texts }),
    /** What answers a question: passages of every kind that can be cited, best first. */
    search: (question: Question) => tag<Found>('/search', question),
    /** The Briefing Room's list, a page at a time. */
    meetings: (page: MeetingPage = {}) => read<Meetings>('/meetings', page),
    facets: (filter: MeetingFilter = {}) => read<Facets>('/meetings/facets', filter),
    /** Touchpoints by topic and period. */
    heatmap: (span: Span & { readonly top?: number }) => read<Heatmap>('/heatmap', span),
    /** Sentiment per period. */
    trend: (span: Span) => read<Trend>('/trend', span),
    /** What points to trouble with a client. */
    signal: (client: string, days?: number) => read<Signal>('/signal', { client, days }),
    /** Every client with its counts. */
    clients: (kinds?: readonly Kind[]) =>
      answer({ method: 'GET', path: `/clients${queryString({ kinds })}`, safe: true }, (body) => ({
        clients: body as ClientLine[],
      })),
    /** What is stored and what waits, and second opinions. */
    status: () => read<Status>('/status'),
    /** One touchpoint with everything. */
    touchpoint: (id: string) => read<Touchpoint>(`/touchpoints/${encodeURIComponent(id)}`),
    /** What is nearest to it in meaning. */
    similar: (id: string, limit = 10) =>
      read<{ results: Hit[] }>(`/touchpoints/${encodeURIComponent(id)}/similar`, { limit }),
    /** The words that an answer rests on. */
    why: (id: string, task: string, label?: string) =>
      read<Why>(`/touchpoints/${encodeURIComponent(id)}/why`, { task, label }),
    /** A correction or a thumb; asked once only. */
    feedback: (touchpoint: string, said: FeedbackOrder) =>
      answer<SavedFeedback>({
        method: 'POST',
        path: `/touchpoints/${encodeURIComponent(touchpoint)}/feedback`,
        body: said,
        safe: false,
      }),
  };
}

export type Client = ReturnType<typeof createClient>;

function queryString(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
