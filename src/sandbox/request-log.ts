/** One request as the sandbox saw it, without tokens. */
export interface RequestRecord {
  readonly method: string;
  /** Path and query; the values of delta and skip tokens are left out. */
  readonly path: string;
  /** Lower-case address, or null where none is named. */
  readonly mailbox: string | null;
  /** `messages delta`, `event`, `token`, ...; `unknown` for paths that lead nowhere. */
  readonly kind: string;
  /** HTTP status; 0 when the connection was cut. */
  readonly status: number;
  readonly hasToken: boolean;
  readonly prefer: string;
}

/** What was asked, in order of completion. Bounded: a demo may run for months. */
export class RequestLog {
  #records: RequestRecord[] = [];
  readonly #limit: number;

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  add(record: RequestRecord): void {
    this.#records.push(record);
    if (this.#records.length > this.#limit) this.#records = this.#records.slice(-this.#limit / 2);
  }

  all(): readonly RequestRecord[] {
    return this.#records;
  }

  clear(): void {
    this.#records = [];
  }
}

/** A URL's path and query for the log. */
export function loggedPath(url: URL): string {
  const query = url.search.replace(/((?:\$|%24)(?:skip|delta)token=)[^&]*/gi, '$1...');
  return `${url.pathname}${query}`;
}
