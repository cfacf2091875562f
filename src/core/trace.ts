import type { Context, Span, Tracer } from '@opentelemetry/api';

/**
 * Spans of OpenTelemetry around what the service does: pass, feed, page, call of the store, page of tags, run of the encoder,
 * request. Nothing at all until `startTracing`; then whatever SDK the process was started with (`node --import`) gets them.
 * Attributes are ids, kinds and counts: no title, text, name or address ever goes in.
 */

export type Attributes = Readonly<Record<string, string | number | boolean>>;

interface Tracing {
  readonly tracer: Tracer;
  readonly api: typeof import('@opentelemetry/api');
}

let tracing: Tracing | null = null;

/** Switches spans on for this process; the library is loaded only here. */
export async function startTracing(): Promise<void> {
  const api = await import('@opentelemetry/api');
  tracing = { api, tracer: api.trace.getTracer('touchpoint') };
}

/** Runs `work` in a span, below the one that it is called in; its failure is the span's. */
export async function span<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  if (tracing === null) return work();
  const { api, tracer } = tracing;
  return tracer.startActiveSpan(name, { attributes }, async (begun) => {
    try {
      return await work();
    } catch (error) {
      failed(api, begun, error);
      throw error;
    } finally {
      begun.end();
    }
  });
}

/** Begins a span below the one that `spansHere` was called in; the function it returns ends it. */
export type Begin = (name: string, attributes: Attributes) => (error?: unknown) => void;

const NOTHING: Begin = () => () => undefined;

/** For work that goes on elsewhere than where it was asked for, such as in a pool of threads. */
export function spansHere(): Begin {
  if (tracing === null) return NOTHING;
  const { api, tracer } = tracing;
  const here: Context = api.context.active();
  return (name, attributes) => {
    const begun = tracer.startSpan(name, { attributes }, here);
    return (error) => {
      if (error !== undefined) failed(api, begun, error);
      begun.end();
    };
  };
}

/** The kind of error alone: messages may quote what a server said. */
function failed(api: Tracing['api'], begun: Span, error: unknown): void {
  begun.setStatus({ code: api.SpanStatusCode.ERROR });
  begun.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
}
