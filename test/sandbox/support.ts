import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';

export const ANCHOR = Date.parse('2026-02-09T01:00:00Z');
export const DAY = 86_400_000;
export const AMELIA = 'amelia.hartigan@harbourline.example'; // odd mailbox: her calendar's first page has items
export const DEV = 'dev.raman@harbourline.example'; // even mailbox: his is empty
export const WINDOW = { from: ANCHOR - 90 * DAY, to: ANCHOR + 180 * DAY };

export const Item = z.looseObject({
  id: z.string(),
  '@removed': z.object({ reason: z.string() }).optional(),
  type: z.string().optional(),
  subject: z.string().optional(),
  seriesMasterId: z.string().nullish(),
  start: z.object({ dateTime: z.string(), timeZone: z.string() }).optional(),
});
export type Item = z.infer<typeof Item>;
export const Page = z.looseObject({
  value: z.array(z.looseObject({})),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
});
const GraphErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    innerError: z.looseObject({
      code: z.string().optional(),
      'request-id': z.string(),
      'client-request-id': z.string(),
      date: z.string(),
    }),
  }),
});

/** A tenth of the usual tenant unless told otherwise: most tests bring what they need. */
export const start = (options: Partial<SandboxOptions> = {}) =>
  startSandbox({ anchor: ANCHOR, scale: 0.1, ...options });

/** A request with the sandbox's own token; paths are below /v1.0, links are taken as they are. */
export function ask(
  sandbox: Sandbox,
  path: string,
  options: { prefer?: string; method?: string; body?: unknown; token?: string } = {},
): Promise<Response> {
  const url = path.startsWith('http') ? path : `${sandbox.url}/v1.0/${path}`;
  return fetch(url, {
    method: options.method ?? 'GET',
    headers: {
      authorization: `Bearer ${options.token ?? sandbox.token}`,
      prefer: options.prefer ?? 'IdType="ImmutableId"',
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
}

export async function json(
  sandbox: Sandbox,
  path: string,
  prefer?: string,
): Promise<Record<string, unknown>> {
  const response = await ask(sandbox, path, prefer === undefined ? {} : { prefer });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return z.looseObject({}).parse(await response.json());
}

export async function errorOf(
  response: Response,
): Promise<{ status: number; code: string; message: string; inner: string | undefined }> {
  const { error } = GraphErrorBody.parse(await response.json());
  return { status: response.status, code: error.code, message: error.message, inner: error.innerError.code };
}

/** Walks a round to its deltaLink. */
export async function walk(
  sandbox: Sandbox,
  from: string,
  size = 50,
): Promise<{ items: Item[]; pages: Item[][]; deltaLink: string }> {
  const pages: Item[][] = [];
  for (let link = from; ; ) {
    const page = Page.parse(await json(sandbox, link, `IdType="ImmutableId", odata.maxpagesize=${size}`));
    pages.push(page.value.map((item) => Item.parse(item)));
    const deltaLink = page['@odata.deltaLink'];
    if (deltaLink !== undefined) return { items: pages.flat(), pages, deltaLink };
    link = z.string().parse(page['@odata.nextLink']);
  }
}

const iso = (ms: number) => new Date(ms).toISOString();
export const calendar = (mailbox: string, window = WINDOW) =>
  `users/${mailbox}/calendarView/delta?startDateTime=${iso(window.from)}&endDateTime=${iso(window.to)}`;
export const messages = (mailbox: string, folder: string, query = '') =>
  `users/${mailbox}/mailFolders/${folder}/messages/delta${query}`;
export const instances = (mailbox: string, id: string) =>
  `users/${mailbox}/events/${id}/instances?startDateTime=${iso(WINDOW.from)}&endDateTime=${iso(WINDOW.to)}&$top=1000`;

export interface Received {
  readonly query: URLSearchParams;
  readonly path: string;
  readonly body: string;
}

/** An endpoint on loopback that answers with what `respond` says and remembers what came. */
export async function listener(
  respond: (received: Received) => { status: number; type?: string; body?: string },
): Promise<{ url: string; received: Received[] } & AsyncDisposable> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://loopback');
      const one = { query: url.searchParams, path: url.pathname, body: Buffer.concat(chunks).toString() };
      received.push(one);
      const answer = respond(one);
      response.writeHead(answer.status, { 'content-type': answer.type ?? 'text/plain' }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
