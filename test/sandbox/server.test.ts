import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { sandboxGroupId } from '../../src/sandbox/users.ts';
import { AMELIA, ANCHOR, ask, calendar, DAY, errorOf, json, messages, Page, start, walk } from './support.ts';

const Token = z.object({ token_type: z.literal('Bearer'), expires_in: z.number(), access_token: z.string() });

function askToken(url: string, secret: string, grant = 'client_credentials'): Promise<Response> {
  const body = new URLSearchParams({
    grant_type: grant,
    client_id: 'app',
    client_secret: secret,
    scope: 'https://graph.microsoft.com/.default',
  });
  return fetch(`${url}/some-tenant/oauth2/v2.0/token`, { method: 'POST', body });
}

describe('identity', () => {
  test('client credentials buy a token that lives an hour of the tenant clock and outlives a restart', async () => {
    const first = await start();
    const { access_token: token } = Token.parse(await (await askToken(first.url, first.clientSecret)).json());
    await first.close();
    await using sandbox = await start();
    expect((await ask(sandbox, 'users', { token })).status).toBe(200);
    sandbox.tenant.now += DAY;
    expect(await errorOf(await ask(sandbox, 'users', { token }))).toMatchObject({
      status: 401,
      code: 'InvalidAuthenticationToken',
    });
    expect((await ask(sandbox, 'users')).status).toBe(200);
  });

  test('a wrong secret is refused as Entra refuses it', async () => {
    await using sandbox = await start();
    const response = await askToken(sandbox.url, 'wrong');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: 'invalid_client',
      error_codes: [7000215],
      error_description: expect.stringMatching(/^AADSTS7000215: /),
    });
    expect((await askToken(sandbox.url, sandbox.clientSecret, 'password')).status).toBe(400);
  });

  test.each(['', 'nonsense', '9999999999.forged'])('token "%s" opens nothing', async (token) => {
    await using sandbox = await start();
    expect(await errorOf(await ask(sandbox, calendar(AMELIA), { token }))).toMatchObject({
      status: 401,
      code: 'InvalidAuthenticationToken',
    });
  });
});

describe('the directory', () => {
  test('pages through users, among them some without a mailbox to read', async () => {
    await using sandbox = await start();
    const names: unknown[] = [];
    for (let link: string | undefined = 'users?$top=4&$select=mail,accountEnabled'; link !== undefined; ) {
      const page: z.infer<typeof Page> = Page.parse(await json(sandbox, link));
      names.push(...page.value);
      link = page['@odata.nextLink'];
    }
    expect(names).toHaveLength(11);
    expect(names).toContainEqual({ mail: AMELIA, accountEnabled: true });
    expect(names).toContainEqual({ mail: null, accountEnabled: true });
    expect(names).toContainEqual({ mail: 'oscar.feldmann@harbourline.example', accountEnabled: false });
  });

  test('knows users by id and by address in any case, and who has left', async () => {
    await using sandbox = await start();
    const user = await json(sandbox, `users/${AMELIA.toUpperCase()}`);
    expect(user).toMatchObject({ mail: AMELIA, displayName: 'Amelia Hartigan' });
    expect(await json(sandbox, `users/${String(user['id'])}`)).toMatchObject({ mail: AMELIA });
    expect(
      (await walk(sandbox, `users/${String(user['id'])}/mailFolders/inbox/messages/delta`)).items.length,
    ).toBeGreaterThan(5);
    sandbox.tenant.removeMailbox(AMELIA);
    expect(await errorOf(await ask(sandbox, `users/${AMELIA}`))).toMatchObject({
      status: 404,
      code: 'Request_ResourceNotFound',
    });
    expect(await errorOf(await ask(sandbox, calendar(AMELIA)))).toMatchObject({
      status: 404,
      code: 'ErrorInvalidUser',
    });
  });

  test('lists the members of its group, a nested group among them', async () => {
    await using sandbox = await start();
    const page = Page.parse(await json(sandbox, `groups/${sandboxGroupId}/members`));
    expect(new Set(page.value.map((member) => member['@odata.type']))).toEqual(
      new Set(['#microsoft.graph.user', '#microsoft.graph.group']),
    );
    expect((await ask(sandbox, 'groups/none/members')).status).toBe(404);
  });
});

