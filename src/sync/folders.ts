import { ConfigError } from '../core/errors.ts';
import { findFolder } from '../graph/mail.ts';
import { type FeedRow, type NewFeed, retireFeeds } from '../store/feeds.ts';
import type { SyncDeps } from './feed.ts';

/** Which mail folders a mailbox has by the names that are read, and which of those that were read are no more. */

export interface FolderLook {
  readonly mailbox: string;
  readonly names: readonly string[];
  /** Feeds of the mailbox that are stored. */
  readonly own: readonly FeedRow[];
}

export interface FoundFolders {
  readonly feeds: readonly NewFeed[];
  /** What ended the look early; undefined when every name was looked up. */
  readonly error?: unknown;
}

/** Retires the feeds of folders that are no more. @throws {ConfigError} when nobody is signed in */
export async function lookUpFolders(deps: SyncDeps, look: FolderLook): Promise<FoundFolders> {
  const feeds: NewFeed[] = [];
  const gone: FeedRow[] = [];
  let failure: Pick<FoundFolders, 'error'> = {};
  for (const name of look.names) {
    try {
      const folder = await findFolder(deps.graph, { mailbox: look.mailbox, folder: name });
      if (folder !== null) feeds.push({ kind: 'email', target: folder.id, name });
      const known = look.own.filter((feed) => feed.kind === 'email' && feed.name === name);
      gone.push(...(await goneAmong(deps, known, folder?.id ?? null)));
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      failure = { error };
      break;
    }
  }
  await retire(deps, look.mailbox, gone);
  return { feeds, ...failure };
}

async function retire(
  { store, clock, log }: SyncDeps,
  mailbox: string,
  gone: readonly FeedRow[],
): Promise<void> {
  if (gone.length === 0) return;
  const ids = gone.map(({ id }) => id);
  log.warn({ mailbox, feeds: ids }, 'folders are no more: what lay in them alone is marked deleted');
  await retireFeeds(store, ids, new Date(clock.now()).toISOString());
}

/** One that is found under another id has taken the place of the old one; of one that is not found the old id is asked too. */
async function goneAmong(
  { graph }: SyncDeps,
  known: readonly FeedRow[],
  found: string | null,
): Promise<FeedRow[]> {
  const others = known.filter(({ target }) => target !== found);
  if (found !== null) return others;
  const gone: FeedRow[] = [];
  for (const feed of others) {
    if ((await findFolder(graph, { mailbox: feed.mailbox, folder: feed.target })) === null) gone.push(feed);
  }
  return gone;
}
