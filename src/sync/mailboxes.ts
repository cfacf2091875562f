import { reasonOf } from '../core/errors.ts';
import { isNoConsent, isNotFound } from '../graph/errors.ts';
import { findFolder } from '../graph/mail.ts';
import { listMailboxes as listGraphMailboxes } from '../graph/users.ts';
import {
  type FeedRow,
  listFeeds,
  listMailboxes,
  type MailboxRow,
  type NewFeed,
  putFeeds,
  setMailbox,
} from '../store/feeds.ts';
import type { Store } from '../store/store.ts';
import type { SyncDeps } from './feed.ts';
import type { Forgotten } from './redact.ts';

/** Which mailboxes there are and which feeds each has. Asked of Graph seldom: an idle pass is one request per feed. */

export interface MailboxSettings {
  /** Empty: every mailbox that the app may see. */
  readonly mailboxes: readonly string[];
  readonly calendar: { readonly enabled: boolean };
  readonly mail: { readonly enabled: boolean; readonly folders: readonly string[] };
  /** Knows the mailboxes that are not to be read again. */
  readonly forgotten?: Forgotten;
}

export interface Problem {
  /** Mailbox, or mailbox and feed. */
  readonly feed: string;
  readonly reason: string;
  /** Waiting may cure it; otherwise it is a state to be reported (no consent, blocked, gone). */
  readonly transient: boolean;
}

export interface Discovery {
  readonly feeds: readonly FeedRow[];
  readonly problems: readonly Problem[];
}

// New mailboxes and folders may wait this long; everything else about them comes by delta.
const LISTED_FOR_MS = 60 * 60 * 1000;

/** The feeds to walk, made known to the store where they are new. */
export async function discoverFeeds(deps: SyncDeps, settings: MailboxSettings): Promise<Discovery> {
  const problems: Problem[] = [];
  const known = await listMailboxes(deps.store);
  const addresses = (await mailboxAddresses(deps, settings, known)).filter(
    (address) => settings.forgotten?.has('mailbox', address) !== true,
  );
  const stored = await listFeeds(deps.store);
  const feeds: FeedRow[] = [];
  for (const address of addresses) {
    const mailbox = known.find((row) => row.address === address);
    const own = stored.filter((feed) => feed.mailbox === address);
    if (!isStale(deps, mailbox) && wanted(own, settings))
      feeds.push(...own.filter((feed) => isWanted(feed, settings)));
    else feeds.push(...(await listFeedsOf(deps, address, { settings, own, problems })));
  }
  return { feeds, problems };
}

/**
 * The known feeds that a notification or anything else has marked; asks Graph nothing. One whose last round failed waits
 * for the schedule: a stream of notifications must not become a stream of failures.
 */
export async function dirtyFeeds(store: Store, settings: MailboxSettings): Promise<FeedRow[]> {
  const feeds = await knownFeeds(store, settings);
  return feeds.filter((feed) => feed.dirty_at !== null && feed.last_error === null);
}

/** The feeds that the store knows and the settings want; asks Graph nothing and writes nothing. */
export async function knownFeeds(store: Store, settings: MailboxSettings): Promise<FeedRow[]> {
  const { mailboxes } = settings;
  const feeds = await listFeeds(store, mailboxes.length === 0 ? undefined : mailboxes);
  return feeds.filter((feed) => isWanted(feed, settings));
}

async function mailboxAddresses(deps: SyncDeps, settings: MailboxSettings, known: readonly MailboxRow[]) {
  if (settings.mailboxes.length > 0) return settings.mailboxes;
  if (known.length > 0 && known.every((mailbox) => !isStale(deps, mailbox)))
    return known.map(({ address }) => address);
  return (await listGraphMailboxes(deps.graph)).map(({ address }) => address);
}

function isStale({ clock }: SyncDeps, mailbox: MailboxRow | undefined): boolean {
  if (mailbox?.folders_listed_at == null) return true;
  return Math.abs(clock.now() - Date.parse(mailbox.folders_listed_at)) >= LISTED_FOR_MS;
}

function isWanted(feed: FeedRow, { calendar, mail }: MailboxSettings): boolean {
  return feed.kind === 'meeting' ? calendar.enabled : mail.enabled && mail.folders.includes(feed.name);
}

/** False when the settings ask for a calendar that is not there yet; folders may truly be missing. */
function wanted(own: readonly FeedRow[], { calendar }: MailboxSettings): boolean {
  return !calendar.enabled || own.some((feed) => feed.kind === 'meeting');
}

interface Listing {
  readonly settings: MailboxSettings;
  readonly own: readonly FeedRow[];
  readonly problems: Problem[];
}

/** Looks the mailbox's folders up; what cannot be looked up leaves the feeds that are known as they are. */
async function listFeedsOf(
  deps: SyncDeps,
  mailbox: string,
  { settings, own, problems }: Listing,
): Promise<FeedRow[]> {
  const feeds: NewFeed[] = [];
  if (settings.calendar.enabled) feeds.push({ kind: 'meeting', target: 'calendar', name: 'calendar' });
  let complete = true;
  for (const name of settings.mail.enabled ? settings.mail.folders : []) {
    try {
      const folder = await findFolder(deps.graph, { mailbox, folder: name });
      if (folder !== null) feeds.push({ kind: 'email', target: folder.id, name });
    } catch (error) {
      complete = false;
      const state = isNoConsent(error) || isNotFound(error);
      problems.push({ feed: `${mailbox} mail`, reason: reasonOf(error), transient: !state });
      feeds.push(...own.filter((feed) => feed.kind === 'email'));
      break;
    }
  }
  const rows = await putFeeds(
    deps.store,
    mailbox,
    feeds.map(({ kind, target, name }) => ({ kind, target, name })),
  );
  const listed = complete ? { foldersListedAt: new Date(deps.clock.now()).toISOString() } : {};
  await setMailbox(deps.store, { mailbox, state: 'active', ...listed });
  return rows.filter((feed) => isWanted(feed, settings));
}
