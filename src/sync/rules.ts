import type { Config } from '../core/config.ts';
import { shortHash } from '../core/hash.ts';
import { listMailboxes, putClients } from '../store/feeds.ts';
import { readPrivacy } from '../store/privacy.ts';
import type { Store } from '../store/store.ts';
import { clientResolver } from './clients.ts';
import type { PageRules } from './page.ts';
import { skipKey } from './privacy.ts';
import { Forgotten, folded } from './redact.ts';

/** The rules of a pass, from the configuration and from what the store says was forgotten or skipped. */

type RuleSettings = Pick<
  Config,
  'clients' | 'internal_domains' | 'shared_domains' | 'mail' | 'privacy' | 'retention' | 'mailboxes'
>;

/** Reads the lists and makes the configured clients known, those that were forgotten excepted. `now` in milliseconds. */
export async function pageRules(store: Store, config: RuleSettings, now: number): Promise<PageRules> {
  const lists = await readPrivacy(store);
  const forgotten = new Forgotten(lists.forgotten);
  const wanted = config.clients.filter((client) => !isForgottenClient(forgotten, client));
  const clients = clientResolver({
    clients: await putClients(store, 'configuration', wanted),
    internalDomains: config.internal_domains,
    sharedDomains: config.shared_domains,
  });
  const { without_client } = config.mail;
  const { days } = config.retention;
  return {
    clients,
    privacy: {
      settings: {
        exclude: config.privacy.exclude,
        internalOnly: config.privacy.internal_only,
        dropUnmatchedMail: without_client === 'drop' || (without_client === 'auto' && clients.anyKnown),
        notBefore: days === null ? null : daysBefore(now, days),
        internalDomains: config.internal_domains,
      },
      teamDomains: await teamDomains(store, config),
      forgotten,
      clients,
      skips: new Set(lists.skips.map(({ mailbox, graph_id }) => skipKey(mailbox, graph_id))),
      version: lists.version,
    },
  };
}

export function isForgottenClient(
  forgotten: Forgotten,
  { name, aliases }: { readonly name: string; readonly aliases: readonly string[] },
): boolean {
  return [name, ...aliases].some((alias) => forgotten.has('client', folded(alias)));
}

export async function teamDomains(
  store: Store,
  { internal_domains, mailboxes }: Pick<Config, 'internal_domains' | 'mailboxes'>,
): Promise<string[]> {
  const read = [...mailboxes, ...(await listMailboxes(store)).map(({ address }) => address)];
  return [
    ...new Set([...internal_domains, ...read.map((address) => address.slice(address.lastIndexOf('@') + 1))]),
  ];
}

/** Changes with every setting that decides what of a stored item may stay. */
export function screeningHash({
  privacy,
  internal_domains,
}: Pick<Config, 'privacy' | 'internal_domains'>): string {
  return shortHash(JSON.stringify([privacy.exclude, privacy.internal_only, internal_domains]));
}

/** The instant `days` whole days before `now` (milliseconds). */
export function daysBefore(now: number, days: number): string {
  return new Date(now - days * 86_400_000).toISOString();
}
