import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/core/config.ts';
import { ConfigError } from '../../src/core/errors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const withFile = async (yaml: string, env: Record<string, string> = {}) => {
  await writeFile(path.join(folder, 'touchpoint.yaml'), yaml);
  return loadConfig(env, undefined, folder);
};

describe('configuration', () => {
  it('runs on its defaults', async () => {
    const config = await loadConfig({}, undefined, folder);
    expect(config.calendar).toEqual({ enabled: true, past_days: 90, future_days: 180, roll_days: 7 });
    expect(config.dataDir).toBe(path.join(folder, '.touchpoint'));
  });

  it('lays the file over the defaults and the environment over the file', async () => {
    const config = await withFile('calendar: {past_days: 30}\nmailboxes: [A@b.example]', {
      TOUCHPOINT_MAILBOXES: 'C@d.example, e@f.example',
      TOUCHPOINT_NOW: '2026-03-01T00:00:00Z',
      TOUCHPOINT_PORT: '0',
      TOUCHPOINT_GRAPH_URL: '',
    });
    expect(config).toMatchObject({
      mailboxes: ['c@d.example', 'e@f.example'],
      calendar: { past_days: 30, future_days: 180 },
      now: Date.UTC(2026, 2, 1),
      server: { port: 0 },
      graphUrl: undefined,
    });
  });

  it.each([
    ['https://hooks.example.com/', 'https://hooks.example.com'],
    ['https://hooks.example.com/touchpoint/', 'https://hooks.example.com/touchpoint'],
    ['http://127.0.0.1:4780', 'http://127.0.0.1:4780'],
  ])('takes %s as the public address', async (given, publicUrl) => {
    expect(await loadConfig({ TOUCHPOINT_PUBLIC_URL: given }, undefined, folder)).toMatchObject({
      publicUrl,
    });
  });

  it.each([
    'http://hooks.example.com',
    'hooks.example.com',
    'https://a:b@hooks.example.com',
    'https://x.example/?a=1',
  ])('refuses %s as the public address', async (given) => {
    const attempt = loadConfig({ TOUCHPOINT_PUBLIC_URL: given }, undefined, folder);
    await expect(attempt).rejects.toThrow(ConfigError);
    await expect(attempt).rejects.toThrow('wants an https address');
  });

  it.each([
    ['calendar: {past_days: soon}', 'touchpoint.yaml: calendar.past_days: got "soon", wants a'],
    ['calendar: {past_days: 1.5}', 'calendar.past_days: got 1.5, wants a whole number'],
    ['calendar: {past_days: 0}', 'calendar.past_days: got 0, wants at least 1'],
    ['graph: {cloud: mars}', 'graph.cloud: got "mars", wants one of global, usgov, dod, china'],
    ['calender: {past_days: 3}', 'touchpoint.yaml: calender is not a setting'],
    ['calendar: {past: 3}', 'calendar.past is not a setting'],
    ['mailboxes: [nobody]', 'mailboxes.0: got "nobody", wants an address such as anna@example.com'],
    ['clients: [{name: ""}]', 'clients.0.name: got "", wants at least 1'],
    ['clients: [{name: A, domains: ["@x"]}]', 'clients.0.domains.0: got "@x", wants a domain'],
    ['privacy: {exclude: {addresses: [ceo]}}', 'privacy.exclude.addresses.0: got "ceo", wants an address'],
    ['privacy: {exclude: {domains: ["@x"]}}', 'privacy.exclude.domains.0: got "@x", wants a domain'],
    ['privacy: {internal_only: {mail: no}}', 'wants one of keep, about_client, drop'],
    ['retention: {days: 0}', 'retention.days: got 0, wants at least 1'],
    ['retention: {weeks: 4}', 'retention.weeks is not a setting'],
    [
      'identity: {method: password}',
      'identity.method: got "password", wants one of auto, secret, certificate',
    ],
    ['mailbox_group: team', 'mailbox_group: got "team", wants a group\'s object id (a GUID)'],
    ['graph: {refused_minutes: 0}', 'graph.refused_minutes: got 0, wants at least 1'],
    ['mail: {folders: []}', 'mail.folders: got [], wants at least 1'],
    ['a: [', 'is not YAML (line'],
  ])('names what is wrong in %s', async (yaml, message) => {
    const attempt = withFile(yaml);
    await expect(attempt).rejects.toThrow(ConfigError);
    await expect(attempt).rejects.toThrow(message);
  });

  it.each([
    [{ TOUCHPOINT_NOW: 'yesterday' }, 'TOUCHPOINT_NOW: got "yesterday", wants an ISO 8601 instant'],
    [{ TOUCHPOINT_PORT: 'http' }, 'TOUCHPOINT_PORT: got "http", wants a port number'],
    [{ TOUCHPOINT_GRAPH_URL: 'localhost' }, 'TOUCHPOINT_GRAPH_URL: got "localhost", wants an address'],
    [{ TOUCHPOINT_MAILBOXES: 'a@b.example,,' }, 'TOUCHPOINT_MAILBOXES'],
    [{ SUPABASE_URL: 'https://x.example' }, 'SUPABASE_SERVICE_ROLE_KEY is not set'],
    [{ TOUCHPOINT_GRAPH_TOKEN: 'secret-token' }, 'TOUCHPOINT_GRAPH_URL is not'],
  ])('names what is wrong in the environment: %o', async (env, message) => {
    await expect(loadConfig(env, undefined, folder)).rejects.toThrow(message);
  });

  it('reads what the app signs in with, and takes the certificate from where it runs', async () => {
    const config = await loadConfig(
      {
        AZURE_AD_TENANT_ID: 't',
        AZURE_AD_CLIENT_CERTIFICATE_PATH: 'keys/app.pem',
        AZURE_AD_CLIENT_CERTIFICATE_THUMBPRINT: 'AB',
        TOUCHPOINT_CACHE_KEY: 'sixteen letters!',
      },
      undefined,
      folder,
    );
    expect(config.azure).toEqual({
      tenant: 't',
      certificate: path.join(folder, 'keys', 'app.pem'),
      thumbprint: 'AB',
    });
    expect(config).toMatchObject({ cacheKey: 'sixteen letters!', identity: { method: 'auto' } });
  });

  it('wants a cache key that is not guessed, and does not show it', async () => {
    const attempt = loadConfig({ TOUCHPOINT_CACHE_KEY: 'hunter2' }, undefined, folder);
    await expect(attempt).rejects.toThrow('TOUCHPOINT_CACHE_KEY: got a value that is not shown');
    await expect(attempt).rejects.not.toThrow('hunter2');
  });

  it('never shows a secret, not even a malformed one', async () => {
    const attempt = loadConfig({ DATABASE_URL: 'hunter2' }, undefined, folder);
    await expect(attempt).rejects.toThrow('DATABASE_URL: got a value that is not shown');
    await expect(attempt).rejects.not.toThrow('hunter2');
  });

  it('refuses a file that is not there', async () => {
    await expect(loadConfig({}, 'none.yaml', folder)).rejects.toThrow('--config: there is no file none.yaml');
  });
});
