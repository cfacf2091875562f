import { describe, expect, it } from 'vitest';
import { type CredentialSettings, chooseCredential, tokenSource } from '../../src/cli/credentials.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { testConfig } from '../support/sync.ts';

/** As whom Graph is read, by what is configured. */

type Method = CredentialSettings['identity']['method'];

const choose = (
  azure: CredentialSettings['azure'],
  { method = 'auto', ...rest }: { method?: Method; graphUrl?: string; graphToken?: string } = {},
) => chooseCredential({ azure, identity: { method }, graphUrl: undefined, graphToken: undefined, ...rest });

const app = { tenant: 't', client: 'c' };

describe('the credential', () => {
  it('is none when nothing at all is configured', () => {
    expect(choose({})).toBeNull();
  });

  it.each([
    [
      { ...app, secret: 's' },
      { method: 'secret', ...app, secret: 's' },
    ],
    [
      { ...app, certificate: '/a.pem' },
      { method: 'certificate', ...app, pemFile: '/a.pem' },
    ],
    [
      { ...app, certificate: '/a.pem', thumbprint: 'ab' },
      { method: 'certificate', ...app, pemFile: '/a.pem', thumbprint: 'ab' },
    ],
  ])('is chosen by what is set: %o', (azure, credential) => {
    expect(choose(azure)).toEqual(credential);
  });

  it.each<[Method, CredentialSettings['azure'], object]>([
    ['secret', { ...app, secret: 's', certificate: '/a.pem' }, { method: 'secret', ...app, secret: 's' }],
    [
      'certificate',
      { ...app, secret: 's', certificate: '/a.pem' },
      { method: 'certificate', ...app, pemFile: '/a.pem' },
    ],
    ['managed_identity', {}, { method: 'managed_identity' }],
    ['managed_identity', { client: 'c' }, { method: 'managed_identity', client: 'c' }],
    ['device_code', app, { method: 'device_code', ...app }],
  ])('is the one that identity.method names: %s with %o', (method, azure, credential) => {
    expect(choose(azure, { method })).toEqual(credential);
  });

  it('is a fixed token wherever one is given', () => {
    const endpoint = { graphUrl: 'http://127.0.0.1:1', graphToken: 'x' };
    expect(choose({ ...app, secret: 's' }, endpoint)).toEqual({ method: 'fixed token', token: 'x' });
  });

  it.each<[string, CredentialSettings['azure'], Method, RegExp]>([
    ['a client id alone', { client: 'c' }, 'auto', /^AZURE_AD_TENANT_ID, AZURE_AD_CLIENT_SECRET: not set/],
    [
      'no secret and no certificate',
      app,
      'auto',
      /^AZURE_AD_CLIENT_SECRET or AZURE_AD_CLIENT_CERTIFICATE_PATH: not set/,
    ],
    ['a secret without an app', { secret: 's' }, 'auto', /^AZURE_AD_TENANT_ID, AZURE_AD_CLIENT_ID: not set/],
    [
      'a thumbprint without its file',
      { ...app, thumbprint: 'ab' },
      'auto',
      /^AZURE_AD_CLIENT_CERTIFICATE_PATH: not set/,
    ],
    ['both', { ...app, secret: 's', certificate: '/a.pem' }, 'auto', /both are set.*identity.method/],
    ['a certificate that is wanted', app, 'certificate', /^AZURE_AD_CLIENT_CERTIFICATE_PATH: not set/],
    ['a method without an app', {}, 'device_code', /^AZURE_AD_TENANT_ID, AZURE_AD_CLIENT_ID: not set/],
  ])('is refused, by the name of what is missing, with %s', (_, azure, method, message) => {
    expect(() => choose(azure, { method })).toThrow(ConfigError);
    expect(() => choose(azure, { method })).toThrow(message);
  });

  it('of another endpoint is its token', () => {
    expect(() => choose({}, { graphUrl: 'http://127.0.0.1:1' })).toThrow(/^TOUCHPOINT_GRAPH_TOKEN: not set/);
  });

  it('of a person reads named mailboxes alone', async () => {
    const credential = { method: 'device_code', ...app } as const;
    const config = await testConfig({ dataDir: '/nonexistent' });
    expect(() => tokenSource(credential, config, null)).toThrow(/TOUCHPOINT_MAILBOXES/);
    const source = tokenSource(credential, { ...config, mailboxes: ['anna@team.example'] }, null);
    await expect(source.token()).rejects.toThrow(ConfigError);
    await expect(source.token()).rejects.toThrow(/nobody is signed in/);
  });
});
