import type { Graph } from '../graph/client.ts';
import { isNotFound } from '../graph/errors.ts';
import { getMessage, listSensitiveMessages } from '../graph/mail.ts';
import { type MessageOptions, mapMessage, parseDeltaItem } from '../graph/mapping.ts';
import type { PageItem } from './page.ts';

/** Mail pages: the delta query cannot say which messages are private, so that is asked for beside it. */

export interface MailRound extends Omit<MessageOptions, 'sensitivities'> {
  readonly graph: Graph;
  /** Graph id. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
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
    const items = parsed.map((item): PageItem => {
      if (item.type === 'removed') return { outcome: 'removed', graphId: item.graphId };
      if (item.type === 'message') return mapMessage(item.message, { ...round, sensitivities });
      return {
        outcome: 'fail',
        graphId: item.graphId,
        reason: item.type === 'malformed' ? item.reason : 'not a message',
      };
    });
    return { items, series: [] };
  };
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
    return mapMessage({ ...message, id }, { ...round, sensitivities });
  } catch (error) {
    if (isNotFound(error)) return { outcome: 'removed', graphId: id };
    throw error;
  }
}
