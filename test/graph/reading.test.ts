import { expect, test } from 'vitest';
import { reasonOf } from '../../src/core/errors.ts';
import { CALENDAR_PREFER, calendarDeltaUrl, getEvent, listInstances } from '../../src/graph/calendar.ts';
import { GraphProtocolError, isNoConsent, isNotFound } from '../../src/graph/errors.ts';
import {
  findFolder,
  getMessage,
  listFolders,
  listSensitiveMessages,
  messagesDeltaUrl,
} from '../../src/graph/mail.ts';
import { listMailboxes } from '../../src/graph/users.ts';
import { answer, caught, graphAt, graphProblem, type Server, startServer } from './support.ts';

const window = { start: '2026-03-01T00:00:00.000Z', end: '2026-04-01T00:00:00.000Z' };
const mailbox = 'anna@vendor.example';

/** Answers by path, without the query; what it does not know is 404. */
function serving(answers: Record<string, unknown>): Promise<Server> {
  return startServer(({ url }, response) => {
    const body = answers[decodeURIComponent(url.replace('/v1.0', '').split('?')[0] ?? '')];
    if (body === undefined) answer(response, 404, graphProblem('ErrorItemNotFound'));
    else if (typeof body === 'number') answer(response, body, graphProblem('ErrorAccessDenied'));
    else answer(response, 200, body);
  });
}

test('calendar rounds ask for a window and nothing that calendarView/delta refuses', () => {
  const url = new URL(calendarDeltaUrl(mailbox, window), 'http://x');
  expect(url.pathname).toBe('/users/anna@vendor.example/calendarView/delta');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    startDateTime: window.start,
    endDateTime: window.end,
  });
  expect(CALENDAR_PREFER).toContain('outlook.timezone="UTC"');
});

test('mail rounds select uniqueBody and neither filter nor expand', () => {
  const url = new URL(messagesDeltaUrl(mailbox, 'AB/c+d=='), 'http://x');
  expect(url.pathname).toBe('/users/anna@vendor.example/mailFolders/AB%2Fc%2Bd%3D%3D/messages/delta');
  expect([...url.searchParams.keys()]).toEqual(['$select']);
  expect(url.searchParams.get('$select')?.split(',')).toEqual(
    expect.arrayContaining(['uniqueBody', 'internetMessageId', 'isDraft']),
  );
  // not properties of a message: asking for them is a 400
  expect(url.search).not.toMatch(/meetingMessageType|sensitivity/);
});

test('an event is read whole, with its type worked out', async () => {
  await using server = await serving({
    [`/users/${mailbox}/events/AB/c+d=`]: {
      id: 'AB/c+d=',
      recurrence: { pattern: {} },
      seriesMasterId: null,
    },
    [`/users/${mailbox}/events/bad`]: { subject: 'secret' },
  });
  const graph = graphAt(server.origin);
  expect(await getEvent(graph, { mailbox, id: 'AB/c+d=' })).toMatchObject({ type: 'seriesMaster' });
  expect(server.seen[0]?.headers['prefer']).toContain('outlook.timezone="UTC"');
  expect(isNotFound(await caught(getEvent(graph, { mailbox, id: 'gone' })))).toBe(true);
  const unreadable = await caught(getEvent(graph, { mailbox, id: 'bad' }));
  expect(unreadable).toBeInstanceOf(GraphProtocolError);
  expect(String(unreadable)).not.toContain('secret');
});

test('all instances of a series are listed, page after page', async () => {
  await using server = await startServer(({ url, headers }, response) => {
    const more = url.includes('$skip')
      ? {}
      : { '@odata.nextLink': `http://${headers.host}/v1.0/more?$skip=1` };
    answer(response, 200, { value: [{ id: url.includes('$skip') ? 'o-2' : 'o-1' }], ...more });
  });
  const found = await listInstances(graphAt(server.origin), { mailbox, masterId: 'm-1', window });
  expect(found).toEqual([{ id: 'o-1' }, { id: 'o-2' }]);
  expect(server.seen[0]?.url).toContain('/events/m-1/instances?startDateTime=2026-03-01');
});

test('a folder that is not there is null, a mailbox that may not be read is an error', async () => {
  await using server = await serving({
    [`/users/${mailbox}/mailFolders/archive`]: { id: 'f-1', displayName: 'Archiv' },
    '/users/blocked@vendor.example/mailFolders/inbox': 403,
  });
  const graph = graphAt(server.origin);
  expect(await findFolder(graph, { mailbox, folder: 'archive' })).toEqual({
    id: 'f-1',
    displayName: 'Archiv',
  });
  expect(await findFolder(graph, { mailbox, folder: 'nothing' })).toBeNull();
  const blocked = findFolder(graph, { mailbox: 'blocked@vendor.example', folder: 'inbox' });
  expect(isNoConsent(await caught(blocked))).toBe(true);
});

