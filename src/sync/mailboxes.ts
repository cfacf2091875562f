import { ConfigError } from '../core/errors.ts';
import { graphErrorOf, isNoConsent } from '../graph/errors.ts';
import { listMailboxes as listGraphMailboxes } from '../graph/users.ts';
import {
  type FeedKind,
  type FeedRow,
  listFeeds,
  listMailboxes,
  type MailboxRow,
  type NewFeed,
  putFeeds,
  setMailbox,
} from '../store/feeds.ts';
import { type Store, StoreConflict } from '../store/store.ts';
import type { SyncDeps } from './feed.ts';
import { lookUpFolders } from './folders.ts';
import { type Problem, problemOf } from './problem.ts';
import type { Forgotten } from './redact.ts';
import { several } from './several.ts';
import { isHeld, isPausing, isTroubled, isUnanswered, type Outcome, refusalOf } from './states.ts';

/** Which mailboxes there are and which feeds each has. Asked of Graph seldom: an idle pass is one request per feed. */

export interface FeedChoice {
  /** Empty: those of the group, or every mailbox that the app may see. */
  readonly mailboxes: readonly string[];
  readonly calendar: { readonly enabled: boolean };
  readonly mail: { readonly enabled: boolean; readonly folders: readonly string[] };
}

export interface MailboxSettings extends FeedChoice {
  readonly mailbox_group: string | null;
  readonly graph: { readonly concurrency: number };
  /** Knows the mailboxes that are not to be read again. */
  readonly forgotten?: Forgotten;
  /** Somebody asks for it: what was refused a moment ago is asked again at once. */
  readonly urgent?: boolean;
}

export interface Discovery {
  readonly feeds: readonly FeedRow[];
  readonly problems: readonly Problem[];
  /** Every mailbox that the store knows, as it stood before. */
  readonly known: readonly MailboxRow[];
  /** The mailboxes that are wanted, those that are left alone for now included. */
  readonly addresses: readonly string[];
  /** What looking for folders has shown. */
  readonly outcomes: ReadonlyMap<string, readonly Outcome[]>;
}

// New mailboxes and folders may wait this long; everything else about them comes by delta.
const LISTED_FOR_MS = 60 * 60 * 1000;

/** The feeds to walk, made known to the store where they are new; without those that are refused or left alone for now. */
export async function discoverFeeds(deps: SyncDeps, settings: MailboxSettings): Promise<Discovery> {
  const problems: Problem[] = [];
  const known = await listMailboxes(deps.store);
  const addresses = (await mailboxAddresses(deps, settings, { known, problems })).filter(
    (address) => settings.forgotten?.has('mailbox', address) !== true,
  );
  const stored = await listFeeds(deps.store);
  const outcomes = new Map<string, Outcome[]>();
  const found = await several(addresses, settings.graph.concurrency, async (address) => {
    const mailbox = known.find((row) => row.address === address);
    const own = stored.filter((feed) => feed.mailbox === address);
    const look: Look = { settings, mailbox, own, problems, outcomes: [] };
    outcomes.set(address, look.outcomes);
    try {
      return await feedsOf(deps, address, look);
    } catch (error) {
      // forgotten while it was looked at
      if (error instanceof StoreConflict) return [];
      throw error;
    }
  });
  return { feeds: found.flat(), problems, known, addresses, outcomes };
}

/**
 * The known feeds that a notification or anything else has marked; asks Graph nothing. One whose last round failed waits
 * for the schedule: a stream of notifications must not become a stream of failures.
 */
export async function dirtyFeeds(store: Store, settings: FeedChoice): Promise<FeedRow[]> {
  const feeds = await knownFeeds(store, settings);
  return feeds.filter((feed) => feed.dirty_at !== null && feed.last_error === null);
}

/** The feeds that the store knows and the settings want; asks Graph nothing and writes nothing. */
export async function knownFeeds(store: Store, settings: FeedChoice): Promise<FeedRow[]> {
  const { mailboxes } = settings;
  const feeds = await listFeeds(store, mailboxes.length === 0 ? undefined : mailboxes);
  const wanted = feeds.filter((feed) => isWanted(feed, settings));
  if (mailboxes.length > 0) return wanted;
  const left = (await listMailboxes(store)).filter(({ state }) => state === 'left');
  return wanted.filter(({ mailbox }) => !left.some(({ address }) => address === mailbox));
}

interface Listed {
  readonly known: readonly MailboxRow[];
  readonly problems: Problem[];
}

/** @throws {ConfigError} when nothing is known yet and the app may not list mailboxes */
async function mailboxAddresses(
  deps: SyncDeps,
  settings: MailboxSettings,
  { known, problems }: Listed,
): Promise<readonly string[]> {
  if (settings.mailboxes.length > 0) return settings.mailboxes;
  const now = deps.clock.now();
  const present = known.filter(({ state }) => state !== 'left');
  const addresses = present.map(({ address }) => address);
  if (present.length > 0 && present.every((mailbox) => !isStale(deps, mailbox) || isWaiting(mailbox, now)))
    return addresses;
  try {
    const listed = (await listGraphMailboxes(deps.graph, groupOf(settings))).map(({ address }) => address);
    await markLeft(deps, known, listed);
    return listed;
  } catch (error) {
    if (graphErrorOf(error) === null) throw error;
    if (addresses.length === 0) throw isNoConsent(error) ? notListed(settings, error) : error;
    problems.push({ ...problemOf('list of mailboxes', error), state: null });
    return addresses;
  }
}

