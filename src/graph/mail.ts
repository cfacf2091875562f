import { z } from 'zod';
import type { Graph, GraphRequestOptions } from './client.ts';
import { listItems } from './delta.ts';
import { GraphProtocolError, graphErrorOf, isNotFound, isResyncNeeded } from './errors.ts';
import { segment } from './paths.ts';
import { GraphMessage, shapeProblem } from './schemas.ts';
import { SENSITIVITY_PROPERTY, type Sensitivity, sensitivityOf } from './sensitivity.ts';

/** Reading mail. */

/** Goes with every mail request: HTML, in which quoted mail and signatures are marked. The page size is the caller's to add. */
export const MAIL_PREFER: readonly string[] = ['outlook.body-content-type="html"'];

/** Everything a touchpoint is made of; `uniqueBody` comes only when asked for. */
const MESSAGE_FIELDS = [
  'id',
  'subject',
  'body',
  'uniqueBody',
  'bodyPreview',
  'from',
  'sender',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'receivedDateTime',
  'sentDateTime',
  'lastModifiedDateTime',
  'internetMessageId',
  'conversationId',
  'conversationIndex',
  'parentFolderId',
  'isDraft',
  'categories',
  'importance',
  'webLink',
  'hasAttachments',
].join(',');

/**
 * First address of a round over one folder. It carries no `$filter`: with one, Graph silently ends after 5,000
 * messages; and no `$expand`: with a `$filter` inside, which extended properties need, the delta function answers 500.
 * @param folder id or well-known name
 */
export function messagesDeltaUrl(mailbox: string, folder: string): string {
  return `/users/${segment(mailbox)}/mailFolders/${segment(folder)}/messages/delta?$select=${MESSAGE_FIELDS}`;
}

export interface MailQuery {
  readonly mailbox: string;
  readonly signal?: AbortSignal | undefined;
}

/** One message, whole: a delta item may hold no more than what changed. @throws as `getEvent` */
export async function getMessage(
  graph: Graph,
  query: MailQuery & { readonly id: string },
): Promise<GraphMessage> {
  const path = `/users/${segment(query.mailbox)}/messages/${segment(query.id)}?$select=${MESSAGE_FIELDS}`;
  const message = GraphMessage.safeParse(await graph.request(path, { ...scope(query), prefer: MAIL_PREFER }));
  if (!message.success)
    throw new GraphProtocolError(`a message cannot be read: ${shapeProblem(message.error)}`);
  return message.data;
}

export interface MailFolder {
  readonly id: string;
  readonly displayName: string;
}

const Folder = z.object({
  id: z.string().min(1),
  displayName: z.string().nullish(),
  childFolderCount: z.number().nullish(),
});

/** What well-known folders are called where a mailbox has them under that name only: made by hand, or by an IMAP client. */
const DISPLAY_NAMES: Readonly<Record<string, string>> = {
  inbox: 'inbox',
  sentitems: 'sent items',
  archive: 'archive',
};

/**
 * A folder by its well-known name (`inbox`, `sentitems`, `archive` ...), by that name's English display name, or by id.
 * @returns null when the mailbox has none such @throws {GraphError}, for a missing mailbox too
 */
export async function findFolder(
  graph: Graph,
  query: MailQuery & { readonly folder: string },
): Promise<MailFolder | null> {
  const root = `/users/${segment(query.mailbox)}/mailFolders`;
  try {
    const path = `${root}/${segment(query.folder)}?$select=id,displayName`;
    const { id, displayName } = mailFolder(await graph.request(path, scope(query)));
    return { id, displayName };
  } catch (error) {
    // a missing mailbox answers 404 to the list below too; here the word may only be about the folder
    if (graphErrorOf(error)?.status !== 404 || isResyncNeeded(error)) throw error;
    if (DISPLAY_NAMES[query.folder.toLowerCase()] === undefined && !isNotFound(error)) throw error;
  }
  const name = DISPLAY_NAMES[query.folder.toLowerCase()];
  if (name === undefined) return null;
  const rows = await listItems(graph, `${root}?$select=id,displayName&$top=100`, scope(query));
  const found = rows.map(mailFolder).find(({ displayName }) => displayName.toLowerCase() === name);
  return found === undefined ? null : { id: found.id, displayName: found.displayName };
}

