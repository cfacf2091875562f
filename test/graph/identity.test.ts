import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ConfigError, reasonOf, TransientError } from '../../src/core/errors.ts';
import { certificateEnd } from '../../src/graph/certificate.ts';
import { deviceCodeToken } from '../../src/graph/device-code.ts';
import {
  certificateToken,
  clientSecretToken,
  clouds,
  fixedToken,
  managedIdentityToken,
} from '../../src/graph/identity.ts';
import { createSealer } from '../../src/graph/seal.ts';
import { inspectSignIn } from '../../src/graph/sign-in-file.ts';
import { CERTIFICATE, CERTIFICATE_END } from '../support/certificate.ts';
import { caught } from './support.ts';

const app = { cloud: 'global', tenant: '11111111-2222-3333-4444-555555555555', client: 'app-1' } as const;
const secret = 'very~secret';
let folder = '';

beforeAll(async () => {
  nock.disableNetConnect();
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-identity-'));
});
afterEach(() => nock.cleanAll());
afterAll(async () => {
  nock.enableNetConnect();
  nock.restore();
  await rm(folder, { recursive: true });
});

/** Entra ID's discovery answers, which msal asks for before anything else. */
function entra(authority: string = clouds.global.authority) {
  const host = new URL(authority).host;
  const base = `${authority}/${app.tenant}`;
  for (const origin of new Set([authority, clouds.global.authority])) {
    nock(origin)
      .persist()
      .get(/discovery\/instance/)
      .reply(200, {
        tenant_discovery_endpoint: `${base}/v2.0/.well-known/openid-configuration`,
        metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
      });
  }
  return nock(authority)
    .get(`/${app.tenant}/v2.0/.well-known/openid-configuration`)
    .query(true)
    .optionally()
    .reply(200, {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      issuer: `${base}/v2.0`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    });
}
const tokens = (scope: nock.Scope, check: (body: Record<string, string>) => boolean = () => true) =>
  scope.post(`/${app.tenant}/oauth2/v2.0/token`, check).query(true);
const given = (token: string) => ({ token_type: 'Bearer', expires_in: 3600, access_token: token });
const refused = (code: string) => ({
  error: 'invalid_client',
  error_description: `AADSTS${code}: what Entra says about ${secret}. Trace ID: x`,
  error_codes: [Number(code)],
});

test('a fixed token is what it is', async () => {
  expect(await fixedToken('t').token({ refresh: true })).toBe('t');
});

test('a client secret gives a token, kept until a new one is asked for', async () => {
  const scope = entra();
  tokens(
    scope,
    (body) =>
      body['client_secret'] === secret &&
      body['scope']?.startsWith('https://graph.microsoft.com/.default') === true,
  ).reply(200, given('one'));
  const source = clientSecretToken({ ...app, secret });
  // several at once ask once
  expect(await Promise.all([source.token(), source.token()])).toEqual(['one', 'one']);
  expect(await source.token()).toBe('one');
  tokens(scope).reply(200, given('two'));
  expect(await source.token({ refresh: true })).toBe('two');
  expect(await source.token()).toBe('two');
});

test.each([
  ['usgov', 'https://login.microsoftonline.us'],
  ['dod', 'https://login.microsoftonline.us'],
  // msal follows the authority to the name it has now
  ['china', 'https://login.partner.microsoftonline.cn'],
] as const)('the %s cloud has its own authority and scope', async (cloud, host) => {
  entra(clouds[cloud].authority);
  const wanted = `${clouds[cloud].graph}/.default`;
  tokens(nock(host), (body) => body['scope']?.startsWith(wanted) === true).reply(200, given(cloud));
  expect(await clientSecretToken({ ...app, cloud, secret }).token()).toBe(cloud);
});