describe('answers', () => {
  test('carry request ids, the preferences applied, and errors in Graph shape', async () => {
    await using sandbox = await start();
    const prefer = 'outlook.timezone="UTC", IdType="ImmutableId", odata.maxpagesize=3';
    const headers = { authorization: `Bearer ${sandbox.token}`, 'client-request-id': 'mine', prefer };
    const good = await fetch(`${sandbox.url}/v1.0/${calendar(AMELIA)}`, { headers });
    for (const part of prefer.split(', ')) expect(good.headers.get('preference-applied')).toContain(part);
    expect([good.headers.get('client-request-id'), good.headers.get('request-id')]).toEqual([
      'mine',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
    const bad = await fetch(`${sandbox.url}/v1.0/users/${AMELIA}/messages/nothing`, { headers });
    expect(await bad.json()).toEqual({
      error: {
        code: 'ErrorItemNotFound',
        message: expect.any(String),
        innerError: {
          date: '2026-02-09T01:00:00',
          'request-id': bad.headers.get('request-id'),
          'client-request-id': 'mine',
        },
      },
    });
  });

  test.each(['nothing/at/all', 'me/messages', 'users/%E0%A4%A/events'])(
    '%s is a bad request',
    async (path) => {
      await using sandbox = await start();
      expect((await ask(sandbox, path)).status).toBe(400);
    },
  );

  test('only reading is allowed', async () => {
    await using sandbox = await start();
    expect((await ask(sandbox, `users/${AMELIA}/events`, { method: 'POST', body: {} })).status).toBe(405);
  });
});

describe('controls', () => {
  const control = async (url: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}/sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: z.unknown().parse(await response.json()) };
  };

  test('mutate applies steps and says exactly what changed', async () => {
    await using sandbox = await start();
    const Entry = z.looseObject({ key: z.string() });
    const truthNow = async () =>
      new Map(
        z
          .array(Entry)
          .parse((await control(sandbox.url, 'GET', 'truth')).body)
          .map((entry) => [entry.key, JSON.stringify(entry)]),
      );
    const before = await truthNow();
    const { body } = await control(sandbox.url, 'POST', 'mutate', { steps: 1 });
    const { summaries } = z
      .object({
        steps: z.literal(1),
        summaries: z.array(
          z.object({
            step: z.number(),
            actions: z.array(z.string()),
            added: z.array(z.string()),
            removed: z.array(z.string()),
            changed: z.array(z.string()),
          }),
        ),
      })
      .parse(body);
    const after = await truthNow();
    expect(summaries[0]?.actions.length).toBeGreaterThanOrEqual(15);
    expect(summaries[0]?.added).toEqual([...after.keys()].filter((key) => !before.has(key)).sort());
    expect(summaries[0]?.removed).toEqual([...before.keys()].filter((key) => !after.has(key)).sort());
    expect(summaries[0]?.changed).toEqual(
      [...after.keys()].filter((key) => before.has(key) && before.get(key) !== after.get(key)).sort(),
    );
    expect(summaries[0]?.added.length).toBeGreaterThanOrEqual(3);
  });

  test('replaying steps at the start gives the tenant that mutating gave', async () => {
    await using mutated = await start();
    for (let step = 0; step < 6; step += 1) mutated.mutate();
    await using replayed = await start({ steps: 6 });
    expect(replayed.steps).toBe(6);
    const body = async (url: string) => (await control(url, 'GET', 'truth')).body;
    expect(await body(replayed.url)).toEqual(await body(mutated.url));
    expect(replayed.tenant.seq).toBe(mutated.tenant.seq);
  });

  test('the clock is set and moved', async () => {
    await using sandbox = await start();
    expect((await control(sandbox.url, 'POST', 'clock', { advance_ms: 60_000 })).body).toEqual({
      now: '2026-02-09T01:01:00.000Z',
    });
    expect((await control(sandbox.url, 'POST', 'clock', { now: '2026-03-01T00:00:00Z' })).body).toEqual({
      now: '2026-03-01T00:00:00.000Z',
    });
    expect((await control(sandbox.url, 'POST', 'clock', { now: 'soon' })).status).toBe(400);
  });

  test('faults are switched on and off', async () => {
    await using sandbox = await start();
    await control(sandbox.url, 'POST', 'faults', {
      rules: [{ effect: { type: 'refuse', status: 429, retryAfter: 1 } }],
    });
    expect((await ask(sandbox, 'users')).status).toBe(429);
    await control(sandbox.url, 'DELETE', 'faults');
    expect((await ask(sandbox, 'users')).status).toBe(200);
  });

  test('truth is cut to the span asked for, ms or ISO', async () => {
    await using sandbox = await start();
    const Entries = z.array(
      z
        .object({
          kind: z.string(),
          start: z.string(),
          end: z.string().nullable(),
          copies: z.array(z.object({ receivedAt: z.string().nullable() }).loose()),
        })
        .loose(),
    );
    const to = ANCHOR + DAY;
    const entries = Entries.parse(
      (
        await control(
          sandbox.url,
          'GET',
          `truth?from=2026-02-02T00:00:00Z&to=${to}&mailFrom=${ANCHOR - 5 * DAY}`,
        )
      ).body,
    );
    const meetings = entries.filter(({ kind }) => kind === 'meeting');
    expect(meetings.length).toBeGreaterThan(3);
    for (const { start: begins, end } of meetings)
      expect([Date.parse(begins) < to, Date.parse(end ?? '') > Date.parse('2026-02-02T00:00:00Z')]).toEqual([
        true,
        true,
      ]);
    for (const { copies } of entries.filter(({ kind }) => kind === 'email'))
      for (const { receivedAt } of copies)
        expect(Date.parse(receivedAt ?? '')).toBeGreaterThanOrEqual(ANCHOR - 5 * DAY);
  });

  test('requests are logged without tokens', async () => {
    await using sandbox = await start();
    const { deltaLink } = await walk(sandbox, messages(AMELIA, 'archive'));
    await ask(sandbox, deltaLink);
    const log = sandbox.requests();
    expect(log.at(-1)).toMatchObject({
      method: 'GET',
      kind: 'messages delta',
      mailbox: AMELIA,
      status: 200,
      hasToken: true,
    });
    expect(JSON.stringify(log)).not.toContain(deltaLink.split('token=')[1]);
    expect(JSON.stringify(log)).not.toContain(sandbox.token);
    expect((await control(sandbox.url, 'GET', 'requests')).body).toEqual(log);
    await control(sandbox.url, 'DELETE', 'requests');
    expect(sandbox.requests()).toEqual([]);
  });

  test('an unknown control is 404', async () => {
    await using sandbox = await start();
    expect((await control(sandbox.url, 'POST', 'explode', {})).status).toBe(404);
  });
});
