import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createSubscription,
  deleteSubscription,
  isDuplicate,
  isUnreachable,
  LIFETIME_MINUTES,
  listSubscriptions,
  type NewSubscription,
  renewSubscription,
} from '../../src/graph/subscriptions.ts';
import { answer, caught, graphAt, type Seen, type Server, startServer } from './support.ts';

const NOW = Date.parse('2026-03-01T00:00:00Z');
const MINUTE = 60_000;

const wanted: NewSubscription = {
  mailbox: 'anna+cs@vendor.example',
  kind: 'meeting',
  notificationUrl: 'https://hooks.example/webhooks/graph',
  lifecycleUrl: 'https://hooks.example/webhooks/graph/lifecycle',
  clientState: 'a secret',
  now: NOW,
};

/** As live Graph words its answers; seven fractional digits included. */
const made = (fields: Record<string, unknown> = {}) => ({
  '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#subscriptions/$entity',
  id: '7f105c7d-2dc5-4530-97cd-4e7ae6534c07',
  resource: '/users/anna+cs@vendor.example/events',
  applicationId: '24d3b144-21ae-4080-943f-7067b395b913',
  changeType: 'created,updated,deleted',
  clientState: null,
  notificationUrl: 'https://hooks.example/webhooks/graph',
  expirationDateTime: '2026-03-07T22:40:00.9356913Z',
  ...fields,
});
const problem = (code: string, message: string) => ({ error: { code, message, innerError: {} } });
const ceiling = (minutes: number) =>
  problem('ExtensionError', `Subscription expiration can only be ${minutes} minutes in the future.`);

type Step = (response: ServerResponse, seen: Seen) => void;
/** Answers request by request; one more than foreseen is a failure of its own. */
function script(...steps: readonly Step[]): Promise<Server> {
  let at = 0;
  return startServer((seen, response) => (steps[at++] ?? ((late) => answer(late, 418, {})))(response, seen));
}
const says =
  (status: number, body: unknown): Step =>
  (response) =>
    answer(response, status, body);
const nothing: Step = (response) => {
  response.writeHead(204);
  response.end();
};

const Asked = z.record(z.string(), z.unknown());
const asked = ({ body }: Seen) => Asked.parse(JSON.parse(body));
const minutesAsked = (seen: Seen | undefined) =>
  seen === undefined ? null : (Date.parse(String(asked(seen)['expirationDateTime'])) - NOW) / MINUTE;

describe('creating a subscription', () => {
  it('asks for both addresses, the secret, immutable ids and about a week', async () => {
    await using server = await script(says(201, made()));
    const subscription = await createSubscription(graphAt(server.origin), wanted);
    expect(subscription).toEqual({
      id: '7f105c7d-2dc5-4530-97cd-4e7ae6534c07',
      resource: '/users/anna+cs@vendor.example/events',
      notificationUrl: 'https://hooks.example/webhooks/graph',
      expiresAt: '2026-03-07T22:40:00.935Z',
    });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/v1.0/subscriptions' });
    expect(seen?.headers['prefer']).toContain('IdType="ImmutableId"');
    expect(seen && asked(seen)).toEqual({
      changeType: 'created,updated,deleted',
      resource: '/users/anna%2Bcs@vendor.example/events',
      notificationUrl: 'https://hooks.example/webhooks/graph',
      lifecycleNotificationUrl: 'https://hooks.example/webhooks/graph/lifecycle',
      clientState: 'a secret',
      expirationDateTime: new Date(NOW + LIFETIME_MINUTES * MINUTE).toISOString(),
    });
  });

  it('subscribes to the messages of all folders', async () => {
    await using server = await script(says(201, made()));
    await createSubscription(graphAt(server.origin), { ...wanted, kind: 'email' });
    expect(server.seen.map(asked)).toMatchObject([{ resource: '/users/anna%2Bcs@vendor.example/messages' }]);
  });

  it.each([4230, 10_070])(
    'learns a ceiling of %i minutes from the refusal and asks once more below it',
    async (minutes) => {
      await using server = await script(says(400, ceiling(minutes)), says(201, made()));
      await createSubscription(graphAt(server.origin), wanted);
      const second = minutesAsked(server.seen[1]);
      expect(second).toBeLessThan(minutes);
      expect(second).toBeGreaterThan(minutes - 10);
    },
  );

  it('gives up when the ceiling it was told is refused as well', async () => {
    await using server = await script(says(400, ceiling(4230)), says(400, ceiling(4230)));
    expect(await caught(createSubscription(graphAt(server.origin), wanted))).toMatchObject({ status: 400 });
    expect(server.seen).toHaveLength(2);
  });

  it('does not take another 400 for a ceiling, and names an address that Graph could not reach', async () => {
    const refusal = problem(
      'ValidationError',
      'Subscription validation request failed. HTTP status code is NotFound.',
    );
    await using server = await script(says(400, refusal));
    const error = await caught(createSubscription(graphAt(server.origin), wanted));
    expect(isUnreachable(error)).toBe(true);
    expect(isDuplicate(error)).toBe(false);
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    [409, problem('Conflict', 'Subscription Id <x> already exists for the requested combination')],
    [
      400,
      problem(
        'ExtensionError',
        'Operation: Create; Exception: [Status Code: Conflict; Reason: A subscripton already exists. It must be deleted before a another can be made.]',
      ),
    ],
  ])('knows a duplicate by a %i', async (status, body) => {
    await using server = await script(says(status, body));
    const error = await caught(createSubscription(graphAt(server.origin), wanted));
    expect(isDuplicate(error)).toBe(true);
    expect(isUnreachable(error)).toBe(false);
  });

  it('waits where Graph asks to, and does not take that for a duplicate', async () => {
    await using server = await script(says(503, problem('ServiceUnavailable', 'later')), says(201, made()));
    await createSubscription(graphAt(server.origin), wanted);
    expect(server.seen).toHaveLength(2);
  });

  it('refuses an answer without an expiry', async () => {
    await using server = await script(says(201, made({ expirationDateTime: 'soon' })));
    const error = await caught(createSubscription(graphAt(server.origin), wanted));
    expect(error).toMatchObject({
      name: 'GraphProtocolError',
      message: expect.stringContaining('expirationDateTime'),
    });
  });
});

