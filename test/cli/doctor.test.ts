import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Context } from '../../src/cli/context.ts';
import { checkCredential } from '../../src/cli/doctor-credential.ts';
import { checkMailboxes } from '../../src/cli/doctor-mailboxes.ts';
import { checkWebhooks } from '../../src/cli/doctor-webhooks.ts';
import { type Finding, Findings } from '../../src/cli/findings.ts';
import { loadConfig } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import type { FaultRule } from '../../src/sandbox/faults.ts';
import { sandboxGroupId } from '../../src/sandbox/users.ts';
import { listMailboxes, setMailbox } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { CERTIFICATE, CERTIFICATE_END } from '../support/certificate.ts';
import { runCli } from '../support/cli.ts';
import { anna, bruno, meet, type SmallTenant, smallTenant } from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { ANCHOR, testConfig } from '../support/sync.ts';

/** `doctor`: some of it as a person runs it, each check by itself against a sandbox on loopback. */

let folder: string;
let tenant: SmallTenant;
let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-doctor-'));
  tenant = await smallTenant();
  await emptyStore(store);
});
afterEach(async () => {
  await tenant.sandbox.close();
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => store.close());

const named = [anna.address, bruno.address];
const now = new Date(ANCHOR).toISOString();
const others = () =>
  tenant.sandbox.tenant.mailboxes.map(({ address }) => address).filter((address) => !named.includes(address));
const fail = (...rules: FaultRule[]) => tenant.sandbox.faults.add(...rules);

// Processes of their own, several in a row, take their time on a busy machine.
describe('the built commands', { timeout: 120_000 }, () => {
  const FindingsJson = z.array(
    z.object({ check: z.string(), ok: z.boolean(), detail: z.string(), mend: z.string().optional() }),
  );
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    runCli(folder, args, {
      TOUCHPOINT_GRAPH_URL: tenant.sandbox.url,
      TOUCHPOINT_GRAPH_TOKEN: tenant.sandbox.token,
      TOUCHPOINT_MAILBOXES: named.join(),
      TOUCHPOINT_NOW: now,
      ...env,
    });
  // tags wait, which is beside the point
  const bare = { TOUCHPOINT_MODELS: '/nonexistent' };

  it('find all well where all is well', async () => {
    const { code, out } = await run(['doctor', '--json']);
    const findings = FindingsJson.parse(JSON.parse(out));
    const of = (check: string) => findings.find((finding) => finding.check === check);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
    expect(of('schema')?.detail).toMatch(/everything is there, pgvector 0\./);
    expect(of('vectors')?.detail).toBe('384 numbers each');
    expect(of('privileges')).toMatchObject({ ok: true });
    expect(of('sign-in')?.detail).toContain('a fixed token, global cloud');
    expect(of(`${anna.address} Calendars.Read`)?.detail).toBe('granted');
  });

  it('report states as no failures, say them in words, and ask again at once after doctor', async () => {
    fail(
      { match: { mailbox: anna.address, area: 'calendar' }, effect: { type: 'denied' } },
      { match: { mailbox: bruno.address }, effect: { type: 'no mailbox' } },
    );
    const first = await run(['sync', '--json'], bare);
    expect(JSON.parse(first.out).problems).toMatchObject([
      { feed: `${anna.address} calendar`, state: 'no consent' },
      { feed: bruno.address, state: 'on-premise' },
    ]);
    expect(first.code).toBe(0);
    const { out } = await run(['status'], bare);
    expect(out).toContain(`! ${anna.address} calendar: no consent to read it`);
    expect(out).toContain(`! ${bruno.address}: not in Exchange Online`);
    expect(out.split('\n').filter((line) => line.startsWith('! '))).toHaveLength(2);

    tenant.sandbox.faults.clear();
    meet(tenant.sandbox, 'Acme review', [anna]);
    const checked = await run(['doctor'], bare);
    expect(checked.out).toContain(`ok   ${anna.address}: can be read again`);
    expect(checked.out).toContain('FAIL model');
    expect(checked.code).toBe(1);
    expect(JSON.parse((await run(['sync', '--json'], bare)).out)).toMatchObject({ written: 1, problems: [] });
  });

  it('ask nobody for a device code where there is no terminal', async () => {
    await writeFile(path.join(folder, 'touchpoint.yaml'), 'identity: {method: device_code}\n');
    const app = { AZURE_AD_TENANT_ID: 'organisation.example', AZURE_AD_CLIENT_ID: 'app-1' };
    const { code, err } = await run(['start'], { ...bare, ...app, TOUCHPOINT_GRAPH_TOKEN: '' });
    expect(err).toContain('sign in once on a terminal with `touchpoint doctor`');
    expect(code).toBe(2);
  });
});

describe('the check of mailboxes', () => {
  const check = async (settings: { mailboxes?: string[]; mailbox_group?: string | null } = {}) => {
    const { url: graphUrl, token: graphToken } = tenant.sandbox;
    const graph = { ...(await testConfig()).graph, attempts: 1 };
    const config = await testConfig({
      mailboxes: named,
      graphUrl,
      graphToken,
      graph,
      now: ANCHOR,
      ...settings,
    });
    const findings = new Findings();
    await using context = new Context(config, silentLog);
    await checkMailboxes(context, { graph: await context.graph(), store, findings });
    return (name: string): Finding | undefined => findings.list.find((finding) => finding.check === name);
  };

  it('names the permission that a kind lacks, and the ways to mend it', async () => {
    fail({ match: { mailbox: anna.address, area: 'calendar' }, effect: { type: 'denied' } });
    const of = await check();
    expect(of(`${anna.address} Calendars.Read`)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('no consent to read it: Graph answered 403'),
      mend: expect.stringMatching(/grant.*Calendars\.Read.*RBAC.*calendar\.enabled: false/),
    });
    expect(of(`${anna.address} Mail.Read`)).toEqual({
      check: `${anna.address} Mail.Read`,
      ok: true,
      detail: 'granted',
    });
  });

  it.each<[string, FaultRule['effect'], RegExp]>([
    ['blocked: other mailboxes can be read', { type: 'denied', code: 'extensionError' }, /scope.*RBAC/],
    ['no such mailbox', { type: 'no mailbox', code: 'ErrorInvalidUser' }, /check the address/],
    ['not in Exchange Online', { type: 'no mailbox' }, /move the mailbox to Exchange Online/],
    ['Graph gives no answer', { type: 'refuse', status: 503 }, /try again/],
  ])('tells what is the matter with a mailbox: %s', async (words, effect, mend) => {
    fail({ match: { mailbox: bruno.address }, effect });
    const of = await check();
    for (const permission of ['Calendars.Read', 'Mail.Read'])
      expect(of(`${bruno.address} ${permission}`)).toMatchObject({
        ok: false,
        detail: expect.stringContaining(words),
        mend: expect.stringMatching(mend),
      });
    expect(of(`${anna.address} Mail.Read`)).toMatchObject({ ok: true });
  });

  it('finds out whether the app can read more than it is meant to', async () => {
    expect((await check())('scope')).toMatchObject({
      ok: true,
      detail: expect.stringContaining('calendar and mail of mailboxes that are not wanted'),
      mend: expect.stringContaining('RBAC for Applications'),
    });
    fail(...others().map((mailbox): FaultRule => ({ match: { mailbox }, effect: { type: 'denied' } })));
    expect((await check())('scope')).toEqual({
      check: 'scope',
      ok: true,
      detail: 'other mailboxes are closed to the app',
    });
    expect((await check({ mailboxes: [...named, ...others()] }))('scope')?.detail).toContain(
      'no other mailbox',
    );
    fail({ match: { kind: 'users' }, effect: { type: 'denied' } });
    expect((await check())('scope')?.detail).toContain('may not list users');
    // without named mailboxes every one is meant
    tenant.sandbox.faults.clear();
    expect((await check({ mailboxes: [] }))('scope')).toBeUndefined();
  });

  it('reads the members of the group, or names the permission that it takes to know them', async () => {
    const settings = { mailboxes: [], mailbox_group: sandboxGroupId };
    expect((await check(settings))('list of mailboxes')?.detail).toBe(
      `${tenant.sandbox.tenant.mailboxes.length} found`,
    );
    fail({ match: { kind: 'members' }, effect: { type: 'denied', code: 'Authorization_RequestDenied' } });
    expect((await check(settings))('list of mailboxes')).toMatchObject({
      ok: false,
      mend: expect.stringContaining('GroupMember.Read.All and User.ReadBasic.All'),
    });
  });

  it('shortens the wait of what can be read again, and of nothing else', async () => {
    const later = new Date(ANCHOR + 3_600_000).toISOString();
    const refusal = { state: 'no consent', reason: 'denied', retry_at: later } as const;
    const refusals = [
      { kind: 'meeting', ...refusal },
      { kind: 'email', ...refusal },
    ] as const;
    await setMailbox(store, { mailbox: anna.address, state: 'no consent', refusals, now });
    await setMailbox(store, { mailbox: bruno.address, failures: 5, retryAt: later });
    await setMailbox(store, { mailbox: 'gone@team.example', state: 'left' });
    fail({ match: { mailbox: anna.address, area: 'mail' }, effect: { type: 'denied' } });
    const of = await check();
    expect(of(anna.address)?.detail).toBe('can be read again: the next pass asks');
    expect(of(bruno.address)?.detail).toBe('can be read again: the next pass asks');
    expect(of('gone@team.example')).toMatchObject({ ok: true, mend: expect.stringContaining('forget') });
    const rows = await listMailboxes(store);
    const waits = rows.flatMap((row) =>
      row.refusals.map(({ kind, retry_at }) => [kind, Date.parse(retry_at)]),
    );
    expect(waits).toEqual([
      ['email', ANCHOR + 3_600_000],
      ['meeting', ANCHOR],
    ]);
    expect(rows.find(({ address }) => address === bruno.address)?.retry_at).toBeNull();
  });
});