test.each([
  ['7000215', /client secret is wrong/],
  ['7000222', /expired/],
  ['700016', /AZURE_AD_CLIENT_ID/],
  ['90002', /no such tenant/],
  ['65001', /consented/],
  ['53003', /Conditional Access/],
  ['999999', /look the code up/],
])('AADSTS%s is explained without the secret', async (code, mend) => {
  tokens(entra()).reply(401, refused(code));
  const error = await caught(clientSecretToken({ ...app, secret }).token());
  expect(error).toBeInstanceOf(ConfigError);
  expect(reasonOf(error)).toContain(`AADSTS${code}`);
  expect(reasonOf(error)).toMatch(mend);
  expect(reasonOf(error)).not.toContain(secret);
});

test('trouble on the side of Entra ID is waited out, and the next question may succeed', async () => {
  const source = clientSecretToken({ ...app, secret });
  const scope = entra();
  tokens(scope).reply(400, refused('90033'));
  expect(await caught(source.token())).toBeInstanceOf(TransientError);
  tokens(scope).reply(200, given('later'));
  expect(await source.token()).toBe('later');
});

test.each([
  ['an outage', (scope: nock.Scope) => tokens(scope).times(3).reply(503, 'Service Unavailable')],
  [
    'a reset connection',
    (scope: nock.Scope) =>
      tokens(scope)
        .times(3)
        .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
  ],
])('%s is transient', async (_name, fail) => {
  fail(entra());
  const error = await caught(clientSecretToken({ ...app, secret }).token());
  expect(error).toBeInstanceOf(TransientError);
  expect(reasonOf(error)).not.toContain(secret);
});

test('a tenant that is not there is told from a network that is not there', async () => {
  const missing = { ...app, tenant: 'nobody.example', secret };
  nock(clouds.global.authority)
    .persist()
    .get(/nobody\.example/)
    .query(true)
    .reply(400, { ...refused('90002'), error: 'invalid_tenant' });
  nock(clouds.global.authority)
    .persist()
    .post(/nobody\.example/)
    .query(true)
    .reply(400, refused('90002'));
  expect(reasonOf(await caught(clientSecretToken(missing).token()))).toMatch(
    /no such tenant|AZURE_AD_TENANT_ID/,
  );
  nock.cleanAll();
  expect(
    await caught(clientSecretToken({ ...app, tenant: 'elsewhere.example', secret }).token()),
  ).toBeInstanceOf(TransientError);
});

// its SHA-256
const THUMBPRINT = 'DD3F2CC498CA4B99B29136A4903FCF93D5970A6191A5E4182ED1CB2B952F21BD';

