import { guid } from './ids.ts';
import { hash32 } from './random.ts';

/** An answer of the sandbox: JSON unless the body is text. */
export interface Reply {
  readonly status: number;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that is an error: thrown anywhere, written once, in Graph's own shape. */
export class GraphRefusal extends Error {
  override readonly name = 'GraphRefusal';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A code that only the inner error carries. */
  readonly innerCode: string | null;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: { readonly headers?: Readonly<Record<string, string>>; readonly innerCode?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = extra.headers ?? {};
    this.innerCode = extra.innerCode ?? null;
  }
}

/** Graph's error body. */
export function errorBody(
  refusal: GraphRefusal,
  request: { readonly id: string; readonly clientId: string; readonly now: number },
): object {
  const innerError = {
    ...(refusal.innerCode === null ? {} : { code: refusal.innerCode }),
    date: new Date(request.now).toISOString().slice(0, 19),
    'request-id': request.id,
    'client-request-id': request.clientId,
  };
  return { error: { code: refusal.code, message: refusal.message, innerError } };
}

/** The id of the nth request of a process. */
export function requestId(number: number): string {
  return guid(`request ${hash32('request', number)} ${number}`);
}

export const JSON_TYPE =
  'application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8';
