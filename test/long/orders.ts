import { z } from 'zod';
import { FuseOrder } from './fuse.ts';
import { TenantOrder } from './parts.ts';

/** What a process of the service is to do. */

export const StoreOrder = z.discriminatedUnion('driver', [
  z.object({ driver: z.literal('pglite'), folder: z.string() }),
  /** Of the superuser; the store is opened with the service's rights. */
  z.object({ driver: z.literal('postgres'), url: z.string() }),
]);
export type StoreOrder = z.infer<typeof StoreOrder>;

export const Orders = z.object({
  tenant: TenantOrder,
  store: StoreOrder,
  /** Names the process in leases, and its connections. */
  owner: z.string(),
  /**
   * none: only what follows. pass: what `sync` does. notifications: the daemon, from `ready` until it is told to finish. marked: takes what Graph
   * sends until it is told to finish, then walks what is marked and nothing else.
   */
  work: z.enum(['none', 'pass', 'resync', 'tags', 'notifications', 'marked']),
  /** The quick one in two versions, or the shipped model. */
  tagger: z.enum(['quick@1', 'quick@2', 'model']),
  /** Where heads that were derived for the model are kept. */
  cacheDir: z.string(),
  /** Of the webhooks. */
  port: z.number(),
  fuse: FuseOrder,
});
export type Orders = z.infer<typeof Orders>;
