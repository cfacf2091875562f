import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { createClient, TouchpointError } from '../../src/client/index.ts';
import { keyRing } from '../../src/server/api/keys.ts';
import { serving, someKey } from '../server/api/serving.ts';
import { memoryStore } from '../support/store.ts';

/** The client, against the real API and against servers that misbehave. */

async function server(listener: RequestListener): Promise<string> {
  const started = createServer(listener).listen(0, '127.0.0.1');
  await once(started, 'listening');
  onTestFinished(() => {
    started.closeAllConnections();
    started.close();
  });
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

it('reads what the API says, with lists and flags as the API wants them', async () => {
  await using store = await memoryStore();
  const key = someKey({ scopes: ['read'], withhold: [] });
  const { url } = await serving({ store, keys: [key.setting] });
  const client = createClient({ url, key: key.key });
  const found = await client.meetings({
    kinds: ['meeting', 'email'],
    recurring: true,
    facets: true,
    limit: 5,
  });
  expect(found).toMatchObject({ source: 'touchpoint', rows: [], facets: { total: 0 } });
  expect(await client.clients(['meeting'])).toEqual({ source: 'touchpoint', clients: [] });
  expect(await client.status()).toMatchObject({
    ...{ source: 'touchpoint', untagged: 0 },
    fallback: { provider: 'off', today: { asked: 0, tokens: 0 }, tokens_left: null },
  });
  await expect(client.signal('Nobody')).rejects.toMatchObject({ status: 404 });
  await expect(client.touchpoint('00000000-0000-4000-8000-000000000000')).rejects.toMatchObject({
    status: 404,
  });
});

it('throws what the daemon refuses, with the fields', async () => {
  await using store = await memoryStore();
  const key = someKey({ scopes: ['tag'], withhold: [] });
  expect(keyRing([key.setting], undefined).isEmpty).toBe(false);
  const { url } = await serving({ store, keys: [key.setting] });
  await expect(createClient({ url }).meetings()).rejects.toMatchObject({ status: 401 });
  await expect(createClient({ url, key: key.key }).meetings()).rejects.toMatchObject({ status: 403 });
  const refused = createClient({ url, key: key.key }).classify('action', []);
  await expect(refused).rejects.toThrow(TouchpointError);
  await expect(refused).rejects.toMatchObject({ errors: [{ field: 'items' }] });
});

it('says that the daemon is away', async () => {
  const client = createClient({ url: 'http://127.0.0.1:9', timeoutMs: 500 });
  expect(await client.nps('great')).toMatchObject({ source: 'unavailable' });
});

it('asks again where that is safe, and only there', async () => {
  let asked = 0;
  const url = await server((_request, response) => {
    asked += 1;
    response
      .writeHead(asked < 3 ? 503 : 200, { 'content-type': 'application/json' })
      .end('{"category":"billing"}');
  });
  const client = createClient({ url });
  expect(await client.action('Chase the invoice')).toEqual({ source: 'touchpoint', category: 'billing' });
  expect(asked).toBe(3);
  asked = 0;
  const said = { verdict: 'labels', task: 'intent', labels: [] } as const;
  expect(await client.feedback('id', said)).toMatchObject({ source: 'unavailable' });
  expect(asked).toBe(1);
});

it('does not wait for longer than it may', async () => {
  let asked = 0;
  const url = await server((_request, response) => {
    asked += 1;
    if (asked === 1) response.writeHead(429, { 'retry-after': '60' }).end('{}');
  });
  const client = createClient({ url, timeoutMs: 200 });
  expect(await client.risk('They may leave')).toMatchObject({ reason: 'the daemon answered 429' });
  expect(await client.risk('They may leave')).toMatchObject({ reason: 'no answer within 200 ms' });
});

it.each(['{"category":', '<html>gateway</html>'])('takes no half answer: %s', async (body) => {
  const url = await server((_request, response) => void response.end(body));
  expect(await createClient({ url }).action('x')).toMatchObject({ source: 'unavailable' });
});
