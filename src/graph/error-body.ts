import { z } from 'zod';
import { clip } from '../core/text.ts';
import { GraphError } from './errors.ts';

/** Reads Graph's error answers, whose codes sit at any depth of `innerError` in either spelling. */

const Layer = z.object({
  code: z.string().nullish().catch(null),
  message: z.string().nullish().catch(null),
  innerError: z.unknown().optional(),
  innererror: z.unknown().optional(),
  'request-id': z.string().nullish().catch(null),
});
const ErrorBody = z.object({ error: Layer });

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly mailbox: string | null;
  /** Milliseconds since the epoch, where the answer carries no `Date` of its own. */
  readonly now: number;
}

/** An answer that is no success, as an error. */
export function graphError({ status, headers, text, mailbox, now }: Answer): GraphError {
  const layers = errorLayers(text);
  return new GraphError({
    status,
    codes: layers.flatMap(({ code }) => code || []),
    detail: clip(layers[0]?.message ?? '', 500),
    requestId:
      headers.get('request-id') ?? layers.find((layer) => layer['request-id'])?.['request-id'] ?? null,
    retryAfterMs: retryAfter(headers, now),
    mailbox,
  });
}

function errorLayers(text: string): z.infer<typeof Layer>[] {
  const body = ErrorBody.safeParse(json(text));
  if (!body.success) return [];
  const layers = [body.data.error];
  // deeper than anything seen live; a loop is impossible in JSON, a bomb is not
  while (layers.length < 16) {
    const last = layers.at(-1);
    const inner = Layer.safeParse(last?.innerError ?? last?.innererror);
    if (!inner.success) break;
    layers.push(inner.data);
  }
  return layers;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * `Retry-After` in milliseconds: seconds, or an HTTP date measured against the answer's own `Date`
 * (the server's clock, so that ours may be wrong).
 */
export function retryAfter(headers: Headers, now: number): number | null {
  const value = headers.get('retry-after')?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  const until = Date.parse(value);
  if (Number.isNaN(until)) return null;
  const sent = Date.parse(headers.get('date') ?? '');
  return Math.max(0, until - (Number.isNaN(sent) ? now : sent));
}
