import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/errors.ts';
import { contentHash, sha256 } from '../core/hash.ts';
import { type ClientRow, putClients } from '../store/feeds.ts';
import {
  type Erased,
  type Erasure,
  erase,
  type Hashed,
  namesOf,
  type Redaction,
  readContents,
  readPrivacy,
  remember,
} from '../store/privacy.ts';
import { type Store, StoreConflict } from '../store/store.ts';
import { clientResolver } from './clients.ts';
import { forgetFeedback } from './forget-feedback.ts';
import { screenForgotten } from './privacy.ts';
import { Forgotten, folded, wordCount } from './redact.ts';
import { type pageRules, teamDomains } from './rules.ts';

/** Erases a person, a mailbox or a client, and keeps them from coming back. */

export const FORGETTABLE = ['person', 'mailbox', 'client'] as const;

export interface ForgetTarget {
  readonly kind: (typeof FORGETTABLE)[number];
  /** An address, or a client's name or alias. */
  readonly value: string;
}

export interface ForgetOptions {
  /** Only says what would be erased. */
  readonly dryRun: boolean;
  /** Called now and then with the number of touchpoints looked at. */
  readonly onProgress?: (seen: number) => void;
}

export type ForgetReport = {
  readonly kind: ForgetTarget['kind'];
  readonly dry_run: boolean;
  /** Words of feedback that lost who said them or their comment. */
  readonly comments: number;
} & Erased;

export interface ForgetDeps {
  readonly store: Store;
  readonly clock: Clock;
}

type ForgetConfig = Parameters<typeof pageRules>[1];

// A touchpoint that a sync changes between being read and being erased makes it all be read again.
const ATTEMPTS = 5;

/**
 * First the hashes are remembered, so that from then on no page brings anything back; then everything stored is looked
 * at by the rule that pages are screened by, and what it drops or redacts is erased in one transaction. Interrupted in
 * between, the same command finishes the work.
 * @throws {ConfigError} for a value that is no address, or a client that nobody knows
 */
export async function forget(
  deps: ForgetDeps,
  config: ForgetConfig,
  target: ForgetTarget & ForgetOptions,
): Promise<ForgetReport> {
  const subject = await subjectOf(deps, config, target);
  const now = new Date(deps.clock.now()).toISOString();
  if (!target.dryRun) await remember(deps.store, now, subject.hashes);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const found =
        target.kind === 'mailbox' ? NOTHING : await findContents(deps, config, { ...target, ...subject });
      const erased = await erase(deps.store, { now, dryRun: target.dryRun, ...found, ...subject.erasure });
      const lists = await readPrivacy(deps.store);
      const forgotten = new Forgotten([...lists.forgotten, ...subject.hashes]);
      const comments = await forgetFeedback(deps.store, forgotten, target.dryRun);
      return { kind: target.kind, dry_run: target.dryRun, ...erased, comments };
    } catch (error) {
      if (!(error instanceof StoreConflict) || attempt === ATTEMPTS) throw error;
    }
  }
}

interface Found {
  readonly erase: readonly string[];
  readonly redact: readonly Redaction[];
}

const NOTHING: Found = { erase: [], redact: [] };

interface Subject {
  readonly hashes: readonly Hashed[];
  /** What the store finds by itself. */
  readonly erasure: Pick<Erasure, 'mailbox' | 'client' | 'address'>;
}

async function subjectOf(
  { store }: ForgetDeps,
  config: ForgetConfig,
  { kind, value }: ForgetTarget,
): Promise<Subject> {
  if (kind === 'client') return clientSubject(store, config, value);
  const address = value.trim().toLowerCase();
  if (!/^[^\s@,]+@[^\s@,]+$/.test(address)) {
    throw new ConfigError(
      `--${kind}: got ${JSON.stringify(value)}, wants an address such as anna@example.com`,
    );
  }
  if (kind === 'mailbox') {
    return { hashes: [{ kind, hash: sha256(address), words: null }], erasure: { mailbox: address, address } };
  }
  const names = new Set((await namesOf(store, address)).map(folded));
  // a single word ("Support", "Anna") is nobody's name alone
  const full = [...names].filter((name) => wordCount(name) > 1);
  const hashes = full.map((name): Hashed => ({ kind: 'name', hash: sha256(name), words: wordCount(name) }));
  return { hashes: [{ kind, hash: sha256(address), words: null }, ...hashes], erasure: { address } };
}