/** Every folder of the mailbox, at any depth, parents before children. */
export async function listFolders(graph: Graph, query: MailQuery): Promise<MailFolder[]> {
  const root = `/users/${segment(query.mailbox)}/mailFolders`;
  const found: MailFolder[] = [];
  const open = [root];
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    const rows = await listItems(
      graph,
      `${path}?$select=id,displayName,childFolderCount&$top=100`,
      scope(query),
    );
    for (const row of rows) {
      const folder = mailFolder(row);
      found.push(folder);
      if (folder.children > 0) open.push(`${root}/${segment(folder.id)}/childFolders`);
    }
  }
  return found.map(({ id, displayName }) => ({ id, displayName }));
}

function mailFolder(body: unknown): MailFolder & { readonly children: number } {
  const folder = Folder.safeParse(body);
  if (!folder.success)
    throw new GraphProtocolError(`a mail folder cannot be read: ${shapeProblem(folder.error)}`);
  const { id, displayName, childFolderCount } = folder.data;
  return { id, displayName: displayName ?? '', children: childFolderCount ?? 0 };
}

/**
 * The messages of a folder that are marked personal, private or confidential, by id. Delta rounds cannot say it, so
 * it is asked for beside them: asked after a page was read, the answer covers the whole page.
 * @returns null where Graph cannot tell (a national cloud without extended properties, Mail.ReadBasic, another server)
 * @throws {GraphError} when the folder cannot be read any more
 */
export async function listSensitiveMessages(
  graph: Graph,
  query: MailQuery & { readonly folder: string },
): Promise<ReadonlyMap<string, Sensitivity> | null> {
  const marked = `singleValueExtendedProperties/any(p:p/id eq '${SENSITIVITY_PROPERTY}' and cast(p/value,Edm.Int32) ne 0)`;
  const value = `singleValueExtendedProperties($filter=id eq '${SENSITIVITY_PROPERTY}')`;
  const path = `/users/${segment(query.mailbox)}/mailFolders/${segment(query.folder)}/messages`;
  const params = `$select=id&$filter=${encodeURIComponent(marked)}&$expand=${encodeURIComponent(value)}&$top=100`;
  let rows: readonly unknown[];
  try {
    rows = await listItems(graph, `${path}?${params}`, scope(query));
  } catch (error) {
    const status = graphErrorOf(error)?.status ?? 0;
    if (![400, 403, 404, 405, 501].includes(status)) throw error;
    if (status === 403 || status === 404) await expectReadable(graph, query);
    return null;
  }
  const found = new Map<string, Sensitivity>();
  for (const row of rows) {
    const message = GraphMessage.safeParse(row);
    const sensitivity = message.success ? sensitivityOf(message.data) : 'normal';
    // an unmarked message in the answer: the filter was not understood
    if (!message.success || sensitivity === 'normal') return null;
    found.set(message.data.id, sensitivity);
  }
  return found;
}

/**
 * Is it only the question about marks that is refused, or has access to the folder ended since its page was read? Then
 * nothing of that page may be taken for unmarked. The delta query is the one thing that every server answers.
 * @throws what it is refused with
 */
async function expectReadable(
  graph: Graph,
  { folder, ...query }: MailQuery & { readonly folder: string },
): Promise<void> {
  const path = `/users/${segment(query.mailbox)}/mailFolders/${segment(folder)}/messages/delta?$select=id`;
  await graph.request(path, { ...scope(query), prefer: ['odata.maxpagesize=1'] });
}

function scope({ mailbox, signal }: MailQuery): GraphRequestOptions {
  return { mailbox, signal };
}
