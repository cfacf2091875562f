import { storable } from '../core/text.ts';
import type { Touchpoint } from '../core/touchpoint.ts';
import type { DashboardClient, DashboardDirectory } from '../store/dashboard.ts';
import type { ClientMatch } from '../store/pages.ts';
import type { ClientResolver } from './clients.ts';
import { textOf } from './dashboard-values.ts';
import { type Forgotten, folded } from './redact.ts';
import { isForgottenClient } from './rules.ts';

/** The dashboard's clients, and which of them a row is about: pure. */

/** What a row says of its client, as it stands there. */
export interface GivenClient {
  readonly uuid?: unknown;
  readonly name?: unknown;
}

export interface Directory {
  readonly clients: readonly DashboardClient[];
  /** Ids of those we were asked to forget. */
  readonly forgotten: ReadonlySet<string>;
}

/** Clients with their active aliases and their domains; those that were forgotten apart. */
export function directoryOf(rows: DashboardDirectory, lists: Forgotten): Directory {
  const clients = (rows.clients ?? []).flatMap((row) => {
    const [id, name] = [uuidOf(row['id']), nameOf(row['canonical_name'])];
    if (id === null || name === '') return [];
    const owned = (other: Readonly<Record<string, unknown>>) =>
      other['is_active'] !== false &&
      ([other['client_id'], other['client_uuid']].some((link) => uuidOf(link) === id) ||
        [other['canonical_name'], other['client_name']].some(
          (given) => folded(nameOf(given)) === folded(name),
        ));
    const aliases = [row, ...(rows.aliases ?? []).filter(owned)].map((alias) =>
      nameOf(alias['display_name']),
    );
    const domains = (rows.domains ?? []).filter(owned).map(({ domain }) => domainOf(domain));
    return [
      {
        id,
        name,
        aliases: distinct(aliases.filter((alias) => alias.length > 1 && alias !== name)),
        domains: distinct(domains.filter((domain) => domain !== '')),
      },
    ];
  });
  const forgotten = clients.filter((client) => isForgottenClient(lists, client));
  return {
    clients: clients.filter((client) => !forgotten.includes(client)),
    forgotten: new Set(forgotten.map(({ id }) => id)),
  };
}

const NOBODY: ClientMatch = { client: null, method: null, confidence: null };
const AMBIGUOUS: ClientMatch = { client: null, method: 'ambiguous', confidence: null };

// A name is somebody's entry, but the longest alias in it may be a part of another organisation's name.
const BY_NAME = 0.9;

export interface ClientRules {
  readonly clients: ClientResolver;
  /** Our client's id by the dashboard's. */
  readonly links: Readonly<Record<string, string>>;
}

/**
 * By the row's client_uuid; else by the client that it names, where several names joined by commas must all mean the same
 * one; else, where it names none, by the longest name or alias in its text.
 */
export function matchRow(
  { clients, links }: ClientRules,
  touchpoint: Touchpoint,
  given: GivenClient,
): ClientMatch {
  const uuid = uuidOf(given.uuid);
  const linked = uuid === null ? undefined : links[uuid];
  if (linked !== undefined) return { client: linked, method: 'given', confidence: 1 };
  const name = nameOf(given.name);
  if (name === '') return clients.match({ ...touchpoint, people: [] });
  const clientIn = (text: string) =>
    clients.match({ ...touchpoint, people: [], title: text, body: '' }).client;
  // a comma may belong to the name
  const whole = clients.named(name) === name.toLowerCase();
  const found = new Set(whole ? [clientIn(name)] : namesIn(name).map(clientIn));
  const [only = null] = found;
  if (found.size > 1) return AMBIGUOUS;
  return only === null ? NOBODY : { client: only, method: 'given name', confidence: BY_NAME };
}

/** True when a row is about a client that was forgotten, by its id or by a name that stands in its client column. */
export function isForgottenRow(
  { forgotten, lists }: { readonly forgotten: ReadonlySet<string>; readonly lists: Forgotten },
  given: GivenClient,
): boolean {
  const [uuid, name] = [uuidOf(given.uuid), nameOf(given.name)];
  if (uuid !== null && forgotten.has(uuid)) return true;
  return [name, ...namesIn(name)].some((part) => part !== '' && lists.has('client', folded(part)));
}

function namesIn(name: string): string[] {
  return name
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function nameOf(value: unknown): string {
  return storable(textOf(value)).replace(/\s+/g, ' ').trim().slice(0, 300).toWellFormed();
}

function uuidOf(value: unknown): string | null {
  const text = textOf(value).trim().toLowerCase();
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : null;
}

function domainOf(value: unknown): string {
  const domain = textOf(value).trim().toLowerCase().replace(/^@/, '');
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain) && domain.length <= 255 ? domain : '';
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
