import { request } from 'node:http';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/core/log.ts';
import { listen } from '../../../src/server/listen.ts';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { memoryStore } from '../../support/store.ts';
import { serving, someKey } from './serving.ts';

/** Who may ask the API what. */

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());

const STATUS = '/api/v1/status';

/** fetch does not let a test lie about the host. */
function statusOf(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${STATUS}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

describe('without any key', () => {
  it('whoever is on this machine may ask', async () => {
    const { get, url } = await serving({ store });
    expect((await get(STATUS)).status).toBe(200);
    expect(await statusOf(url, { origin: url })).toBe(200);
  });

  it.each([
    ['another name that resolves here', { host: 'evil.example' }],
    ['a name that only begins like loopback', { host: 'localhost.evil.example' }],
    ['the page of another site', { origin: 'https://evil.example' }],
    ['a sandboxed page', { origin: 'null' }],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }],
    ['a reverse proxy', { 'x-forwarded-for': '203.0.113.5' }],
    ['a reverse proxy by the standard', { forwarded: 'for=203.0.113.5' }],
  ])('nobody comes in through %s', async (_, headers) => {
    const { url } = await serving({ store });
    expect(await statusOf(url, headers)).toBe(403);
  });

  it('no other address than loopback is listened on', async () => {
    const options = { port: 0, isFixed: false, hasKeys: false, log: silentLog };
    for (const host of ['0.0.0.0', '::', '192.0.2.1'])
      await expect(listen(new Hono(), { ...options, host })).rejects.toThrow('TOUCHPOINT_API_KEY');
    const open = await listen(new Hono(), { ...options, host: '0.0.0.0', hasKeys: true });
    await open.close();
  });
});

describe('with keys', () => {
  const reader = someKey({ scopes: ['read'], withhold: [] });
  const admin = someKey({ scopes: ['admin'], withhold: [] });
  const keys = [reader.setting, admin.setting];

  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer tp_wrong' }],
    ['one that is nearly right', { authorization: `Bearer ${reader.key}x` }],
    ['another scheme', { authorization: `Basic ${reader.key}` }],
    ['the digest that the settings hold', { authorization: `Bearer ${reader.setting.sha256}` }],
  ])('this machine needs one too: %s', async (_, headers) => {
    const { get } = await serving({ store, keys });
    const answer = await get(STATUS, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('each opens what its scopes say', async () => {
    const { get, post } = await serving({ store, keys });
    expect((await get(STATUS, reader.header)).status).toBe(200);
    expect((await get(STATUS, admin.header)).status).toBe(403);
    expect((await get('/metrics', admin.header)).status).toBe(403);
    expect((await post('/api/v1/resync', {}, reader.header)).status).toBe(403);
    const refused = await post('/api/v1/embed', { texts: ['a'] }, reader.header);
    expect(await refused.json()).toMatchObject({ status: 403, detail: expect.stringContaining('"tag"') });
  });

  it('the one of the environment may do everything', async () => {
    const apiKey = 'a-key-of-the-environment-0123';
    const { get } = await serving({ store, keys, apiKey });
    expect((await get(STATUS, { authorization: `Bearer ${apiKey}` })).status).toBe(200);
    expect((await get('/metrics', { authorization: `Bearer ${apiKey}` })).status).toBe(200);
  });

  it('a page of an origin that is named may ask from a browser, others not', async () => {
    const origins = ['https://dashboard.example'];
    const { get } = await serving({ store, keys, settings: { origins } });
    const allowed = await get(STATUS, { ...reader.header, origin: 'https://dashboard.example' });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://dashboard.example');
    const other = await get(STATUS, { ...reader.header, origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('too many requests of one do not stop another', async () => {
    const { get } = await serving({
      store,
      keys: [...keys],
      apiKey: 'a-key-of-the-environment-0123',
      settings: { ratePerMinute: 3 },
    });
    for (let count = 0; count < 3; count++) expect((await get(STATUS, reader.header)).status).toBe(200);
    const refused = await get(STATUS, reader.header);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await get(STATUS, { authorization: 'Bearer a-key-of-the-environment-0123' })).status).toBe(200);
  });
});
