import { z } from '@hono/zod-openapi';
import { KINDS } from '../../core/touchpoint.ts';

/** Pieces that several routes' schemas are made of. */

export const Kind = z.enum(KINDS).openapi('Kind');

/** Longer texts are refused: the encoder reads their first 256 tokens. Characters. */
export const LONGEST_TEXT = 100_000;

export const Instant = z.iso
  .datetime({ offset: true, error: 'wants an ISO 8601 instant such as 2026-03-01T00:00:00Z' })
  .openapi({ example: '2026-03-01T00:00:00Z' });

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    /** Also in the log. */
    request_id: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

export const LabelScore = z
  .object({ label: z.string(), score: z.number().min(0).max(1) })
  .openapi('LabelScore', { description: 'A label with its calibrated probability.' });

/** A body of JSON that must be there. */
export function json<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } };
}

/** The answer of a route that went well. */
export function answer<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } };
}

/** What every route may answer instead. */
export const PROBLEMS = {
  default: {
    description:
      'What went wrong: 400 wrong field, 401 no key, 403 wrong scope, 404, 409, 413, 429, 503 with Retry-After',
    content: { 'application/problem+json': { schema: Problem } },
  },
} as const;

export const SECURED: Record<string, string[]>[] = [{ key: [] }];

/** A label, name or address. */
export const Word = z.string().trim().min(1).max(400);

export const Zone = z.string().max(64).openapi({ description: 'IANA name', example: 'Australia/Sydney' });

/** A query parameter that may be given several times. */
export function many<T extends z.ZodType>(schema: T) {
  const listed = z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(schema).min(1).max(100).optional(),
  );
  return listed;
}

/** A query parameter that says yes or no. */
export function flag() {
  return z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional();
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without what was left out. */
export function present<T extends object>(given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>;
}