test('a certificate signs for itself, named by its own thumbprint or the one given', async () => {
  const pemFile = path.join(folder, 'app.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(pemFile, `${pem}${CERTIFICATE}\n`);
  const named = (hex: string) => (body: Record<string, string>) => {
    const [head = ''] = body['client_assertion']?.split('.') ?? [];
    const { 'x5t#S256': thumbprint } = JSON.parse(Buffer.from(head, 'base64url').toString());
    return (
      Buffer.from(thumbprint, 'base64url').toString('hex').toUpperCase() === hex && !body['client_secret']
    );
  };
  tokens(entra(), named(THUMBPRINT)).reply(200, given('signed'));
  expect(await certificateToken({ ...app, pemFile }).token()).toBe('signed');
  const other = 'AB'.repeat(32);
  tokens(entra(), named(other)).reply(200, given('other'));
  expect(await certificateToken({ ...app, pemFile, thumbprint: 'ab:'.repeat(32) }).token()).toBe('other');
});

test('a certificate file that cannot serve is refused before anything is sent', async () => {
  const file = path.join(folder, 'bad.pem');
  const ask = (thumbprint?: string) =>
    caught(certificateToken({ ...app, pemFile: file, ...(thumbprint ? { thumbprint } : {}) }).token());
  expect(reasonOf(await ask())).toMatch(/cannot be read/);
  await writeFile(file, 'nothing');
  expect(reasonOf(await ask())).toMatch(/no unencrypted private key/);
  await writeFile(file, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
  expect(reasonOf(await ask())).toMatch(/no unencrypted private key/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  expect(reasonOf(await ask())).toMatch(/no certificate, and no thumbprint/);
  expect(reasonOf(await ask('AB:CD'))).toMatch(/no SHA-256/);
  for (const error of [await ask(), await ask('AB:CD')]) expect(error).toBeInstanceOf(ConfigError);
});

test('a failure that has nothing to do with Entra ID keeps its own words', async () => {
  const blocked = path.join(folder, 'blocked');
  await writeFile(blocked, '');
  entra();
  const scope = nock(clouds.global.authority);
  scope
    .post(/devicecode/)
    .query(true)
    .reply(200, { user_code: 'A', device_code: 'dc', interval: 0, expires_in: 900 });
  tokens(scope).reply(200, signedIn('first'));
  const error = await caught(device(path.join(blocked, 'sign-in.json'), () => undefined).token());
  expect(error).not.toBeInstanceOf(ConfigError);
  expect(reasonOf(error)).toMatch(/ENOTDIR|EEXIST/);
});

test('a managed identity asks the machine it runs on', async () => {
  nock('http://169.254.169.254')
    .get('/metadata/identity/oauth2/token')
    .query((query) => query['resource'] === 'https://graph.microsoft.com' && query['client_id'] === 'mi-1')
    .reply(200, {
      access_token: 'managed',
      expires_on: '4102444800',
      resource: 'https://graph.microsoft.com',
      token_type: 'Bearer',
    });
  expect(await managedIdentityToken({ cloud: 'global', client: 'mi-1' }).token()).toBe('managed');
});

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signedIn = (token: string) => ({
  ...given(token),
  scope: 'https://graph.microsoft.com/Calendars.Read',
  refresh_token: 'refresh-1',
  client_info: encoded({ uid: 'u-1', utid: app.tenant }),
  id_token: `${encoded({ alg: 'none' })}.${encoded({ aud: app.client, tid: app.tenant, oid: 'u-1', sub: 's', preferred_username: 'anna@vendor.example', iss: 'x', exp: 4102444800, iat: 1 })}.x`,
});
const device = (
  cacheFile: string,
  prompt: Parameters<typeof deviceCodeToken>[0]['prompt'],
  cacheKey: string | null = null,
) => deviceCodeToken({ ...app, cacheFile, cacheKey, permissions: ['Calendars.Read'], prompt });

test('a device code is shown once; the sign-in is kept in a private file and renewed from it', async () => {
  const cacheFile = path.join(folder, 'kept', 'sign-in.json');
  const scope = entra();
  scope.post(`/${app.tenant}/oauth2/v2.0/devicecode`).query(true).reply(200, {
    user_code: 'ABC',
    device_code: 'dc',
    verification_uri: 'https://microsoft.com/devicelogin',
    expires_in: 900,
    interval: 0,
    message: 'enter ABC',
  });
  tokens(scope, (body) => body['grant_type'] === 'device_code' || body['device_code'] === 'dc').reply(
    200,
    signedIn('first'),
  );
  const shown: string[] = [];
  expect(await device(cacheFile, ({ userCode }) => shown.push(userCode)).token()).toBe('first');
  expect(shown).toEqual(['ABC']);
  expect((await stat(cacheFile)).mode & 0o777).toBe(0o600);
  // another process, nobody to ask
  expect(await device(cacheFile, null).token()).toBe('first');
  entra();
  tokens(scope, (body) => body['refresh_token'] === 'refresh-1').reply(200, signedIn('renewed'));
  expect(await device(cacheFile, null).token({ refresh: true })).toBe('renewed');
  expect(await device(cacheFile, null).token()).toBe('renewed');
});

const signIn = async (cacheFile: string, cacheKey: string | null) => {
  const scope = entra();
  scope
    .post(/devicecode/)
    .query(true)
    .reply(200, { user_code: 'A', device_code: 'dc', interval: 0, expires_in: 900 });
  tokens(scope).reply(200, signedIn('first'));
  expect(await device(cacheFile, () => undefined, cacheKey).token()).toBe('first');
};
const key = 'a passphrase long enough';

test('with a key the sign-in is kept sealed, and of no use without it', async () => {
  const cacheFile = path.join(folder, 'sealed', 'sign-in.json');
  await signIn(cacheFile, key);
  expect(await readFile(cacheFile, 'utf8')).not.toMatch(/refresh-1|anna@vendor.example/);
  expect(await inspectSignIn(cacheFile)).toEqual({ sealed: true, private: true });
  expect(await device(cacheFile, null, key).token()).toBe('first');
  for (const wrong of [null, 'another passphrase']) {
    const error = await caught(device(cacheFile, null, wrong).token());
    expect(error).toBeInstanceOf(ConfigError);
    expect(reasonOf(error)).toMatch(/TOUCHPOINT_CACHE_KEY/);
    expect(reasonOf(error)).toMatch(/touchpoint doctor/);
  }
});

test('a sign-in from before there was a key is sealed when it is next used', async () => {
  const cacheFile = path.join(folder, 'plain', 'sign-in.json');
  await signIn(cacheFile, null);
  expect(await inspectSignIn(cacheFile)).toEqual({ sealed: false, private: true });
  expect(await device(cacheFile, null, key).token()).toBe('first');
  expect(await inspectSignIn(cacheFile)).toEqual({ sealed: true, private: true });
  expect(await device(cacheFile, null, key).token()).toBe('first');
});

test('a kept sign-in that is damaged is named without a word of what is in it', async () => {
  const cacheFile = path.join(folder, 'damaged.json');
  await writeFile(cacheFile, '{"refresh": "secret-refresh-token');
  const reason = reasonOf(await caught(device(cacheFile, null).token()));
  expect(reason).toMatch(/cannot be read/);
  expect(reason).not.toContain('secret-refresh-token');
  await chmod(cacheFile, 0o644);
  expect(await inspectSignIn(cacheFile)).toEqual({ sealed: false, private: false });
  expect(await inspectSignIn(`${cacheFile}.none`)).toBeNull();
});

test('what is sealed is never the same twice, and one changed bit spoils it', () => {
  const sealer = createSealer(key);
  const [one, two] = [sealer.seal('text'), sealer.seal('text')];
  expect(one).not.toBe(two);
  expect([one, two].map((sealed) => createSealer(key).unseal(sealed))).toEqual(['text', 'text']);
  const parts: Record<string, string> = JSON.parse(one);
  for (const name of ['salt', 'nonce', 'tag', 'data']) {
    const bytes = Buffer.from(parts[name] ?? '', 'base64');
    bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    const spoilt = JSON.stringify({ ...parts, [name]: bytes.toString('base64') });
    expect(() => createSealer(key).unseal(spoilt), name).toThrow();
  }
});

test('the end of a certificate is read from the file', async () => {
  const file = path.join(folder, 'ends.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(file, pem);
  expect(await certificateEnd(file)).toBeNull();
  await writeFile(file, `${pem}${CERTIFICATE}`);
  expect(await certificateEnd(file)).toBe(CERTIFICATE_END);
  await writeFile(file, CERTIFICATE.replace('MIIB', 'AAAA'));
  expect(await caught(certificateEnd(file))).toBeInstanceOf(ConfigError);
  expect(await caught(certificateEnd(`${file}.none`))).toBeInstanceOf(ConfigError);
});

test('where nobody can be asked a missing sign-in is a configuration error', async () => {
  entra();
  const error = await caught(device(path.join(folder, 'none.json'), null).token());
  expect(error).toBeInstanceOf(ConfigError);
  expect(reasonOf(error)).toMatch(/sign in once.*touchpoint doctor/);
});
