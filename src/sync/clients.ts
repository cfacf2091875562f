import type { Person, Touchpoint } from '../core/touchpoint.ts';
import type { ClientRow } from '../store/feeds.ts';
import type { ClientMatch } from '../store/pages.ts';

/** Which client a touchpoint is about: by the people's domains, then by names in its text. */

export interface ClientDirectory {
  readonly clients: readonly ClientRow[];
  readonly internalDomains: readonly string[];
  /** Domains that several clients share decide nothing alone, whoever they are listed under. */
  readonly sharedDomains: readonly string[];
}

export interface ClientResolver {
  match(touchpoint: Touchpoint): ClientMatch;
  /** The longest name or alias in a text that speaks for one client, in lower case; undefined when there is none. */
  named(text: string): string | undefined;
  /** True when nobody outside the team takes part. */
  isInternal(people: readonly Person[]): boolean;
  readonly anyKnown: boolean;
}

const NOBODY: ClientMatch = { client: null, method: null, confidence: null };
const AMBIGUOUS: ClientMatch = { client: null, method: 'ambiguous', confidence: null };

// How sure each kind of evidence makes us. Domain and name together are near certain; a name that occurs
// only in the body may be a passing mention.
const CONFIDENCE = { both: 0.99, domain: 0.95, disputed: 0.7, title: 0.85, body: 0.6 } as const;

export function clientResolver(directory: ClientDirectory): ClientResolver {
  const aliases = aliasFinder(directory.clients);
  const names = (text: string) => aliases(text)?.client;
  const owners = domainOwners(directory.clients);
  const isInternalDomain = (domain: string) =>
    suffixes(domain).some((tail) => directory.internalDomains.includes(tail));
  const isShared = (tail: string) =>
    directory.sharedDomains.includes(tail) || (owners.get(tail)?.size ?? 0) > 1;

  /** Clients that the people's domains speak for: certain ones, and those that share an ambiguous domain. */
  function byDomain(people: readonly Person[]): {
    readonly sure: Set<string>;
    readonly possible: Set<string>;
  } {
    const [sure, possible] = [new Set<string>(), new Set<string>()];
    for (const { address } of people) {
      const domain = address.slice(address.lastIndexOf('@') + 1);
      if (address === '' || isInternalDomain(domain)) continue;
      // the longest suffix on a label boundary decides: gha.net.au never matches notgha.net.au
      const tail = suffixes(domain).find((candidate) => owners.has(candidate));
      if (tail === undefined) continue;
      for (const id of owners.get(tail) ?? []) (isShared(tail) ? possible : sure).add(id);
    }
    return { sure, possible };
  }

  function match({ people, title, body }: Touchpoint): ClientMatch {
    const { sure, possible } = byDomain(people);
    const [only] = sure;
    if (sure.size === 1 && only !== undefined) return ofOneDomain(only, { title, body });
    const inTitle = names(title);
    const among = inTitle ?? (sure.size + possible.size > 0 ? names(body) : undefined);
    if (among !== undefined && (sure.has(among) || possible.has(among))) {
      return { client: among, method: 'domain+name', confidence: CONFIDENCE.both };
    }
    // people of several clients and no name that decides between them
    if (sure.size > 1) return AMBIGUOUS;
    if (inTitle !== undefined)
      return { client: inTitle, method: 'name in title', confidence: CONFIDENCE.title };
    return possible.size > 0 ? AMBIGUOUS : byBody(body);
  }

  /** People of one client only: its name makes it certain, another's in the title less so. */
  function ofOneDomain(client: string, { title, body }: Pick<Touchpoint, 'title' | 'body'>): ClientMatch {
    const inTitle = names(title);
    if ((inTitle ?? names(body)) === client)
      return { client, method: 'domain+name', confidence: CONFIDENCE.both };
    const confidence = inTitle === undefined ? CONFIDENCE.domain : CONFIDENCE.disputed;
    return { client, method: 'domain', confidence };
  }

  function byBody(body: string): ClientMatch {
    const client = names(body);
    return client === undefined ? NOBODY : { client, method: 'name in text', confidence: CONFIDENCE.body };
  }

  return {
    match,
    named: (text) => aliases(text)?.alias,
    isInternal: (people) =>
      people.every(
        ({ address }) => address === '' || isInternalDomain(address.slice(address.lastIndexOf('@') + 1)),
      ),
    anyKnown: directory.clients.length > 0,
  };
}

/** `a.b.c` -> `a.b.c`, `b.c`, `c`. */
export function suffixes(domain: string): string[] {
  const labels = domain.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

function domainOwners(clients: readonly ClientRow[]): Map<string, Set<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { id, domains } of clients) {
    for (const domain of domains) owners.set(domain, (owners.get(domain) ?? new Set()).add(id));
  }
  return owners;
}

interface Named {
  readonly client: string;
  readonly alias: string;
}

/**
 * Finds the client whose name or alias occurs in a text: on word boundaries, the longest wins
 * ("SA Health iPro" before "SA Health"), then the first. An alias that two clients have decides nothing.
 */
function aliasFinder(clients: readonly ClientRow[]): (text: string) => Named | undefined {
  const byAlias = new Map<string, string | null>();
  for (const { id, name, aliases } of clients) {
    for (const alias of [name, ...aliases].map(folded)) {
      const owner = byAlias.get(alias);
      byAlias.set(alias, owner === undefined || owner === id ? id : null);
    }
  }
  const longestFirst = [...byAlias.keys()]
    .filter((alias) => alias !== '')
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  if (longestFirst.length === 0) return () => undefined;
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${longestFirst.map(escaped).join('|')})(?![\\p{L}\\p{N}])`,
    'gu',
  );
  return (text) => {
    let best: string | undefined;
    for (const [found] of folded(text).matchAll(pattern)) {
      if (byAlias.get(found) && (best === undefined || found.length > best.length)) best = found;
    }
    const client = best === undefined ? undefined : byAlias.get(best);
    return best === undefined || client == null ? undefined : { client, alias: best };
  };
}

/** Case, accents, quotes and white space make no difference to a name. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[’‘]/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
