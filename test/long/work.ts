import type { Tagger } from '../../src/classify/tagger.ts';
import type { Config } from '../../src/core/config.ts';
import type { Store } from '../../src/store/store.ts';
import type { SyncDeps } from '../../src/sync/feed.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { resync } from '../../src/sync/resync.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import type { Fuse } from './fuse.ts';
import type { Orders } from './orders.ts';

/** The service's work, put together from its own parts. */

export interface Parts {
  readonly config: Config;
  readonly deps: SyncDeps;
  readonly tagger: Tagger;
  readonly fuse: Fuse;
  /** The store past the fuse, for questions that the service would not ask. */
  readonly bare: Store;
}

/** Does what is ordered; effects count from when there is something to do. */
export async function work(parts: Parts, { work, port }: Orders): Promise<void> {
  if (work === 'none') return;
  if (work === 'notifications' || work === 'marked') {
    return (await import('./listening.ts')).listening(parts, port, work);
  }
  parts.fuse.arm();
  if (work === 'pass') await syncPass(parts.deps, parts.config);
  if (work === 'resync') await resync(parts.deps, parts.config);
  await tagPending({ ...parts.deps, tagger: parts.tagger });
}

/** What every start does, whatever was left half done. Notifications alone must have been enough: no pass follows them. */
export async function complete({ deps, config, tagger }: Parts, { work }: Orders): Promise<void> {
  if (work !== 'notifications' && work !== 'marked') await syncPass(deps, config);
  await tagPending({ ...deps, tagger });
}