function groupOf({ mailbox_group }: MailboxSettings): { group?: string } {
  return mailbox_group === null ? {} : { group: mailbox_group };
}

function notListed({ mailbox_group }: MailboxSettings, cause: unknown): ConfigError {
  const [what, permission] =
    mailbox_group === null ? ['the users', 'User.Read.All'] : ['the group', 'GroupMember.Read.All'];
  return new ConfigError(
    `mailboxes: ${what} cannot be listed; grant ${permission}, or name the mailboxes (TOUCHPOINT_MAILBOXES)`,
    { cause },
  );
}

/** Who left the group, or the organisation, is not read any more; what was read stays. */
async function markLeft(
  { store, clock, log }: SyncDeps,
  known: readonly MailboxRow[],
  listed: readonly string[],
): Promise<void> {
  const now = new Date(clock.now()).toISOString();
  for (const { address: mailbox, state } of known) {
    if (state === 'left' || listed.includes(mailbox)) continue;
    log.warn({ mailbox }, 'mailbox is not listed any more');
    const left = { mailbox, state: 'left', refusals: [], failures: 0, now } as const;
    await setMailbox(store, left).catch((error: unknown) => {
      // forgotten meanwhile: nothing is to be remembered of it
      if (!(error instanceof StoreConflict)) throw error;
    });
  }
}

function isWaiting(mailbox: MailboxRow, now: number): boolean {
  return isPausing(mailbox, now) || mailbox.refusals.some(({ kind }) => isHeld(mailbox, kind, now));
}

function isStale({ clock }: SyncDeps, mailbox: MailboxRow | undefined): boolean {
  if (mailbox?.folders_listed_at == null) return true;
  return Math.abs(clock.now() - Date.parse(mailbox.folders_listed_at)) >= LISTED_FOR_MS;
}

function isWanted(feed: FeedRow, { calendar, mail }: FeedChoice): boolean {
  return feed.kind === 'meeting' ? calendar.enabled : mail.enabled && mail.folders.includes(feed.name);
}

/** False when the settings ask for a calendar that is not there yet; folders may truly be missing. */
function wanted(own: readonly FeedRow[], { calendar }: MailboxSettings): boolean {
  return !calendar.enabled || own.some((feed) => feed.kind === 'meeting');
}

interface Look {
  readonly settings: MailboxSettings;
  readonly mailbox: MailboxRow | undefined;
  /** Feeds of the mailbox that are stored. */
  readonly own: readonly FeedRow[];
  readonly problems: Problem[];
  readonly outcomes: Outcome[];
}

/** The mailbox's feeds that are due, after looking its folders up when that was long ago. */
async function feedsOf(deps: SyncDeps, address: string, look: Look): Promise<readonly FeedRow[]> {
  const { settings, mailbox, own, outcomes } = look;
  const now = deps.clock.now();
  const urgent = settings.urgent === true;
  const held = (kind: FeedKind) => !urgent && isHeld(mailbox, kind, now);
  const pausing = !urgent && isPausing(mailbox, now);
  const listing = isStale(deps, mailbox) && !pausing && !held('email');
  const feeds =
    listing || (!wanted(own, settings) && !pausing && !held('meeting'))
      ? await listFeedsOf(deps, address, { ...look, listing })
      : own.filter((feed) => isWanted(feed, settings));
  const failed = outcomes.find(({ error }) => error !== null)?.error;
  const refusal = refusalOf(failed);
  // there is no mailbox: the calendar would say so too
  if (refusal !== null && refusal !== 'no consent') return [];
  return feeds.filter((feed) => {
    if (held(feed.kind) || (pausing && isTroubled(feed))) return false;
    if (feed.kind === 'meeting') return true;
    // the folders were refused, or asked for in vain: so would be what is in them
    return refusal === null && !(isUnanswered(failed) && isTroubled(feed));
  });
}

/** Looks the mailbox's folders up; what cannot be looked up leaves the feeds that are known as they are. */
async function listFeedsOf(
  deps: SyncDeps,
  mailbox: string,
  { settings, own, problems, outcomes, listing }: Look & { readonly listing: boolean },
): Promise<readonly FeedRow[]> {
  const names = settings.mail.enabled && listing ? settings.mail.folders : [];
  const { feeds: folders, error } = await lookUpFolders(deps, { mailbox, names, own });
  const calendar = { kind: 'meeting', target: 'calendar', name: 'calendar' } as const;
  const feeds: NewFeed[] = settings.calendar.enabled ? [calendar, ...folders] : [...folders];
  const complete = listing && error === undefined;
  if (error !== undefined) {
    outcomes.push({ kind: 'email', error });
    problems.push(problemOf(`${mailbox} mail`, error));
  }
  const rows = await putFeeds(deps.store, mailbox, feeds);
  if (complete) {
    const foldersListedAt = new Date(deps.clock.now()).toISOString();
    await setMailbox(deps.store, { mailbox, foldersListedAt });
  }
  return rows.filter((feed) => isWanted(feed, settings));
}
