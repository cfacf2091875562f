import { expect, test } from 'vitest';
import { contentHash } from '../../src/core/hash.ts';
import { type MessageOptions, mapMessage } from '../../src/graph/mapping.ts';
import { GraphMessage } from '../../src/graph/schemas.ts';
import { message, person } from './support.ts';

const options: MessageOptions = { mailbox: 'Anna@vendor.example', notBefore: null };

function kept(fields: Record<string, unknown> = {}, more: Partial<MessageOptions> = {}) {
  const mapped = mapMessage(message(fields), { ...options, ...more });
  if (mapped.outcome !== 'keep') throw new Error(`not kept: ${mapped.reason}`);
  return mapped;
}
const reason = (fields: Record<string, unknown>, more: Partial<MessageOptions> = {}) => {
  const mapped = mapMessage(message(fields), { ...options, ...more });
  return mapped.outcome === 'skip' ? [mapped.reason, mapped.erase] : mapped.outcome;
};

test('a mail becomes a touchpoint', () => {
  expect(
    mapMessage(message({ subject: 'RE: FW: AW:  Slow reports', conversationId: 'c-1' }), options),
  ).toEqual({
    outcome: 'keep',
    graphId: 'm-1',
    etag: 'W/"1"',
    series: null,
    modifiedAt: '2026-03-02T01:00:01.000Z',
    authoritative: false,
    touchpoint: {
      kind: 'email',
      sourceKey: '<one@client.example>',
      title: 'Slow reports',
      body: 'The reports are slow.',
      people: [
        { name: 'Bob', address: 'bob@client.example', role: 'from' },
        { name: 'Anna', address: 'anna@vendor.example', role: 'to' },
      ],
      occurredAt: '2026-03-02T01:00:00.000Z',
      endsAt: null,
      allDay: false,
      timeZone: 'UTC',
      details: { thread: 'c-1', direction: 'inbound', reply: true, hasAttachments: false },
    },
  });
});

test('the copies of sender and recipients have the same content, and the sender’s is the authority', () => {
  const sent = {
    from: person('anna@vendor.example', 'Anna'),
    toRecipients: [person('z@c.example'), person('A@c.example')],
  };
  const own = kept({ ...sent, id: '1' });
  const colleague = kept(
    {
      ...sent,
      id: '2',
      toRecipients: [...sent.toRecipients].reverse(),
      bccRecipients: [person('boss@vendor.example')],
    },
    { mailbox: 'carl@vendor.example' },
  );
  expect(contentHash(own.touchpoint)).toBe(contentHash(colleague.touchpoint));
  expect(own.touchpoint.details['direction']).toBe('outbound');
  expect([own.authoritative, colleague.authoritative]).toEqual([true, false]);
  expect(
    kept(sent, { mailbox: 'x@other.example', ownDomains: ['vendor.example'] }).touchpoint.details,
  ).toMatchObject({
    direction: 'outbound',
  });
});

test('a person in both to and cc is there once', () => {
  const { people } = kept({
    ccRecipients: [person('ANNA@vendor.example'), person('bob@client.example'), null],
  }).touchpoint;
  expect(people.map(({ address, role }) => [address, role])).toEqual([
    ['bob@client.example', 'from'],
    ['anna@vendor.example', 'to'],
  ]);
});

test('the new part of a reply is preferred, where there is any', () => {
  const uniqueBody = { contentType: 'html', content: '<p>New part</p>' };
  expect(kept({ uniqueBody }).touchpoint.body).toBe('New part');
  for (const content of ['', null, '<p>&nbsp;</p>', '<html><body>--<br>Bob</body></html>']) {
    expect(kept({ uniqueBody: { contentType: 'html', content } }).touchpoint.body).toBe(
      'The reports are slow.',
    );
  }
  expect(kept({ body: null, bodyPreview: 'Preview only' }).touchpoint.body).toBe('Preview only');
});

