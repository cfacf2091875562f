import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../src/core/errors.ts';
import { StoreConflict, StoreError, StoreUnavailable } from '../../src/store/store.ts';
import { openSupabase } from '../../src/store/supabase.ts';
import { answer, startServer } from '../graph/support.ts';

/** What PostgREST, and the gateways before it, say when they do not do what they are asked (docs.postgrest.org, errors). */

async function refusal(status: number, body: unknown): Promise<unknown> {
  await using server = await startServer((_, response) => answer(response, status, body));
  const store = openSupabase({ url: server.origin, key: 'sb_secret_x' });
  return await store.call('touchpoint_page_commit', {}).catch((error: unknown) => error);
}

const said = (code: string, message = 'said the database') => ({ code, message, details: null, hint: null });

describe('the Supabase driver', () => {
  it('asks for a function with its key, and gives its answer', async () => {
    await using server = await startServer((_, response) => answer(response, 200, { version: 1 }));
    const store = openSupabase({ url: server.origin, key: 'sb_secret_x' });
    expect(await store.call('touchpoint_page_commit', { feed: 1 })).toEqual({ version: 1 });
    expect(server.seen).toMatchObject([
      {
        method: 'POST',
        url: '/rest/v1/rpc/touchpoint_page_commit',
        headers: { apikey: 'sb_secret_x' },
        body: '{"p":{"feed":1}}',
      },
    ]);
  });

  it.each([
    ['PostgREST maps PT409 to the status', 409, said('PT409')],
    ['a gateway hides the status', 500, said('PT409')],
    ['a proxy drops the body', 409, ''],
  ])('never loses a conflict: %s', async (_, status, body) => {
    expect(await refusal(status, body)).toBeInstanceOf(StoreConflict);
  });

  it.each([
    ['a lost race', 500, said('40001')],
    ['a deadlock', 500, said('40P01')],
    ['a statement that took too long', 500, said('57014')],
    ['too many connections', 503, said('53300')],
    ['no connection to the database', 503, said('PGRST001')],
    ['no free connection in the pool', 504, said('PGRST003')],
    ['too many requests', 429, said('over_request_rate_limit')],
    ['an answer that was cut off', 200, '{"title":"Nora is'],
    ['a gateway without PostgREST behind it', 500, '<html>oops</html>'],
    ['a gateway that waited too long', 504, '<html>gateway timeout</html>'],
    ['the network before the gateway', 522, 'connection timed out'],
  ])('says of %s that waiting cures it', async (_, status, body) => {
    const error = await refusal(status, body);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(reasonOf(error)).not.toContain('Nora');
  });

  it.each([
    ['a key that exists already', 409, said('23505'), 'touchpoint_page_commit failed'],
    ['a missing function', 404, said('PGRST202'), 'run: touchpoint migrate'],
    ['a key that is refused', 401, { message: 'Invalid API key' }, 'SUPABASE_SERVICE_ROLE_KEY (401)'],
    ['a body that is too long', 413, '<html>too large</html>', 'Supabase answered 413'],
    [
      'no right',
      403,
      said('42501', 'permission denied for table feeds'),
      'permission denied for table feeds',
    ],
  ])('says of %s what it is, and that waiting does not help', async (_, status, body, words) => {
    const error = await refusal(status, body);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).not.toBeInstanceOf(StoreConflict);
    expect(reasonOf(error)).toContain(words);
  });

  it.each([
    ['begins no answer', ''],
    ['ends none', '{"version":'],
  ])('does not wait for ever for a server that %s', async (_, begun) => {
    await using server = await startServer((_, response) => {
      if (begun !== '') response.writeHead(200, { 'content-type': 'application/json' }).write(begun);
    });
    const store = openSupabase({ url: server.origin, key: 'sb_secret_x', timeoutMs: 50 });
    await expect(store.call('touchpoint_status', {})).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('says of a server that is away that waiting cures it', async () => {
    const server = await startServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const store = openSupabase({ url: server.origin, key: 'sb_secret_x' });
    await expect(store.call('touchpoint_status', {})).rejects.toBeInstanceOf(StoreUnavailable);
  });
});