/** A client's own names and domains: what several clients share would take the others with it. */
async function clientSubject(store: Store, config: ForgetConfig, value: string): Promise<Subject> {
  const known = await putClients(store, 'configuration', []);
  const isMeant = ({ name, aliases }: Pick<ClientRow, 'name' | 'aliases'>) =>
    [name, ...aliases].some((alias) => folded(alias) === folded(value));
  const stored = known.find(isMeant);
  const configured = config.clients.find(isMeant);
  const lists = await readPrivacy(store);
  if (
    stored === undefined &&
    configured === undefined &&
    !new Forgotten(lists.forgotten).has('client', folded(value))
  ) {
    throw new ConfigError(`--client: there is no client ${JSON.stringify(value)}`);
  }
  const meant = [stored, configured].filter((client) => client !== undefined);
  const others = [...known, ...config.clients].filter(({ name }) =>
    meant.every((client) => client.name !== name),
  );
  const foreignNames = new Set(others.flatMap(({ name, aliases }) => [name, ...aliases].map(folded)));
  const foreignDomains = new Set([...config.shared_domains, ...others.flatMap(({ domains }) => domains)]);
  const names = new Set(meant.flatMap(({ name, aliases }) => [name, ...aliases].map(folded)));
  const domains = new Set(meant.flatMap((client) => client.domains));
  return {
    hashes: [
      ...[...names]
        .filter((name) => name !== '' && !foreignNames.has(name))
        .map((name): Hashed => ({ kind: 'client', hash: sha256(name), words: wordCount(name) })),
      ...[...domains]
        .filter((domain) => !foreignDomains.has(domain))
        .map((domain): Hashed => ({ kind: 'domain', hash: sha256(domain), words: null })),
    ],
    erasure: stored === undefined ? {} : { client: stored.id },
  };
}

/** Everything stored, by the rule that future pages are screened by, with the hashes that are to be remembered. */
async function findContents(
  { store }: ForgetDeps,
  config: ForgetConfig,
  { hashes, erasure, onProgress }: Subject & ForgetOptions,
): Promise<Found> {
  const screening = await screeningWith(store, config, { hashes, ...erasure });
  const found = { erase: [] as string[], redact: [] as Redaction[] };
  let seen = 0;
  for await (const { id, contentHash: was, client, method, touchpoint } of readContents(store)) {
    seen += 1;
    if (seen % 500 === 0) onProgress?.(seen);
    if (client !== null && client === erasure.client) continue;
    const verdict = screenForgotten(screening, touchpoint, { client, method, confidence: null });
    if (verdict.outcome === 'drop') found.erase.push(id);
    else if (contentHash(verdict.touchpoint) !== contentHash(touchpoint)) {
      found.redact.push({ id, was, touchpoint: verdict.touchpoint });
    }
  }
  onProgress?.(seen);
  return found;
}

type Screening = Parameters<typeof screenForgotten>[0];

async function screeningWith(
  store: Store,
  config: ForgetConfig,
  { hashes, client }: { readonly hashes: readonly Hashed[]; readonly client?: string },
): Promise<Screening> {
  const lists = await readPrivacy(store);
  const known = await putClients(store, 'configuration', []);
  const clients = clientResolver({
    clients: known.filter(({ id }) => id !== client),
    internalDomains: config.internal_domains,
    sharedDomains: config.shared_domains,
  });
  const team = await teamDomains(store, config);
  return { forgotten: new Forgotten([...lists.forgotten, ...hashes]), clients, teamDomains: team };
}
