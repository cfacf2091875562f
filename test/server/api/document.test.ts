import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { memoryStore } from '../../support/store.ts';
import { Document } from './from-schema.ts';
import { serving } from './serving.ts';

/** The OpenAPI document. */

const Specification = z.record(z.string(), z.unknown());

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());

it('is valid, and open to everybody', async () => {
  const { get } = await serving({ store, apiKey: 'a-key-of-the-environment-0123' });
  const answer = await get('/api/v1/openapi.json');
  expect(answer.status).toBe(200);
  const validator = new Validator();
  const { valid, errors } = await validator.validate(Specification.parse(await answer.json()));
  expect(errors ?? []).toHaveLength(0);
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

it('names a scope’s key for every operation', async () => {
  const { get } = await serving({ store });
  const document = Document.parse(await (await get('/api/v1/openapi.json')).json());
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods))
      expect(operation, path).toMatchObject({ security: [{ key: [] }] });
});

it.each([
  '/api/v1/meetings?clinet=Acme',
  '/api/v1/touchpoints/00000000-0000-4000-8000-000000000000/why?tsk=intent',
])('lists every parameter: others are refused (%s)', async (path) => {
  const { get } = await serving({ store });
  expect((await get(path)).status).toBe(400);
});
