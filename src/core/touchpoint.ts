/** What a touchpoint is: the one shape that every room shares. */

/** Where a touchpoint came from and what it is: one table, one vector index, one set of tags for all of them. */
export const KINDS = ['meeting', 'email', 'action', 'nps', 'topic', 'knowledge', 'risk'] as const;
export type Kind = (typeof KINDS)[number];

export type Role = 'organizer' | 'required' | 'optional' | 'resource' | 'from' | 'to' | 'cc' | 'bcc';

export interface Person {
  /** Display name; empty when the source gave none. */
  readonly name: string;
  /** Lower-cased SMTP address; empty when the source gave none. */
  readonly address: string;
  readonly role: Role;
}

/**
 * Anything said to or about a client.
 * Text is well-formed Unicode without NULs; instants are UTC ISO 8601 with milliseconds (`2026-03-01T22:00:00.000Z`).
 */
export interface Touchpoint {
  readonly kind: Kind;
  /** Unique with `kind`, the same for every copy: iCalUId (+ occurrence start), internetMessageId, or an imported id. */
  readonly sourceKey: string;
  readonly title: string;
  /** Cleaned plain text; empty when nothing but boilerplate was there. */
  readonly body: string;
  readonly people: readonly Person[];
  /** Start of the meeting, receipt of the mail; for all-day meetings midnight UTC of the (floating) first day. */
  readonly occurredAt: string | null;
  readonly endsAt: string | null;
  readonly allDay: boolean;
  /** IANA zone the organiser thought in; `UTC` when unknown. */
  readonly timeZone: string;
  /** What only some kinds have: join link, status, thread, direction. Plain JSON, keys in fixed order. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}
