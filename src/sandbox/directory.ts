import { type Contact, NO_STORY, type Story } from './model.ts';
import { at, hash32 } from './random.ts';
import { type SandboxClient, sandboxClients } from './text/clients.ts';
import { CLIENT_ROLES, FAMILY_NAMES, GIVEN_NAMES, PRODUCTS, STAFF } from './text/people.ts';

export interface ClientContact extends Contact {
  readonly role: string;
}

/** A client with its people and the client success manager who looks after it. */
export interface Account extends SandboxClient {
  readonly contacts: readonly ClientContact[];
  /** Index into STAFF: one of the six client success managers. */
  readonly owner: number;
}

const CONTACTS_PER_CLIENT = 4;
const MANAGERS = 6;

export const ACCOUNTS: readonly Account[] = sandboxClients.map((client, index) => ({
  ...client,
  owner: index % MANAGERS,
  contacts: Array.from({ length: CONTACTS_PER_CLIENT }, (_, person) =>
    contactOf(client, index * CONTACTS_PER_CLIENT + person),
  ),
}));

function contactOf(client: SandboxClient, number: number): ClientContact {
  const given = at(GIVEN_NAMES, number);
  // 29 is coprime to the length of the list: no two contacts share a full name.
  const family = at(FAMILY_NAMES, number * 29 + Math.floor(number / GIVEN_NAMES.length));
  return {
    name: `${given} ${family}`,
    address: `${given}.${family}@${client.mailDomain}`.toLowerCase(),
    role: at(CLIENT_ROLES, number),
  };
}

/** The staff member's mailbox as sender or attendee. */
export function staffContact(index: number): Contact {
  const { name, address } = at(STAFF, index);
  return { name, address };
}

export function firstName(contact: Contact): string {
  return contact.name.split(' ')[0] ?? contact.name;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Fills a text's placeholders for one account; `salt` varies what is named, `when` (ms) says which month and quarter. */
export function fill(
  text: string,
  values: {
    readonly account: Account;
    readonly contact: Contact;
    readonly salt: number;
    readonly when: number;
  },
): string {
  const { account, contact, salt, when } = values;
  const month = new Date(when).getUTCMonth();
  const known: Readonly<Record<string, string>> = {
    client: account.name,
    short: at([...account.aliases, account.name], hash32('short', salt)),
    product: at(PRODUCTS, hash32('product', salt, account.name)),
    contact: firstName(contact),
    csm: firstName(staffContact(account.owner)),
    site: at(account.sites, hash32('site', salt)),
    month: at(MONTHS, month),
    quarter: `Q${Math.floor(month / 3) + 1}`,
  };
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => known[name] ?? whole);
}

/** The story of a client's item. */
export function storyOf(account: Account, intent: Story['intent']): Story {
  return { ...NO_STORY, client: account.name, intent };
}
