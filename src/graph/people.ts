import { clip, storable } from '../core/text.ts';
import type { Person, Role } from '../core/touchpoint.ts';
import type { Recipient } from './schemas.ts';

/** Who took part. */

type MaybeRecipient = Recipient | null | undefined;

// RFC 5321 4.5.3.1 allows 254 characters for an address; names come from address books
const NAME_LIMIT = 300;

/** Lower-cased SMTP address; empty for Exchange's internal `/o=.../cn=...` names and for none. */
export function addressOf(recipient: MaybeRecipient): string {
  const address = storable(recipient?.emailAddress?.address ?? '')
    .trim()
    .toLowerCase();
  return address.includes('@') ? clip(address, NAME_LIMIT) : '';
}

/** Null when there is neither a name nor an address. */
export function person(recipient: MaybeRecipient, role: Role): Person | null {
  const address = addressOf(recipient);
  const given = storable(recipient?.emailAddress?.name ?? '')
    .replace(/\s+/g, ' ')
    .trim();
  const name = given.toLowerCase() === address ? '' : clip(given, NAME_LIMIT);
  return name === '' && address === '' ? null : { name, address, role };
}

/** Organizer first, then attendees by address: mailboxes list them in different orders. */
export function meetingPeople(organizer: MaybeRecipient, attendees: readonly MaybeRecipient[]): Person[] {
  const invited = attendees.map((attendee) => person(attendee, attendeeRole(attendee)));
  return distinct([person(organizer, 'organizer'), ...sorted(invited)]);
}

/** From, then to, then cc, each by address. Who got a blind copy is nobody else's business. */
export function mailPeople(
  from: MaybeRecipient,
  to: readonly MaybeRecipient[],
  cc: readonly MaybeRecipient[],
): Person[] {
  const addressed = to.map((recipient) => person(recipient, 'to'));
  const copied = cc.map((recipient) => person(recipient, 'cc'));
  return distinct([person(from, 'from'), ...sorted(addressed), ...sorted(copied)]);
}

function attendeeRole(attendee: MaybeRecipient): Role {
  const type = attendee?.type;
  return type === 'optional' || type === 'resource' ? type : 'required';
}

function sorted(people: readonly (Person | null)[]): Person[] {
  const key = ({ address, name }: Person) => `${address}\n${name}`;
  return people
    .filter((entry) => entry !== null)
    .sort((a, b) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
}

function distinct(people: readonly (Person | null)[]): Person[] {
  const seen = new Map<string, Person>();
  for (const entry of people) {
    if (entry === null) continue;
    const key = entry.address || `name:${entry.name}`;
    if (!seen.has(key)) seen.set(key, entry);
  }
  return [...seen.values()];
}
