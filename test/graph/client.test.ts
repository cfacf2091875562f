import { expect, test } from 'vitest';
import { ConfigError, reasonOf, TransientError } from '../../src/core/errors.ts';
import { GraphError, GraphLinkError, GraphUnavailableError, isResyncNeeded } from '../../src/graph/errors.ts';
import { answer, caught, fakeClock, graphAt, graphProblem, startServer } from './support.ts';

test('every request carries the token, immutable ids, its preferences and an id of its own', async () => {
  await using server = await startServer((_seen, response) => answer(response, 200, { ok: true }));
  let made = 0;
  const graph = graphAt(server.origin, { uuid: () => `uuid-${++made}` });
  expect(await graph.request('/users/a@b.example/events/1', { prefer: ['odata.maxpagesize=5'] })).toEqual({
    ok: true,
  });
  await graph.request('/users');
  expect(server.seen.map(({ url }) => url)).toEqual(['/v1.0/users/a@b.example/events/1', '/v1.0/users']);
  const [first, second] = server.seen;
  expect(first?.headers).toMatchObject({
    authorization: 'Bearer t-1',
    prefer: 'IdType="ImmutableId", odata.maxpagesize=5',
    'client-request-id': 'uuid-1',
  });
  expect(second?.headers).toMatchObject({ prefer: 'IdType="ImmutableId"', 'client-request-id': 'uuid-2' });
  expect(graph.requests()).toBe(2);
});

test('links are sent exactly as Graph gave them', async () => {
  await using server = await startServer((_seen, response) => answer(response, 200, {}));
  const paths = [
    "/v1.0/users('a%40b.example')/mailFolders('inbox')/messages/delta?$skiptoken=x-%2B_.a&a=1&a=2",
    '/beta/me/calendarView/delta?$deltatoken=aaa%3d%3D',
  ];
  for (const path of paths) await graphAt(server.origin).request(`${server.origin}${path}`);
  expect(server.seen.map(({ url }) => url)).toEqual(paths);
});

test('a token never goes to another host', async () => {
  await using other = await startServer((_seen, response) => answer(response, 200, {}));
  await using server = await startServer((_seen, response) =>
    answer(response, 302, '', { location: other.origin }),
  );
  const graph = graphAt(server.origin);
  const user = server.origin.replace('http://', 'http://graph@');
  for (const link of [
    `${other.origin}/v1.0/x`,
    server.origin.replace('http:', 'https:'),
    `${user}/v1.0/x`,
    'nonsense',
  ]) {
    expect(await caught(graph.request(link))).toBeInstanceOf(GraphLinkError);
  }
  expect(await caught(graph.request('/redirecting'))).toMatchObject({ name: 'GraphError', status: 302 });
  expect(other.seen).toEqual([]);
});

test.each([
  'http://graph.microsoft.com',
  'http://127.0.0.1.evil.example',
  'ftp://127.0.0.1',
  'https://graph.microsoft.com/v1.0',
  'https://user:pass@graph.microsoft.com',
  'graph',
])('refuses %s as the address of Graph', (baseUrl) => {
  expect(() => graphAt(baseUrl)).toThrow(ConfigError);
});

test('accepts https anywhere and http on loopback', () => {
  for (const url of [
    'https://graph.microsoft.us/',
    'http://localhost:1',
    'http://[::1]:1',
    'http://127.0.0.9',
  ]) {
    expect(graphAt(url).requests()).toBe(0);
  }
});

test('an error keeps status, codes of every depth and request id, and no word of its text in the message', async () => {
  const inner = { code: 'inner', innererror: { code: 'ErrorDeepest' } };
  await using server = await startServer((_seen, response) =>
    answer(response, 400, graphProblem('BadRequest', inner), { 'request-id': 'r-7' }),
  );
  const error = await caught(
    graphAt(server.origin).request('/users/secret@b.example?q=1', { mailbox: 'secret@b.example' }),
  );
  expect(error).toBeInstanceOf(GraphError);
  expect(error).toMatchObject({
    status: 400,
    codes: ['BadRequest', 'inner', 'ErrorDeepest'],
    code: 'ErrorDeepest',
  });
  expect(error).toMatchObject({ requestId: 'r-7', mailbox: 'secret@b.example', detail: 'as Graph words it' });
  expect(reasonOf(error)).toBe('Graph answered 400 ErrorDeepest (request-id r-7)');
  expect(JSON.stringify(error)).not.toContain('words');
});

