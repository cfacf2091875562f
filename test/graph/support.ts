import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { createGraph, type Graph, type GraphOptions } from '../../src/graph/client.ts';
import { fixedToken } from '../../src/graph/identity.ts';
import { GraphEvent, GraphMessage } from '../../src/graph/schemas.ts';

/** What the tests of this room share: a real HTTP server on loopback, a clock that never waits, small items. */

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Server extends AsyncDisposable {
  readonly origin: string;
  readonly seen: Seen[];
}

type Handler = (seen: Seen, response: ServerResponse) => void | Promise<void>;

export async function startServer(handler: Handler): Promise<Server> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    seen.push(one);
    await handler(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export function graphProblem(code: string, inner?: unknown) {
  return { error: { code, message: 'as Graph words it', innerError: inner ?? { 'request-id': 'r-1' } } };
}

/** Sleeping takes no time and moves the clock; waits are recorded. */
export function fakeClock(start = Date.parse('2026-03-01T00:00:00Z')): Clock & { readonly waits: number[] } {
  let now = start;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
}

export function graphAt(baseUrl: string, options: Partial<GraphOptions> = {}): Graph {
  return createGraph({
    baseUrl,
    token: fixedToken('t-1'),
    clock: fakeClock(),
    random: () => 0.5,
    log: silentLog,
    limits: { perMailbox: 3, global: 16, attempts: 6, budgetMs: 600_000, timeoutMs: 5_000 },
    ...options,
  });
}

/** Collects an async generator. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export async function caught(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

export const GUID =
  '040000008200E00074C5B7101A82E00800000000EAA532BEA7DBDC0100000000000000001000000019FA0E6DBC59354C';
/** The uid of the occurrence of 2026-03-09. */
export const GUID_OF_MARCH_9 = GUID.replace('E00800000000', 'E00807EA0309');

export const person = (address: string, name = '', type?: string) => ({
  type,
  emailAddress: { address, name },
});
export const utc = (dateTime: string) => ({ dateTime: `${dateTime}.0000000`, timeZone: 'UTC' });

export function event(fields: Record<string, unknown> = {}): GraphEvent {
  return GraphEvent.parse({
    id: 'e-1',
    '@odata.etag': 'W/"1"',
    type: 'singleInstance',
    iCalUId: GUID,
    seriesMasterId: null,
    subject: 'Quarterly review',
    body: { contentType: 'text', content: 'Agenda: outages' },
    start: utc('2026-03-02T01:00:00'),
    end: utc('2026-03-02T02:00:00'),
    originalStartTimeZone: 'AUS Eastern Standard Time',
    isAllDay: false,
    isCancelled: false,
    isOrganizer: true,
    onlineMeeting: null,
    sensitivity: 'normal',
    organizer: person('Anna@Vendor.example', 'Anna'),
    attendees: [person('bob@client.example', 'Bob', 'required')],
    lastModifiedDateTime: '2026-02-20T00:00:00Z',
    ...fields,
  });
}

export function message(fields: Record<string, unknown> = {}): GraphMessage {
  return GraphMessage.parse({
    id: 'm-1',
    '@odata.type': '#microsoft.graph.message',
    '@odata.etag': 'W/"1"',
    subject: 'Slow reports',
    body: { contentType: 'html', content: '<p>The reports are slow.</p>' },
    from: person('Bob@client.example', 'Bob'),
    toRecipients: [person('anna@vendor.example', 'Anna')],
    ccRecipients: [],
    receivedDateTime: '2026-03-02T01:00:00Z',
    sentDateTime: '2026-03-02T00:59:58Z',
    lastModifiedDateTime: '2026-03-02T01:00:01Z',
    internetMessageId: '<one@client.example>',
    isDraft: false,
    hasAttachments: false,
    ...fields,
  });
}
