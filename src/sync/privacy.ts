import type { Person, Touchpoint } from '../core/touchpoint.ts';
import type { ClientMatch } from '../store/pages.ts';
import { type ClientResolver, suffixes } from './clients.ts';
import { type Forgotten, folded } from './redact.ts';

/** What is left out or redacted by rule, before anything else sees it: pure. */

/** `about_client`: only what a client's name is found in. */
export type InternalOnly = 'keep' | 'about_client' | 'drop';

export interface PrivacySettings {
  /** Lower-cased; domains hold for everything below them. */
  readonly exclude: { readonly addresses: readonly string[]; readonly domains: readonly string[] };
  readonly internalOnly: { readonly meetings: InternalOnly; readonly mail: InternalOnly };
  readonly dropUnmatchedMail: boolean;
  /** What happened before this instant is not read any more; null reads everything. */
  readonly notBefore: string | null;
  /** Our own people's domains, as configured. */
  readonly internalDomains: readonly string[];
}

export interface Privacy {
  readonly settings: PrivacySettings;
  /** Our own people's domains: those configured, and those of the mailboxes that are read. */
  readonly teamDomains: readonly string[];
  readonly forgotten: Forgotten;
  readonly clients: ClientResolver;
  /** `mailbox graph id` of what somebody does not want here. */
  readonly skips: ReadonlySet<string>;
  /** Of the lists of what was forgotten and skipped: the store refuses pages screened by older ones. */
  readonly version: number;
}

export type DropReason =
  | 'skipped by its owner'
  | 'excluded address'
  | 'excluded domain'
  | 'forgotten person'
  | 'forgotten client'
  | 'too old'
  | 'internal'
  | 'no client';

export type Verdict =
  | { readonly outcome: 'keep'; readonly touchpoint: Touchpoint }
  /** An earlier copy is wiped, not marked. */
  | { readonly outcome: 'drop'; readonly reason: DropReason };

export interface Copy {
  readonly mailbox: string;
  readonly graphId: string;
  /** Graph id of the series master: skipping it skips every occurrence. */
  readonly series: string | null;
  readonly touchpoint: Touchpoint;
}

/** @param match of the touchpoint as it came, before anybody is taken out of it */
export function screen(privacy: Privacy, copy: Copy, match: ClientMatch): Verdict {
  if (isSkipped(privacy, copy)) return drop('skipped by its owner');
  const reason = excluded(privacy.settings, copy.touchpoint.people);
  if (reason !== null) return drop(reason);
  const verdict = screenForgotten(privacy, copy.touchpoint, match);
  if (verdict.outcome === 'drop') return verdict;
  return byRelevance(privacy, copy.touchpoint, match) ?? verdict;
}

/** The same for what comes from no mailbox: nobody skips it, and that only our own people stand in it says nothing. */
export function screenRow(privacy: Privacy, touchpoint: Touchpoint, match: ClientMatch): Verdict {
  const reason = excluded(privacy.settings, touchpoint.people);
  if (reason !== null) return drop(reason);
  if (isTooOld(privacy.settings, touchpoint)) return drop('too old');
  return screenForgotten(privacy, touchpoint, match);
}

function drop(reason: DropReason): Verdict {
  return { outcome: 'drop', reason };
}

export function skipKey(mailbox: string, graphId: string): string {
  return `${mailbox} ${graphId}`;
}

function isSkipped({ skips }: Privacy, { mailbox, graphId, series }: Copy): boolean {
  return skips.has(skipKey(mailbox, graphId)) || (series !== null && skips.has(skipKey(mailbox, series)));
}

function excluded({ exclude }: PrivacySettings, people: readonly Person[]): DropReason | null {
  if (people.some(({ address }) => exclude.addresses.includes(address))) return 'excluded address';
  if (people.some((person) => isOf(exclude.domains, person))) return 'excluded domain';
  return null;
}

