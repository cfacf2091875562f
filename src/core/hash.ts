import { createHash } from 'node:crypto';
import type { Touchpoint } from './touchpoint.ts';

/** First 32 hex digits of SHA-256: 128 bits, collision-free for any table this service will ever hold. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Hash of everything stored of a touchpoint: equal means there is nothing to write. */
export function contentHash(touchpoint: Touchpoint): string {
  const { title, body, people, occurredAt, endsAt, allDay, timeZone, details } = touchpoint;
  const persons = people.map(({ name, address, role }) => [name, address, role]);
  return shortHash(JSON.stringify([title, body, persons, occurredAt, endsAt, allDay, timeZone, Object.entries(details)]));
}

/** Hash of what the encoder reads: a moved meeting keeps it, so it is not tagged again. */
export function textHash(touchpoint: Pick<Touchpoint, 'kind' | 'title' | 'body'>): string {
  return shortHash(JSON.stringify([touchpoint.kind, touchpoint.title, touchpoint.body]));
}
