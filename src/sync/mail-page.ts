import type { Graph } from '../graph/client.ts';
import { isNotFound } from '../graph/errors.ts';
import { getMessage, listSensitiveMessages } from '../graph/mail.ts';
import { type Mapped, type MessageOptions, mailKey, mapMessage, parseDeltaItem } from '../graph/mapping.ts';
import type { GraphMessage } from '../graph/schemas.ts';
import type { PageItem } from './page.ts';

/** Mail pages: the delta query cannot say which messages are private, so that is asked for beside it. */

export interface MailRound extends Omit<MessageOptions, 'sensitivities'> {
  readonly graph: Graph;
  /** Graph id. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
  /** Which of these source keys are stored. */
  readonly known: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
}

/**
 * Maps the pages of one round. Asking follows the page, so that the answer covers all that is in it; a page without
 * messages (an idle look) asks nothing, and a server that cannot tell is asked once a round.
 */
export function mailPages(
  round: MailRound,
): (raw: readonly unknown[]) => Promise<{ items: PageItem[]; series: [] }> {
  let tellable = true;
  return async (raw) => {
    const parsed = raw.map((item) => parseDeltaItem('message', item));
    const sensitivities =
      tellable && parsed.some(({ type }) => type === 'message')
        ? await listSensitiveMessages(round.graph, round)
        : null;
    if (sensitivities === null && parsed.some(({ type }) => type === 'message')) tellable = false;
    const messages = parsed.flatMap((item) => (item.type === 'message' ? [item.message] : []));
    const mapped = await mapMessages({ ...round, sensitivities }, messages);
    const items = parsed.map((item): PageItem => {
      if (item.type === 'removed') return { outcome: 'removed', graphId: item.graphId };
      const reason = item.type === 'malformed' ? item.reason : 'not a message';
      const message = item.type === 'message' ? mapped.get(item.message) : undefined;
      return message ?? { outcome: 'fail', graphId: item.graphId, reason };
    });
    return { items, series: [] };
  };
}

/** Old mail is not taken in, but what is stored already stays, also when it is filed in another folder. */
async function mapMessages(
  round: Pick<MailRound, 'known'> & MessageOptions,
  messages: readonly GraphMessage[],
): Promise<Map<GraphMessage, Mapped>> {
  const mapped = new Map(messages.map((message) => [message, mapMessage(message, round)]));
  const old = messages.filter((message) => isTooOld(mapped.get(message)));
  if (old.length === 0) return mapped;
  const known = await round.known(old.map(mailKey));
  for (const message of old) {
    if (known.has(mailKey(message))) mapped.set(message, mapMessage(message, { ...round, notBefore: null }));
  }
  return mapped;
}

function isTooOld(mapped: Mapped | undefined): boolean {
  return mapped?.outcome === 'skip' && mapped.reason === 'too old';
}

/** What Graph says of messages that are in doubt: those that are still in the folder come as they are now. */
export async function doubtfulMails(round: MailRound, ids: readonly string[]): Promise<PageItem[]> {
  const items: PageItem[] = [];
  for (const id of ids) items.push(await doubtfulMail(round, id));
  return items;
}

async function doubtfulMail(round: MailRound, id: string): Promise<PageItem> {
  try {
    const message = await getMessage(round.graph, { mailbox: round.mailbox, id, signal: round.signal });
    // moved meanwhile: the folder it went to shows it
    if (message.parentFolderId && message.parentFolderId !== round.folder)
      return { outcome: 'removed', graphId: id };
    const sensitivities = await listSensitiveMessages(round.graph, round);
    // one that is in doubt is one that is stored
    return mapMessage({ ...message, id }, { ...round, sensitivities, notBefore: null });
  } catch (error) {
    if (isNotFound(error)) return { outcome: 'removed', graphId: id };
    throw error;
  }
}