describe('the check of webhooks', () => {
  const check = async (publicUrl: string | undefined) => {
    const findings = new Findings();
    await using context = new Context(await testConfig({ publicUrl }), silentLog);
    await checkWebhooks(context, findings);
    return findings.list;
  };

  it('knocks at the public address the way Graph does', async () => {
    expect(await check(undefined)).toEqual([]);
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      if (pathname.startsWith('/broken')) response.statusCode = 502;
      response.end(pathname === '/webhooks/graph' ? searchParams.get('validationToken') : 'a proxy of sorts');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    expect(await check(url)).toMatchObject([{ check: 'webhooks', ok: true }]);
    const wrong = [`${url}/elsewhere`, `${url}/broken`].map(async (where) => (await check(where))[0]?.detail);
    expect(await Promise.all(wrong)).toEqual([
      expect.stringContaining('not this daemon'),
      expect.stringContaining('answered 502'),
    ]);
    await new Promise((resolve) => server.close(resolve));
    expect(await check(url)).toMatchObject([
      { ok: false, mend: expect.stringContaining('start the daemon') },
    ]);
  });
});

describe('a credential', () => {
  const check = async (env: Record<string, string>, settings: { now?: number; yaml?: string } = {}) => {
    const yaml = path.join(folder, 'settings.yaml');
    await writeFile(yaml, settings.yaml ?? '');
    const config = await loadConfig(
      { AZURE_AD_TENANT_ID: 't', AZURE_AD_CLIENT_ID: 'c', ...env },
      yaml,
      folder,
    );
    const findings = new Findings();
    await using context = new Context({ ...config, now: settings.now }, silentLog);
    await checkCredential(context, findings);
    return findings.list;
  };

  it('that is a certificate is named a month before it ends, and fails when it has', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(path.join(folder, 'app.pem'), `${key}${CERTIFICATE}`);
    await writeFile(path.join(folder, 'key.pem'), key);
    const env = { AZURE_AD_CLIENT_CERTIFICATE_PATH: 'app.pem' };
    const DAY = 86_400_000;
    const at = async (now: number) => (await check(env, { now }))[0];
    expect(await at(CERTIFICATE_END - 31 * DAY)).toEqual({
      check: 'certificate',
      ok: true,
      detail: 'ends on 2126-10-30',
    });
    expect(await at(CERTIFICATE_END - 10 * DAY)).toMatchObject({
      ok: true,
      detail: 'ends on 2126-10-30, in 10 days',
      mend: expect.stringContaining('make a new one'),
    });
    expect(await at(CERTIFICATE_END)).toMatchObject({ ok: false, detail: 'ended on 2126-10-30' });
    expect(await check({ AZURE_AD_CLIENT_CERTIFICATE_PATH: 'key.pem' })).toMatchObject([{ ok: true }]);
    expect(await check({ AZURE_AD_CLIENT_CERTIFICATE_PATH: 'none.pem' })).toMatchObject([{ ok: false }]);
  });

  it('that is a kept sign-in is private, and better sealed', async () => {
    const yaml = 'identity: {method: device_code}';
    const env = { TOUCHPOINT_DATA_DIR: folder };
    const file = path.join(folder, 'sign-in.json');
    expect(await check(env, { yaml })).toEqual([]);
    await writeFile(file, '{}', { mode: 0o600 });
    expect(await check(env, { yaml })).toMatchObject([
      { ok: true, mend: expect.stringContaining('TOUCHPOINT_CACHE_KEY') },
    ]);
    await rm(file);
    await writeFile(file, '{}', { mode: 0o644 });
    expect(await check(env, { yaml })).toMatchObject([{ ok: false, mend: `chmod 600 ${file}` }]);
  });
});
