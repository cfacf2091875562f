import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ConfigError, TransientError } from '../../core/errors.ts';
import { StoreConflict, StoreError } from '../../store/store.ts';

/** What went wrong, as RFC 9457 wants it: application/problem+json. */

export interface FieldError {
  /** Path of the field, such as `items.3.text`. */
  readonly field: string;
  readonly message: string;
}

/** Thrown by handlers; becomes the answer. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: ContentfulStatusCode;
  readonly title: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ContentfulStatusCode,
    title: string,
    detail: string,
    more: {
      readonly errors?: readonly FieldError[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

export function notFound(what: string): ApiProblem {
  return new ApiProblem(404, 'Not found', `there is no such ${what}`);
}

/** Says it to the caller. `requestId` finds the line in the log that says more. */
export function problemResponse(context: Context, problem: ApiProblem, requestId: string): Response {
  const { status, title, message, errors, headers } = problem;
  const body = {
    type: 'about:blank',
    title,
    status,
    detail: message,
    request_id: requestId,
    ...(errors.length === 0 ? {} : { errors }),
  };
  return context.body(JSON.stringify(body), status, {
    ...headers,
    'content-type': 'application/problem+json; charset=utf-8',
  });
}

const RETRY_AFTER_SECONDS = '5';

/** An error as its caller may see it; null for one that is a fault of ours. */
export function problemFor(error: unknown): ApiProblem | null {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TransientError) {
    const headers = { 'retry-after': RETRY_AFTER_SECONDS };
    return new ApiProblem(503, 'Not available now', 'the store or the model cannot answer now', { headers });
  }
  if (error instanceof ConfigError) return new ApiProblem(400, 'Wrong request', error.message);
  if (error instanceof StoreConflict)
    return new ApiProblem(409, 'Conflict', 'it changed meanwhile: read it again');
  return error instanceof StoreError ? problemOfState(error) : null;
}

/** By SQLSTATE: ours (PT400, whose words name the field), and class 22, a value that Postgres cannot take. */
function problemOfState({ code, cause, message }: StoreError): ApiProblem | null {
  if (code === 'PT404') return notFound('touchpoint');
  if (code === 'PT400')
    return new ApiProblem(400, 'Wrong request', cause instanceof Error ? cause.message : message);
  if (code?.startsWith('22') === true)
    return new ApiProblem(400, 'Wrong request', 'a value is not one that the store can take');
  return null;
}
