import { type Call, listReply } from './call.ts';
import { guid } from './ids.ts';
import type { Mailbox } from './model.ts';
import { type DirectoryUser, USERS_WITHOUT_MAILBOX } from './other-users.ts';
import { GraphRefusal, type Reply } from './reply.ts';
import type { Wire } from './wire-event.ts';

/** The one group: every member of the client success team, and a group nested in it. */
export const sandboxGroupId: string = guid('group client success');

export function usersReply(call: Call): Reply {
  const filter = call.query.get('$filter');
  if (filter !== undefined && !/^accountEnabled eq (true|false)$/i.test(filter)) {
    throw new GraphRefusal(400, 'Request_UnsupportedQuery', 'Unsupported Query.');
  }
  const users = everybody(call).filter(
    ({ enabled }) => filter === undefined || enabled === /true$/i.test(filter),
  );
  const wire = (user: DirectoryUser) => selected(user, call.query.get('$select'));
  return listReply(call, users, { context: 'users', path: 'users', defaultTop: 100, wire });
}

export function userReply(call: Call): Reply {
  const wanted = call.route.owner.toLowerCase();
  const user = everybody(call).find(({ id, address }) => id === wanted || address === wanted);
  if (user === undefined) throw missing(call.route.owner);
  const context = { '@odata.context': `${call.origin}/v1.0/$metadata#users/$entity` };
  return { status: 200, body: { ...context, ...selected(user, call.query.get('$select')) } };
}

export function membersReply(call: Call): Reply {
  if (call.route.owner !== sandboxGroupId) throw missing(call.route.owner);
  const nested = {
    '@odata.type': '#microsoft.graph.group',
    id: guid('group nested'),
    displayName: 'Client success leads',
    mail: null,
  };
  const people = call.tenant.mailboxes
    .filter(({ active }) => active)
    .map((mailbox) => ({
      '@odata.type': '#microsoft.graph.user',
      ...selected(userOf(mailbox), call.query.get('$select')),
    }));
  return listReply(call, [...people, nested], {
    context: 'directoryObjects',
    path: `groups/${sandboxGroupId}/members`,
    defaultTop: 100,
    wire: (member) => member,
  });
}

function everybody(call: Call): DirectoryUser[] {
  return [...call.tenant.mailboxes.filter(({ active }) => active).map(userOf), ...USERS_WITHOUT_MAILBOX];
}

function userOf({ id, name, address, title, city }: Mailbox): DirectoryUser {
  return { id, name, address, mail: address, enabled: true, title, city };
}

function missing(name: string): GraphRefusal {
  return new GraphRefusal(
    404,
    'Request_ResourceNotFound',
    `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

/** The members that Graph sends unasked, or just those asked for. */
function selected(user: DirectoryUser, select: string | undefined): Wire {
  const [givenName = '', ...rest] = user.name.split(' ');
  const usual = {
    businessPhones: [],
    displayName: user.name,
    givenName,
    jobTitle: user.title,
    mail: user.mail,
    mobilePhone: null,
    officeLocation: user.city,
    preferredLanguage: null,
    surname: rest.join(' '),
    userPrincipalName: user.address,
    id: user.id,
  };
  if (select === undefined) return usual;
  const wanted = new Set(
    select
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  const more = { ...usual, accountEnabled: user.enabled, userType: 'Member' };
  return Object.fromEntries(Object.entries(more).filter(([name]) => wanted.has(name.toLowerCase())));
}
