import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { Graph } from './client.ts';
import { listItems } from './delta.ts';
import { segment } from './paths.ts';

/** Who has a mailbox. */

export interface MailboxUser {
  readonly id: string;
  /** Lower-cased. */
  readonly address: string;
  readonly name: string;
}

const User = z.object({
  '@odata.type': z.string().nullish(),
  id: z.string().min(1),
  displayName: z.string().nullish(),
  mail: z.string().nullish(),
  userPrincipalName: z.string().nullish(),
  accountEnabled: z.boolean().nullish(),
  userType: z.string().nullish(),
});

const FIELDS = 'id,displayName,mail,userPrincipalName,accountEnabled,userType';

/**
 * Enabled members of the organisation with a mail address: of the whole tenant, or of one group (direct members).
 * Guests have their mailboxes elsewhere.
 * @throws {GraphError} for which `isNoConsent` holds without User.Read.All (or GroupMember.Read.All for a group)
 * @throws {ConfigError} when the members of a group come as bare ids, as they do without User.ReadBasic.All
 */
export async function listMailboxes(
  graph: Graph,
  options: { readonly group?: string } = {},
): Promise<MailboxUser[]> {
  const path =
    options.group === undefined
      ? `/users?$select=${FIELDS}&$filter=accountEnabled%20eq%20true&$top=999`
      : `/groups/${segment(options.group)}/members?$select=${FIELDS}&$top=999`;
  const rows = await listItems(graph, path);
  const found = new Map<string, MailboxUser>();
  for (const row of rows) {
    const user = User.safeParse(row);
    if (!user.success || !isMember(user.data)) continue;
    // null says that there is no mailbox; a server that leaves the member out has said nothing
    const { mail, userPrincipalName } = user.data;
    const address = (mail === undefined ? userPrincipalName : mail)?.trim().toLowerCase();
    if (address) found.set(address, { id: user.data.id, address, name: user.data.displayName ?? '' });
  }
  if (found.size === 0 && rows.some(isBare)) {
    throw new ConfigError(
      'mailbox_group: Graph gives its members without their addresses; grant User.ReadBasic.All or User.Read.All',
    );
  }
  return [...found.values()];
}

// https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects
function isBare(row: unknown): boolean {
  const user = User.safeParse(row);
  return (
    user.success &&
    user.data['@odata.type'] === '#microsoft.graph.user' &&
    user.data.displayName == null &&
    user.data.mail == null
  );
}

function isMember(user: z.infer<typeof User>): boolean {
  const type = user['@odata.type'] ?? '#microsoft.graph.user';
  return type === '#microsoft.graph.user' && user.accountEnabled !== false && user.userType !== 'Guest';
}
