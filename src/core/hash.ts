import { createHash } from 'node:crypto';
import type { Touchpoint } from './touchpoint.ts';

/** First 32 hex digits of SHA-256: 128 bits, collision-free for any table this service will ever hold. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** SHA-256 in hex, whole: for what must be recognised again but not kept in clear. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Hash of everything stored of a touchpoint: equal means there is nothing to write. A row read back has the same. */
export function contentHash(touchpoint: Touchpoint): string {
  const { title, body, people, occurredAt, endsAt, allDay, timeZone, details } = touchpoint;
  const persons = people.map(({ name, address, role }) => [name, address, role]);
  // a mail's copies arrive seconds apart in each mailbox: whichever is stored, the mail is the same
  const when = touchpoint.kind === 'email' && 'thread' in details ? null : occurredAt;
  // jsonb keeps no order of keys
  const facts = Object.entries(details).sort(([a], [b]) => (a < b ? -1 : 1));
  return shortHash(JSON.stringify([title, body, persons, when, endsAt, allDay, timeZone, facts]));
}

/** Hash of what the encoder reads: a moved meeting keeps it, so it is not tagged again. */
export function textHash(touchpoint: Pick<Touchpoint, 'kind' | 'title' | 'body'>): string {
  return shortHash(JSON.stringify([touchpoint.kind, touchpoint.title, touchpoint.body]));
}
