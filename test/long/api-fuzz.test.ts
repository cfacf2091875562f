import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { Tally } from '../../src/sync/tally.ts';
import { Document, fromSchema } from '../server/api/from-schema.ts';
import { serving, someKey } from '../server/api/serving.ts';
import { arrange } from '../store/contract/briefing.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { quickTagger } from '../support/tagger.ts';

/** Requests made up from the OpenAPI document, right and wrong: none breaks the daemon, none shows what a key may not see. */

const LONG = process.env['LONG'] === '1';
const REQUESTS = LONG ? 5000 : 400;
const SEED = 20_260_301;
const SECRET = 'zanzibar';

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await emptyStore(store);
  const labels = { intent: ['qbr'], topic: ['value & pricing'], sentiment: ['negative'] };
  const secret = {
    title: `${SECRET} title`,
    body: `${SECRET} text`,
    occurredAt: '2026-02-03T00:00:00.000Z',
    labels,
  };
  await arrange({ store, sql: store.sql, close: store.close }, [
    { key: 'review', client: 'Acme', occurredAt: '2026-02-03T00:00:00.000Z', labels },
    { key: `${SECRET} mail`, kind: 'email', client: 'Acme', ...secret, title: `${SECRET} a` },
    { key: `${SECRET} comment`, kind: 'nps', client: 'Acme', ...secret, title: `${SECRET} b` },
  ]);
});

const found = {
  feeds: 0,
  requests: 0,
  tally: new Tally(),
  removed: 0,
  deleted: 0,
  foreseen: [],
  problems: [],
};

const limited = someKey({ scopes: ['read', 'tag', 'feedback'], withhold: ['email', 'nps'] });
const powerless = someKey({ scopes: ['admin'], withhold: [] });
const master = 'a-key-of-the-environment-0123';

it(`answers ${REQUESTS} made-up requests as it says it does`, { timeout: 30 * 60_000 }, async () => {
  const api = await serving({
    store,
    tagger: quickTagger(),
    resync: async () => found,
    keys: [limited.setting, powerless.setting],
    apiKey: master,
  });
  const full = { authorization: `Bearer ${master}` };
  const document = Document.parse(await (await api.get('/api/v1/openapi.json', full)).json());
  const ids = z
    .array(z.object({ id: z.uuid() }))
    .parse(await store.sql('select id from touchpoint.touchpoints'));
  const words = [
    ...ids.map(({ id }) => id),
    'Acme',
    'qbr',
    'intent',
    'topic',
    'value & pricing',
    'review',
    'none',
  ];
  const requests = fc.oneof(...operations(document, words));
  const statuses = new Map<number, number>();
  const callers = fc.constantFrom(
    { name: 'limited', header: limited.header },
    { name: 'powerless', header: powerless.header },
    { name: 'nobody', header: {} },
    { name: 'full', header: full },
  );
  const property = fc.asyncProperty(requests, callers, async ({ method, path, body }, caller) => {
    const headers = { 'content-type': 'application/json', ...caller.header };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await api.ask(path, init);
    const text = await answer.text();
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    expect(answer.status, text).toBeLessThan(500);
    if (caller.name !== 'full') expect(text, `${caller.name} ${path}`).not.toContain(SECRET);
    if (caller.name === 'nobody') expect(answer.status).toBe(401);
    if (caller.name === 'powerless' && !path.includes('/resync')) expect(answer.status).toBe(403);
    if (caller.name === 'limited' && path.includes('/resync')) expect(answer.status).toBe(403);
    const type = answer.ok ? /^(application\/json|text\/event-stream)/ : /^application\/problem\+json/;
    expect(answer.headers.get('content-type')).toMatch(type);
  });
  const seed = LONG ? Date.now() & 0x7fff_ffff : SEED;
  await fc.assert(property, { numRuns: REQUESTS, seed });
  const told = [...statuses].sort().map(([status, count]) => `${status}: ${count}`);
  console.log(`api fuzz: ${REQUESTS} requests (seed ${seed}), ${told.join(', ')}; 0 failures, 0 leaks`);
  // requests that never get past the door would show nothing
  expect(statuses.get(200) ?? 0).toBeGreaterThan(REQUESTS / 20);
  expect(api.lines.join('\n')).not.toContain(SECRET);
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

function operations(document: Document, words: readonly string[]): fc.Arbitrary<Asked>[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, { parameters, requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      const body = schema === undefined ? fc.constant(undefined) : fromSchema(schema, document, words);
      const values = fc.record(
        Object.fromEntries(parameters.map(({ name, schema }) => [name, fromSchema(schema, document, words)])),
        { requiredKeys: parameters.filter((given) => given.in === 'path').map(({ name }) => name) },
      );
      return fc.tuple(values, body).map(([given, sent]): Asked => {
        const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
        const path = inPath.reduce((text, name) => text.replace(`{${name}}`, encoded(given[name])), template);
        const query = Object.entries(given)
          .filter(([name]) => !inPath.includes(name))
          .flatMap(([name, value]) =>
            (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encoded(one)}`),
          );
        return { method: method.toUpperCase(), path: `${path}?${query.join('&')}`, body: sent };
      });
    }),
  );
}

function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.toWellFormed()) || '-';
}
