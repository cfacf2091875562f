import {
  Client,
  type Context,
  HTTPMessageHandler,
  type Middleware,
  PageIterator,
  RetryHandler,
  RetryHandlerOptions,
} from '@microsoft/microsoft-graph-client';
import { z } from 'zod';

/**
 * What one would write by hand: the official client with its page iterator over one inbox after the other, and rows upserted
 * by their id into a table that can be searched by words, as Supabase's guide to full text search makes it. No cleaning, no matching, no cursor: it does less than the service does.
 */

export interface Row {
  readonly id: string;
  readonly mailbox: string;
  readonly subject: string;
  readonly sender: string;
  readonly received_at: string;
  readonly body: string;
}

export interface Source {
  readonly url: string;
  readonly token: string;
  readonly mailboxes: readonly string[];
}

/** Runs a statement. */
export type Query = (text: string, params: unknown[]) => Promise<unknown>;

const Message = z.looseObject({
  id: z.string(),
  subject: z.string().nullish(),
  receivedDateTime: z.string(),
  from: z.object({ emailAddress: z.object({ address: z.string().nullish() }) }).nullish(),
  body: z.object({ content: z.string() }).nullish(),
});

export const TABLE = `
  create schema if not exists baseline;
  create table if not exists baseline.messages (
    id text primary key, mailbox text not null, subject text not null, sender text not null,
    received_at timestamptz not null, body text not null,
    fts tsvector generated always as (to_tsvector('pg_catalog.english'::regconfig, subject || ' ' || body)) stored);
  create index if not exists messages_fts on baseline.messages using gin (fts);
  create index if not exists messages_received on baseline.messages (received_at)`;

/** Items a page in Microsoft's own example of the iterator, https://learn.microsoft.com/graph/sdks/paging */
export const GUIDES_PAGE = 10;
/** What one might choose who knows that a page may have more. */
export const CHOSEN_PAGE = 50;

/** One statement for each message. Returns how many there were. */
export async function upsertEach(source: Source, query: Query, pageSize: number): Promise<number> {
  return overInboxes(source, pageSize, async (rows) => {
    for (const row of rows) {
      await query(
        `insert into baseline.messages (id, mailbox, subject, sender, received_at, body) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set subject = excluded.subject, sender = excluded.sender,
           received_at = excluded.received_at, body = excluded.body`,
        [row.id, row.mailbox, row.subject, row.sender, row.received_at, row.body],
      );
    }
  });
}

/** One statement for each page. */
export async function upsertPages(source: Source, query: Query, pageSize: number): Promise<number> {
  return overInboxes(source, pageSize, async (rows) => {
    for (let at = 0; at < rows.length; at += pageSize) {
      await query(
        `insert into baseline.messages (id, mailbox, subject, sender, received_at, body)
           select * from jsonb_to_recordset($1::jsonb)
           as r(id text, mailbox text, subject text, sender text, received_at timestamptz, body text)
         on conflict (id) do update set subject = excluded.subject, sender = excluded.sender,
           received_at = excluded.received_at, body = excluded.body`,
        [JSON.stringify(rows.slice(at, at + pageSize))],
      );
    }
  });
}

async function overInboxes(
  source: Source,
  pageSize: number,
  save: (rows: readonly Row[]) => Promise<void>,
): Promise<number> {
  const client = graphClient(source);
  let total = 0;
  for (const mailbox of source.mailboxes) {
    const rows: Row[] = [];
    const headers = { Prefer: `IdType="ImmutableId", odata.maxpagesize=${pageSize}` };
    const first = await client
      .api(`/users/${mailbox}/mailFolders/inbox/messages/delta`)
      .select('id,subject,from,receivedDateTime,body')
      .headers(headers)
      .get();
    // the iterator's callback cannot be awaited: what it hands out is saved after it
    const iterator = new PageIterator(client, first, (item) => rows.push(rowOf(mailbox, item)) > 0, {
      headers,
    });
    await iterator.iterate();
    await save(rows);
    total += rows.length;
  }
  return total;
}

function rowOf(mailbox: string, item: unknown): Row {
  const { id, subject, from, receivedDateTime, body } = Message.parse(item);
  return {
    id,
    mailbox,
    subject: subject ?? '',
    sender: from?.emailAddress.address ?? '',
    received_at: receivedDateTime,
    body: (body?.content ?? '').replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '),
  };
}

/** The library's own chain, but for its authentication: that one drops the token on http, which a sandbox speaks. */
function graphClient({ url, token }: Source): Client {
  const retry = new RetryHandler(new RetryHandlerOptions());
  const authenticate: Middleware & { next?: Middleware } = {
    setNext(next) {
      this.next = next;
    },
    async execute(context: Context) {
      const headers = new Headers(context.options?.headers);
      headers.set('Authorization', `Bearer ${token}`);
      context.options = { ...context.options, headers };
      // and it takes only https addresses for whole ones: a page's link on http has been put behind the base
      if (typeof context.request === 'string') {
        context.request = context.request.slice(context.request.lastIndexOf('http://'));
      }
      // a connection that was kept alive for too long is gone when it is used again: once more on another
      await this.next?.execute(context).catch(() => this.next?.execute(context));
    },
  };
  retry.setNext(authenticate);
  authenticate.setNext?.(new HTTPMessageHandler());
  return Client.initWithMiddleware({
    baseUrl: `${url}/`,
    middleware: retry,
    customHosts: new Set(['127.0.0.1']),
  });
}