test('an expired token is renewed once, and only once', async () => {
  const asked: (boolean | undefined)[] = [];
  const token = {
    token: async (options?: { refresh?: boolean }) => {
      asked.push(options?.refresh);
      return options?.refresh ? 'new' : 'old';
    },
  };
  await using server = await startServer(({ headers, url }, response) => {
    if (headers.authorization === 'Bearer new' && !url.includes('never')) answer(response, 200, { ok: true });
    else answer(response, 401, graphProblem('InvalidAuthenticationToken'));
  });
  const graph = graphAt(server.origin, { token });
  expect(await graph.request('/ok')).toEqual({ ok: true });
  expect(asked).toEqual([undefined, true]);
  expect(await caught(graph.request('/never'))).toMatchObject({ status: 401 });
  expect(graph.requests()).toBe(4);
});

test('a token source that fails is not asked again and sends nothing', async () => {
  await using server = await startServer((_seen, response) => answer(response, 200, {}));
  const failure = new ConfigError('no secret');
  const graph = graphAt(server.origin, { token: { token: () => Promise.reject(failure) } });
  expect(await caught(graph.request('/users'))).toBe(failure);
  expect(server.seen).toEqual([]);
});

test('cut, truncated and late answers are tried again', async () => {
  let count = 0;
  await using server = await startServer((_seen, response) => {
    count += 1;
    if (count === 1) response.socket?.destroy();
    else if (count === 2) {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"value":[');
      response.socket?.end();
    } else if (count === 3) answer(response, 200, '{"value":[{"subject":"secr');
    else if (count > 4) answer(response, 200, { fine: true });
    // the fourth is never answered
  });
  const limits = { perMailbox: 3, global: 16, attempts: 6, budgetMs: 600_000, timeoutMs: 150 };
  const graph = graphAt(server.origin, { limits });
  expect(await graph.request('/users')).toEqual({ fine: true });
  expect(graph.requests()).toBe(5);
});

test('when attempts run out the error is transient and holds the last answer', async () => {
  await using server = await startServer((_seen, response) =>
    answer(response, 503, graphProblem('serviceNotAvailable')),
  );
  const clock = fakeClock();
  const error = await caught(graphAt(server.origin, { clock }).request('/x', { mailbox: 'a@b.example' }));
  expect(error).toBeInstanceOf(GraphUnavailableError);
  expect(error).toBeInstanceOf(TransientError);
  expect(error).toMatchObject({ mailbox: 'a@b.example', cause: { status: 503 } });
  expect(server.seen).toHaveLength(6);
  expect(clock.waits).toHaveLength(5);
});

test('a server that is not there is transient', async () => {
  const server = await startServer((_seen, response) => answer(response, 200, {}));
  await server[Symbol.asyncDispose]();
  expect(await caught(graphAt(server.origin).request('/x'))).toBeInstanceOf(TransientError);
});

test('an aborted request stops at once with the given reason', async () => {
  await using server = await startServer(() => undefined);
  const stop = new AbortController();
  const request = caught(graphAt(server.origin).request('/x', { signal: stop.signal, mailbox: 'a' }));
  const reason = new Error('stopping');
  stop.abort(reason);
  expect(await request).toBe(reason);
  expect(await caught(graphAt(server.origin).request('/x', { signal: stop.signal }))).toBe(reason);
});

test('bodies are sent as JSON and an empty answer is null', async () => {
  await using server = await startServer(({ method }, response) => {
    if (method === 'DELETE') response.writeHead(204).end();
    else answer(response, 201, { id: 's-1' });
  });
  const graph = graphAt(server.origin);
  expect(await graph.request('/subscriptions', { method: 'POST', body: { resource: 'x' } })).toEqual({
    id: 's-1',
  });
  await graph.request('/subscriptions/s-1', { method: 'PATCH', body: { a: 1 } });
  expect(await graph.request('/subscriptions/s-1', { method: 'DELETE' })).toBeNull();
  expect(server.seen.map(({ method, body }) => [method, body])).toEqual([
    ['POST', '{"resource":"x"}'],
    ['PATCH', '{"a":1}'],
    ['DELETE', ''],
  ]);
  expect(server.seen[0]?.headers['content-type']).toBe('application/json');
});

test('410 with a Location is a lost delta token, not a redirect', async () => {
  await using server = await startServer((_seen, response) =>
    answer(response, 410, graphProblem('SyncStateNotFound'), { location: 'https://elsewhere.example/' }),
  );
  expect(isResyncNeeded(await caught(graphAt(server.origin).request('/x')))).toBe(true);
});

test('nothing that is logged holds a token or a query', async () => {
  const lines: unknown[] = [];
  const write = (...args: unknown[]) => void lines.push(args);
  const log = { debug: write, info: write, warn: write, error: write };
  await using server = await startServer((_seen, response) =>
    answer(response, 429, graphProblem('TooManyRequests')),
  );
  await caught(graphAt(server.origin, { log }).request('/x?$deltatoken=hidden', { mailbox: 'a@b.example' }));
  expect(lines).toHaveLength(5);
  expect(JSON.stringify(lines)).not.toMatch(/t-1|hidden|deltatoken/);
});
