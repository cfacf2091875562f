/** Asks the daemon: within the time allowed, again where that is safe, and with an answer also when it is away. */

export interface ClientOptions {
  /** Where the daemon is, such as `https://touchpoint.example.com`. */
  readonly url: string;
  /** An API key; none is needed on the daemon's own machine while none is set there. */
  readonly key?: string;
  /** Milliseconds for one call, all its tries together. */
  readonly timeoutMs?: number;
  /** Tries after the first one, of calls that change nothing. */
  readonly retries?: number;
  readonly fetch?: typeof fetch;
}

/** The daemon refuses the call: a wrong field, a key that is missing or may not, nothing there. */
export class TouchpointError extends Error {
  override readonly name = 'TouchpointError';
  readonly status: number;
  /** Wrong fields, where there are some. */
  readonly errors: readonly { readonly field: string; readonly message: string }[];
  /** Finds the line in the daemon's log. */
  readonly requestId: string | null;

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? `the daemon answered ${status}`);
    this.status = status;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id ?? null;
  }
}

interface Problem {
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly request_id?: string;
}

/** Says that the daemon is away; never leaves the client. */
export class Away extends Error {
  readonly retryAfterMs: number | null;
  constructor(reason: string, retryAfterMs: number | null = null) {
    super(reason);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** Asking twice is the same as asking once. */
  readonly safe: boolean;
}

const FIRST_PAUSE_MS = 150;

export function http(options: ClientOptions) {
  const { key, timeoutMs = 5_000, retries = 2 } = options;
  const base = options.url.replace(/\/+$/, '');
  const send = options.fetch ?? fetch;
  const headers = {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };

  async function once({ method, path, body }: Call, signal: AbortSignal): Promise<unknown> {
    const init = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await send(`${base}/api/v1${path}`, init).catch((error: unknown) => {
      throw new Away(signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error));
    });
    if (response.ok) {
      return response.json().catch(() => {
        throw new Away('the answer was cut short');
      });
    }
    if (response.status === 429 || response.status >= 500)
      throw new Away(`the daemon answered ${response.status}`, retryAfter(response));
    throw new TouchpointError(response.status, await problemOf(response));
  }

  /** @throws {Away} @throws {TouchpointError} */
  return async function ask(call: Call): Promise<unknown> {
    const end = Date.now() + timeoutMs;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeoutMs);
    try {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await once(call, stop.signal);
        } catch (error) {
          if (!(error instanceof Away) || !call.safe || attempt >= retries) throw error;
          const pause = error.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random());
          if (Date.now() + pause >= end) throw error;
          await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
    } finally {
      clearTimeout(timer);
    }
  };
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}

async function problemOf(response: Response): Promise<Problem> {
  const said: unknown = await response.json().catch(() => null);
  return typeof said === 'object' && said !== null ? said : {};
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
