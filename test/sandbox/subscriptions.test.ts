import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/server.ts';
import {
  AMELIA,
  ANCHOR,
  ask,
  calendar,
  DAY,
  errorOf,
  listener,
  messages,
  type Received,
  start,
  walk,
} from './support.ts';

const MINUTE = 60_000;
const me = { name: 'Amelia Hartigan', address: AMELIA };
const Notification = z.looseObject({
  subscriptionId: z.string(),
  clientState: z.string().nullable(),
  changeType: z.string().optional(),
  lifecycleEvent: z.string().optional(),
  resourceData: z.object({ id: z.string() }).loose().optional(),
});
const Batch = z.object({ value: z.array(Notification) });
const echo = ({ query }: Received) =>
  query.has('validationToken') ? { status: 200, body: query.get('validationToken') ?? '' } : { status: 202 };
const notifications = (received: readonly Received[]) =>
  received
    .filter(({ query }) => !query.has('validationToken'))
    .map(({ body }) => Batch.parse(JSON.parse(body)).value);

function subscribe(sandbox: Sandbox, body: object): Promise<Response> {
  const expirationDateTime = new Date(ANCHOR + 2 * DAY).toISOString();
  return ask(sandbox, 'subscriptions', {
    method: 'POST',
    body: {
      changeType: 'created,updated,deleted',
      resource: `/users/${AMELIA}/events`,
      expirationDateTime,
      clientState: 'secret',
      ...body,
    },
  });
}
const Created = z.looseObject({ id: z.string(), expirationDateTime: z.string() });
const makeMeeting = (sandbox: Sandbox) =>
  sandbox.tenant.createMeeting({
    title: 'New',
    start: ANCHOR,
    end: ANCHOR + DAY / 24,
    organizer: me,
    attendees: [],
  });

describe('creating a subscription', () => {
  test('shakes hands on both URLs with a token that must come back decoded', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    const response = await subscribe(sandbox, {
      notificationUrl: `${endpoint.url}/a?x=1`,
      lifecycleNotificationUrl: `${endpoint.url}/b`,
    });
    expect(response.status).toBe(201);
    expect(endpoint.received.map(({ path }) => path)).toEqual(['/a', '/b']);
    expect(endpoint.received[0]?.query.get('validationToken')).toMatch(/^Validation: .+ \S/);
    expect(endpoint.received[0]?.query.get('x')).toBe('1');
    expect(await response.json()).toMatchObject({
      changeType: 'created,updated,deleted',
      clientState: 'secret',
      resource: `/users/${AMELIA}/events`,
    });
  });

  test.each([
    ['another status', (): { status: number } => ({ status: 204 })],
    ['another type', (received: Received) => ({ ...echo(received), type: 'text/html' })],
    ['another text', () => ({ status: 200, body: 'hello' })],
    [
      'the token still encoded',
      ({ query }: Received) => ({
        status: 200,
        body: encodeURIComponent(query.get('validationToken') ?? ''),
      }),
    ],
  ])('fails when the endpoint answers with %s', async (_, respond) => {
    await using sandbox = await start();
    await using endpoint = await listener(respond);
    expect(await errorOf(await subscribe(sandbox, { notificationUrl: endpoint.url }))).toMatchObject({
      status: 400,
      code: 'ValidationError',
    });
  });

  test('never calls out of the machine', async () => {
    await using sandbox = await start({ fetch: () => Promise.reject(new Error('called')) });
    expect(
      await errorOf(await subscribe(sandbox, { notificationUrl: 'https://example.com/hook' })),
    ).toMatchObject({ code: 'ValidationError', message: expect.stringContaining('loopback') });
  });

  test('knows its limits: 10,070 minutes, 45 minutes, 128 characters, no twins, known resources', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    const notificationUrl = endpoint.url;
    const at = (minutes: number) => ({
      notificationUrl,
      expirationDateTime: new Date(ANCHOR + minutes * MINUTE).toISOString(),
    });
    expect(await errorOf(await subscribe(sandbox, at(10_080)))).toMatchObject({
      status: 400,
      message: 'Subscription expiration can only be 10070 minutes in the future.',
    });
    expect((await subscribe(sandbox, { ...at(60), clientState: 'x'.repeat(129) })).status).toBe(400);
    expect((await subscribe(sandbox, { ...at(60), resource: '/teams/1/messages' })).status).toBe(400);
    expect(
      (await subscribe(sandbox, { ...at(60), resource: '/users/nobody@harbourline.example/events' })).status,
    ).toBe(404);
    const short = await subscribe(sandbox, at(10));
    expect(Created.parse(await short.json()).expirationDateTime).toBe('2026-02-09T01:45:00Z');
    expect((await subscribe(sandbox, at(60))).status).toBe(409);
    expect(
      (
        await subscribe(sandbox, {
          ...at(10_070),
          resource: `/users/${AMELIA}/mailFolders('inbox')/messages`,
        })
      ).status,
    ).toBe(201);
  });

  test('is renewed, read, listed, deleted and expires by the tenant clock', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    const { id } = Created.parse(await (await subscribe(sandbox, { notificationUrl: endpoint.url })).json());
    const renew = (days: number) =>
      ask(sandbox, `subscriptions/${id}`, {
        method: 'PATCH',
        body: { expirationDateTime: new Date(sandbox.tenant.now + days * DAY).toISOString() },
      });
    expect(Created.parse(await (await renew(3)).json()).expirationDateTime).toBe('2026-02-12T01:00:00Z');
    expect((await renew(8)).status).toBe(400);
    expect(await (await ask(sandbox, 'subscriptions')).json()).toMatchObject({ value: [{ id }] });
    sandbox.tenant.now += 4 * DAY;
    expect((await renew(1)).status).toBe(404);
    expect((await ask(sandbox, `subscriptions/${id}`, { method: 'DELETE' })).status).toBe(404);
  });
});

