import type { Config } from '../../src/core/config.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { ANCHOR, testConfig } from './sync.ts';

/** A sandbox whose two mailboxes are empty until a test puts something in: passes take milliseconds. */

export const DAY = 86_400_000;
export const HOUR = 3_600_000;

export const anna = { name: 'Anna Berg', address: 'anna@team.example' };
export const bruno = { name: 'Bruno Falk', address: 'bruno@team.example' };
export const jane = { name: "Jane O'Dell", address: 'jane.odell@acme.example' };
export const kim = { name: 'Kim Ito', address: 'kim@acme.example' };
export const lars = { name: 'Lars Holm', address: 'lars@beta.example' };

export const clients = [
  { name: 'Acme Hospital', aliases: ['Acme'], domains: ['acme.example'] },
  { name: 'Beta Clinic', aliases: ['Beta'], domains: ['beta.example'] },
];

export interface SmallTenant {
  readonly sandbox: Sandbox;
  config: Config;
}

export async function smallTenant(rest: Partial<Config> = {}): Promise<SmallTenant> {
  const sandbox = await startSandbox({ anchor: ANCHOR, scale: 0 });
  for (const person of [anna, bruno]) {
    sandbox.tenant.addMailbox({ ...person, title: 'Manager', city: 'Perth', zone: 'Australia/Perth' });
  }
  const mailboxes = [anna.address, bruno.address];
  return {
    sandbox,
    config: await testConfig({ mailboxes, clients, internal_domains: ['team.example'], ...rest }),
  };
}

type Contact = typeof anna;

/** An hour's meeting `days` from the anchor; the first of the people calls it. Returns its uid. */
export function meet(
  { tenant }: Sandbox,
  title: string,
  people: readonly Contact[],
  rest: { readonly days?: number; readonly text?: string } = {},
): string {
  const [organizer = anna, ...others] = people;
  const start = ANCHOR + (rest.days ?? 1) * DAY;
  const attendees = others.map((person) => ({ ...person, type: 'required' as const }));
  const { text = '' } = rest;
  return tenant.createMeeting({ title, text, start, end: start + HOUR, organizer, attendees }).uid;
}

/** A mail sent `days` from the anchor (so mostly negative); the first of the people wrote it. Returns its message id. */
export function write(
  { tenant }: Sandbox,
  subject: string,
  people: readonly Contact[],
  rest: { readonly days?: number; readonly html?: string } = {},
): string {
  const [from = anna, ...to] = people;
  const sentAt = ANCHOR + (rest.days ?? -1) * DAY;
  return tenant.createMail({ subject, html: rest.html ?? '<p>Hello</p>', from, to, sentAt })
    .internetMessageId;
}