test('a well-known folder that exists under its display name only is found by it', async () => {
  const root = `/users/${mailbox}/mailFolders`;
  await using server = await serving({
    [root]: {
      value: [
        { id: 'x', displayName: 'Projects' },
        { id: 'a', displayName: 'Archive' },
      ],
    },
  });
  const graph = graphAt(server.origin);
  expect(await findFolder(graph, { mailbox, folder: 'archive' })).toMatchObject({ id: 'a' });
  expect(await findFolder(graph, { mailbox, folder: 'sentitems' })).toBeNull();
  expect(await findFolder(graph, { mailbox, folder: 'projects' })).toBeNull();
});

test('folders are listed with those inside them', async () => {
  const root = `/users/${mailbox}/mailFolders`;
  await using server = await serving({
    [root]: {
      value: [
        { id: 'in', displayName: 'Inbox', childFolderCount: 1 },
        { id: 'out', displayName: null },
      ],
    },
    [`${root}/in/childFolders`]: { value: [{ id: 'sub', displayName: 'Clients', childFolderCount: 0 }] },
  });
  expect(await listFolders(graphAt(server.origin), { mailbox })).toEqual([
    { id: 'in', displayName: 'Inbox' },
    { id: 'out', displayName: '' },
    { id: 'sub', displayName: 'Clients' },
  ]);
});

test('a message is read whole', async () => {
  await using server = await serving({ [`/users/${mailbox}/messages/m-1`]: { id: 'm-1', subject: 'Hello' } });
  expect(await getMessage(graphAt(server.origin), { mailbox, id: 'm-1' })).toMatchObject({
    subject: 'Hello',
  });
});

test('marked messages are found by the property that holds the mark', async () => {
  const marked = (id: string, value: string) => ({
    id,
    singleValueExtendedProperties: [{ id: 'Integer 0x36', value }],
  });
  await using server = await serving({
    [`/users/${mailbox}/mailFolders/inbox/messages`]: { value: [marked('m-1', '2'), marked('m-2', '3')] },
  });
  const found = await listSensitiveMessages(graphAt(server.origin), { mailbox, folder: 'inbox' });
  expect([...(found ?? [])]).toEqual([
    ['m-1', 'private'],
    ['m-2', 'confidential'],
  ]);
  const query = new URL(server.seen[0]?.url ?? '', 'http://x').searchParams;
  expect(query.get('$filter')).toContain("id eq 'Integer 0x36'");
});

test('a server that does not understand the question about marks is told from one without marked messages', async () => {
  const path = `/users/${mailbox}/mailFolders/inbox/messages`;
  await using none = await serving({ [path]: { value: [] } });
  await using ignoring = await serving({ [path]: { value: [{ id: 'm-1' }] } });
  await using refusing = await serving({ [path]: 403, [`${path}/delta`]: { value: [] } });
  await using closed = await serving({ [path]: 403, [`${path}/delta`]: 403 });
  const ask = (server: Server) => listSensitiveMessages(graphAt(server.origin), { mailbox, folder: 'inbox' });
  expect(await ask(none)).toEqual(new Map());
  expect(await ask(ignoring)).toBeNull();
  expect(await ask(refusing)).toBeNull();
  expect(isNoConsent(await caught(ask(closed)))).toBe(true);
});

test('members of a group that come as bare ids want another permission', async () => {
  const bare = { '@odata.type': '#microsoft.graph.user', id: 'u-1', displayName: null, mail: null };
  const room = { ...bare, displayName: 'Boardroom' };
  await using bares = await serving({ '/groups/g-1/members': { value: [bare] } });
  await using rooms = await serving({ '/groups/g-1/members': { value: [room] } });
  const ask = (server: Server) => listMailboxes(graphAt(server.origin), { group: 'g-1' });
  expect(reasonOf(await caught(ask(bares)))).toMatch(/User.ReadBasic.All/);
  expect(await ask(rooms)).toEqual([]);
});

test('mailboxes are the enabled members with an address, once each', async () => {
  const user = (id: string, fields: object) => ({
    id,
    displayName: id,
    mail: `${id}@Vendor.example`,
    ...fields,
  });
  const rows = [
    user('Anna', { accountEnabled: true, userType: 'Member' }),
    user('anna', { accountEnabled: true }),
    user('left', { accountEnabled: false }),
    user('guest', { userType: 'Guest' }),
    user('room', { mail: null }),
    user('nested', { '@odata.type': '#microsoft.graph.group' }),
    { displayName: 'no id' },
  ];
  await using server = await serving({
    '/users': { value: rows },
    '/groups/g-1/members': { value: rows.slice(0, 1) },
  });
  const graph = graphAt(server.origin);
  expect(await listMailboxes(graph)).toEqual([{ id: 'anna', address: 'anna@vendor.example', name: 'anna' }]);
  expect(await listMailboxes(graph, { group: 'g-1' })).toHaveLength(1);
});