describe('delivery', () => {
  test('tells of a change in one batch, naming the item as delta does', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    await subscribe(sandbox, { notificationUrl: endpoint.url });
    await subscribe(sandbox, {
      notificationUrl: endpoint.url,
      resource: `users/${AMELIA}/messages`,
      changeType: 'created',
    });
    const { deltaLink } = await walk(sandbox, calendar(AMELIA));
    makeMeeting(sandbox);
    sandbox.tenant.createMail({
      subject: 'Hi',
      html: '',
      from: { name: 'P', address: 'p@sahealth.example' },
      to: [me],
      sentAt: ANCHOR,
    });
    await sandbox.deliver();
    const [batch = []] = notifications(endpoint.received);
    expect(notifications(endpoint.received)).toHaveLength(1);
    expect(batch.map(({ changeType, clientState }) => [changeType, clientState])).toEqual([
      ['created', 'secret'],
      ['created', 'secret'],
    ]);
    expect(batch[0]?.resourceData?.id).toBe((await walk(sandbox, deltaLink)).items[0]?.id);
    expect(batch[1]?.resourceData).toMatchObject({
      '@odata.type': '#Microsoft.Graph.Message',
      id: (await walk(sandbox, messages(AMELIA, 'inbox'))).items[0]?.id,
    });
  });

  test('is narrowed by change type and folder', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    await subscribe(sandbox, { notificationUrl: endpoint.url, changeType: 'deleted' });
    await subscribe(sandbox, {
      notificationUrl: endpoint.url,
      resource: `users/${AMELIA}/mailFolders('archive')/messages`,
    });
    const { uid } = makeMeeting(sandbox);
    sandbox.tenant.createMail({
      subject: 'Hi',
      html: '',
      from: { name: 'P', address: 'p@sahealth.example' },
      to: [me],
      sentAt: ANCHOR,
    });
    await sandbox.deliver();
    expect(notifications(endpoint.received)).toEqual([]);
    sandbox.tenant.deleteMeeting(uid);
    await sandbox.deliver();
    expect(
      notifications(endpoint.received)
        .flat()
        .map(({ changeType }) => changeType),
    ).toEqual(['deleted']);
  });

  test('can be lost, doubled, turned round and held back', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    await subscribe(sandbox, { notificationUrl: endpoint.url });
    const under = async (mode: 'off' | 'duplicate' | 'reorder') => {
      const before = notifications(endpoint.received).flat().length;
      const off = sandbox.faults.add({ effect: { type: 'delivery', mode } });
      const { uid } = makeMeeting(sandbox);
      sandbox.tenant.updateMeeting(uid, { title: 'Renamed' });
      off();
      await sandbox.deliver();
      return notifications(endpoint.received)
        .flat()
        .slice(before)
        .map(({ changeType }) => changeType);
    };
    expect(await under('off')).toEqual([]);
    expect(await under('duplicate')).toEqual(['created', 'created', 'updated', 'updated']);
    expect(await under('reorder')).toEqual(['updated', 'created']);
    const before = notifications(endpoint.received).length;
    const off = sandbox.faults.add({ effect: { type: 'delivery', mode: 'delay' } });
    makeMeeting(sandbox);
    off();
    makeMeeting(sandbox);
    await sandbox.deliver();
    expect(
      notifications(endpoint.received)
        .slice(before)
        .map((batch) => batch.length),
    ).toEqual([1, 1]);
  });

  test('is tried again when the endpoint refuses', async () => {
    await using sandbox = await start();
    let status = 503;
    await using endpoint = await listener((received) =>
      received.query.has('validationToken') ? echo(received) : { status },
    );
    await subscribe(sandbox, { notificationUrl: endpoint.url });
    makeMeeting(sandbox);
    await sandbox.deliver();
    const refused = notifications(endpoint.received).length;
    status = 202;
    await sandbox.deliver();
    await sandbox.deliver();
    expect([refused > 0, notifications(endpoint.received).length - refused]).toEqual([true, 1]);
  });

  test('lifecycle events go to the lifecycle URL; a removed subscription is gone', async () => {
    await using sandbox = await start();
    await using endpoint = await listener(echo);
    const { id } = Created.parse(
      await (
        await subscribe(sandbox, {
          notificationUrl: `${endpoint.url}/n`,
          lifecycleNotificationUrl: `${endpoint.url}/l`,
        })
      ).json(),
    );
    expect([
      sandbox.lifecycle('reauthorizationRequired'),
      sandbox.lifecycle('missed', id),
      sandbox.lifecycle('subscriptionRemoved', id),
    ]).toEqual([1, 1, 1]);
    await sandbox.deliver();
    const told = endpoint.received.filter(
      ({ path, query }) => path === '/l' && !query.has('validationToken'),
    );
    expect(
      told.flatMap(({ body }) =>
        Batch.parse(JSON.parse(body)).value.map(({ lifecycleEvent }) => lifecycleEvent),
      ),
    ).toEqual(['reauthorizationRequired', 'missed', 'subscriptionRemoved']);
    expect((await ask(sandbox, `subscriptions/${id}`)).status).toBe(404);
    expect(sandbox.lifecycle('missed')).toBe(0);
  });
});