/** By label: `example.com` has `mail.example.com` below it, and not `notexample.com`. */
function isOf(domains: readonly string[], { address }: Person): boolean {
  return address !== '' && suffixes(domainOf(address)).some((tail) => domains.includes(tail));
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

function byRelevance(
  { settings, clients }: Privacy,
  touchpoint: Touchpoint,
  match: ClientMatch,
): Verdict | null {
  const { kind, people } = touchpoint;
  if (isTooOld(settings, touchpoint)) return drop('too old');
  const rule = kind === 'meeting' ? settings.internalOnly.meetings : settings.internalOnly.mail;
  // as long as no client is known, nothing can be told to be about none
  const chatter = rule === 'drop' || (rule === 'about_client' && clients.anyKnown && match.client === null);
  if (chatter && isInternal(settings, people)) return drop('internal');
  if (kind === 'email' && settings.dropUnmatchedMail && match.client === null) return drop('no client');
  return null;
}

function isTooOld({ notBefore }: PrivacySettings, { occurredAt }: Touchpoint): boolean {
  return notBefore !== null && occurredAt !== null && Date.parse(occurredAt) < Date.parse(notBefore);
}

/** Somebody must be known to be ours: an item that names nobody is nobody's chatter. */
function isInternal({ internalDomains }: PrivacySettings, people: readonly Person[]): boolean {
  const known = people.filter(({ address }) => address !== '');
  return known.length > 0 && known.every((person) => isOf(internalDomains, person));
}

/**
 * What remains of a touchpoint once those who were forgotten are out of it. It goes as a whole when it is a forgotten
 * client's, was written or called by a forgotten person, or has nobody else from outside the team; otherwise they leave
 * the list of people, and their address and full name leave the text, wherever they are mentioned. Applied to every
 * page and, when somebody is forgotten, to everything stored: so both always agree.
 */
export function screenForgotten(
  privacy: Pick<Privacy, 'forgotten' | 'clients' | 'teamDomains'>,
  touchpoint: Touchpoint,
  match: ClientMatch,
): Verdict {
  const { forgotten, teamDomains } = privacy;
  if (forgotten.isEmpty) return { outcome: 'keep', touchpoint };
  if (isOfForgottenClient(privacy, touchpoint, match)) return drop('forgotten client');
  const isGone = ({ address, name }: Person) =>
    address === '' ? forgotten.has('name', folded(name)) : forgotten.has('person', address);
  const gone = touchpoint.people.filter(isGone);
  const people = touchpoint.people.filter((person) => !isGone(person));
  const isOutside = (person: Person) => !isOf(teamDomains, person);
  const alone = gone.some(isOutside) && !people.some(isOutside);
  if (alone || gone.some(({ role }) => role === 'from' || role === 'organizer'))
    return drop('forgotten person');
  const redact = (text: string) => forgotten.redact(text);
  const details = Object.entries(touchpoint.details).map(
    ([key, value]) => [key, typeof value === 'string' ? redact(value) : value] as const,
  );
  const { title, body } = touchpoint;
  return {
    outcome: 'keep',
    touchpoint: {
      ...touchpoint,
      title: redact(title),
      body: redact(body),
      people,
      details: Object.fromEntries(details),
    },
  };
}

/** As `ClientResolver.match` decided it while the client was known: by domain, else by the longest name. */
function isOfForgottenClient(
  { forgotten, clients }: Pick<Privacy, 'forgotten' | 'clients'>,
  { people, title, body }: Touchpoint,
  { client, method }: ClientMatch,
): boolean {
  if (people.some(({ address }) => address !== '' && forgotten.hasDomain(domainOf(address)))) return true;
  const prevails = (text: string) =>
    (forgotten.clientNamed(text)?.length ?? 0) > (clients.named(text)?.length ?? 0);
  if (method !== 'domain' && prevails(title)) return true;
  const openInText = method === 'name in text' || (client === null && method !== 'ambiguous');
  return openInText && prevails(body);
}