test.each([
  [{ '@odata.type': '#microsoft.graph.eventMessageResponse' }, 'response'],
  [{ '@odata.type': '#microsoft.graph.eventMessage', meetingMessageType: 'meetingDeclined' }, 'response'],
  [{ meetingMessageType: 'meetingTenativelyAccepted' }, 'response'],
  [{ '@odata.type': '#microsoft.graph.eventMessageRequest' }, 'meeting message'],
  [
    { '@odata.type': '#microsoft.graph.eventMessage', meetingMessageType: 'meetingCancelled' },
    'meeting message',
  ],
  [
    { subject: 'Declined: Quarterly review', body: { contentType: 'html', content: '<p>&nbsp;</p>' } },
    'response',
  ],
  [{ subject: 'Accepted: Review', '@odata.type': null }, 'response'],
  [{ subject: 'Automatic reply: away until Monday' }, 'automatic reply'],
  [{ from: person('postmaster@client.example') }, 'delivery report'],
  [{ from: person('MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@vendor.example') }, 'delivery report'],
  [{ sensitivity: 'private' }, 'private'],
  [{ singleValueExtendedProperties: [{ id: 'Integer 0x0036', value: '2' }] }, 'private'],
  [{ singleValueExtendedProperties: [null, { id: 'Integer 0x36', value: '7' }] }, 'private'],
])('%j is left out and erased: %s', (fields, expected) => {
  expect(reason(fields)).toEqual([expected, true]);
});

test('a mail that only talks about declining is kept', () => {
  expect(reason({ subject: 'Declined: our bid, and why' })).toBe('keep');
  expect(reason({ meetingMessageType: 'none' })).toBe('keep');
  expect(reason({ singleValueExtendedProperties: [{ id: 'Integer 0x36', value: '0' }] })).toBe('keep');
});

test('marks that are asked for beside the round count too', () => {
  const sensitivities = new Map([['m-1', 'confidential' as const]]);
  expect(reason({}, { sensitivities })).toEqual(['private', true]);
  expect(reason({}, { sensitivities, withhold: ['private'] })).toBe('keep');
  expect(reason({ id: 'other' }, { sensitivities })).toBe('keep');
});

test('drafts, old mail and items that hold only what changed leave what is stored alone', () => {
  expect(reason({ isDraft: true })).toEqual(['draft', false]);
  const notBefore = '2026-03-02T01:00:00.000Z';
  expect(reason({}, { notBefore })).toBe('keep');
  expect(reason({ receivedDateTime: '2026-03-02T00:59:59Z' }, { notBefore })).toEqual(['too old', false]);
  const onlyRead = GraphMessage.parse({ id: 'm-1', '@odata.type': '#microsoft.graph.message', isRead: true });
  expect(mapMessage(onlyRead, options)).toEqual({
    outcome: 'skip',
    graphId: 'm-1',
    reason: 'partial',
    erase: false,
  });
});

test('dates are read, replaced or refused', () => {
  expect(kept({ receivedDateTime: null }).touchpoint.occurredAt).toBe('2026-03-02T00:59:58.000Z');
  expect(kept({ receivedDateTime: null, sentDateTime: null }).touchpoint.occurredAt).toBeNull();
  for (const [receivedDateTime, why] of [
    ['9999-12-31T23:59:59Z', 'date out of range'],
    ['0001-01-01T00:00:00Z', 'date out of range'],
    ['yesterday', 'date unreadable'],
  ]) {
    expect(mapMessage(message({ receivedDateTime }), options)).toEqual({
      outcome: 'fail',
      graphId: 'm-1',
      reason: why,
    });
  }
});

test.each([
  ['Re[2]: RE : Fwd: Hello', 'Hello', true],
  ['FW: Hello', 'Hello', false],
  ['Regarding: Hello', 'Regarding: Hello', false],
  ['RE:', '', true],
  [null, '', false],
  [' \u0000A\uD800\n b ', 'A\uFFFD b', false],
])('the title of %j is %j', (subject, title, reply) => {
  const { touchpoint } = kept({ subject });
  expect([touchpoint.title, touchpoint.details['reply']]).toEqual([title, reply]);
});

test('an internal Exchange name is no address', () => {
  const from = person('/O=EXCHANGELABS/OU=EXCHANGE/CN=RECIPIENTS/CN=BOB', 'Bob');
  expect(kept({ from }).touchpoint.people[0]).toEqual({ name: 'Bob', address: '', role: 'from' });
  expect(kept({ from: null, sender: person('s@c.example', 's@c.example') }).touchpoint.people[0]).toEqual({
    name: '',
    address: 's@c.example',
    role: 'from',
  });
});

test('a body of 10 MB is mapped in little time and kept short', () => {
  const content = `<div>${'<p>slow reports</p>'.repeat(550_000)}</div>`;
  expect(content.length).toBeGreaterThan(10_000_000);
  const started = performance.now();
  const { body } = kept({ body: { contentType: 'html', content } }).touchpoint;
  expect(performance.now() - started).toBeLessThan(2000);
  expect(body.length).toBe(20_000);
});