describe('renewing a subscription', () => {
  const renewal = { id: 'a/b', mailbox: 'anna@vendor.example', now: NOW };

  it('patches its expiry alone', async () => {
    await using server = await script(says(200, made()));
    const renewed = await renewSubscription(graphAt(server.origin), renewal);
    expect(renewed).toMatchObject({ expiresAt: '2026-03-07T22:40:00.935Z' });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'PATCH', url: '/v1.0/subscriptions/a%2Fb' });
    expect(seen && Object.keys(asked(seen))).toEqual(['expirationDateTime']);
  });

  it('learns the ceiling as well', async () => {
    await using server = await script(says(400, ceiling(4230)), says(200, made()));
    expect(await renewSubscription(graphAt(server.origin), renewal)).not.toBeNull();
    expect(minutesAsked(server.seen[1])).toBeLessThan(4230);
  });

  it('says null when Graph does not have it any more', async () => {
    await using server = await script(says(404, problem('ResourceNotFound', 'The object was not found.')));
    expect(await renewSubscription(graphAt(server.origin), renewal)).toBeNull();
  });

  it('throws what else goes wrong', async () => {
    await using server = await script(says(403, problem('ErrorAccessDenied', 'no')));
    expect(await caught(renewSubscription(graphAt(server.origin), renewal))).toMatchObject({ status: 403 });
  });
});

describe('listing and deleting subscriptions', () => {
  it('lists all pages and leaves out what cannot be read', async () => {
    const origin = { at: '' };
    await using server = await script(
      (response) =>
        answer(response, 200, {
          value: [made({ id: 'one' }), { id: 'no expiry' }],
          '@odata.nextLink': `${origin.at}/v1.0/subscriptions?$skiptoken=x`,
        }),
      says(200, { value: [made({ id: 'two', notificationUrl: null })] }),
    );
    origin.at = server.origin;
    const found = await listSubscriptions(graphAt(server.origin));
    expect(found.map(({ id, notificationUrl }) => [id, notificationUrl])).toEqual([
      ['one', 'https://hooks.example/webhooks/graph'],
      ['two', null],
    ]);
  });

  it('deletes, also what is not there', async () => {
    await using server = await script(nothing, says(404, problem('ResourceNotFound', 'gone')));
    await deleteSubscription(graphAt(server.origin), 'one');
    await deleteSubscription(graphAt(server.origin), 'one');
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /v1.0/subscriptions/one',
      'DELETE /v1.0/subscriptions/one',
    ]);
  });

  it('throws when it may not delete', async () => {
    await using server = await script(says(403, problem('ErrorAccessDenied', 'no')));
    expect(await caught(deleteSubscription(graphAt(server.origin), 'one'))).toMatchObject({ status: 403 });
  });
});
