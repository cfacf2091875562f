/** The one door to the daemon. The key goes into a header, never into an address. */

const BASE = '/api/v1/';
const KEY = 'touchpoint-key';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when nobody answered. */
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

export class Api {
  /** Asks the person for a key; answers when there is one. */
  readonly #askKey: (wrong: boolean) => Promise<string>;
  #asking: Promise<void> | null = null;

  constructor(askKey: (wrong: boolean) => Promise<string>) {
    this.#askKey = askKey;
  }

  /** @throws {ApiError} */
  async get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [value].flat().map((one) => [name, one]),
    );
    const address = pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
    return (await this.#send(address, { ...(signal ? { signal } : {}) })).json();
  }

  /** @throws {ApiError} */
  async post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: JSON.stringify(body), ...(signal ? { signal } : {}) };
    return (await this.#send(path, request)).json();
  }

  /** Server-sent events over fetch, which unlike EventSource sends the key. @throws {ApiError} */
  async *follow(path: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const { body } = await this.#send(path, { signal });
    if (body === null) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = `${rest}${value}`.split('\n\n');
      rest = blocks.pop() ?? '';
      yield* blocks.map(parseEvent);
    }
  }

  async #send(path: string, request: RequestInit): Promise<Response> {
    for (let wrong = false; ; wrong = true) {
      const key = sessionStorage.getItem(KEY);
      const headers = { ...request.headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
      const response = await reach(`${BASE}${path}`, { ...request, headers });
      if (response.ok) return response;
      if (response.status !== 401) throw await refusal(response);
      // another request may have brought a new key meanwhile
      if (sessionStorage.getItem(KEY) === key) await this.#newKey(wrong || key !== null);
    }
  }

  #newKey(wrong: boolean): Promise<void> {
    this.#asking ??= this.#askKey(wrong)
      .then((key) => sessionStorage.setItem(KEY, key))
      .finally(() => {
        this.#asking = null;
      });
    return this.#asking;
  }
}

async function reach(address: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { ...request, redirect: 'error' });
  } catch (error) {
    if (request.signal?.aborted === true) throw error;
    throw new ApiError(0, 'Touchpoint does not answer: is the daemon running?');
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const problem: { detail?: unknown } = await response.json().catch(() => ({}));
  const detail = typeof problem.detail === 'string' ? problem.detail : response.statusText;
  return new ApiError(response.status, detail);
}

function parseEvent(block: string): ServerEvent {
  const fields = block.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line)?.slice(1) ?? ['', '']);
  const of = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value ?? '');
  return { event: of('event')[0] ?? 'message', data: of('data').join('\n') };
}

/** True for what is no error: the question was overtaken by another. */
export function wasAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
