import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { z } from 'zod';
import { GraphRefusal } from './reply.ts';
import type { TenantState } from './tenant-state.ts';

/**
 * What a delta token carries: which feed, up to which change it has been read, and where inside a round it stands.
 * Nothing is kept on the server, so a sandbox restarted with the same seed, anchor and steps honours it.
 */
const DeltaToken = z.object({
  feed: z.enum(['calendar', 'messages', 'folders']),
  mailbox: z.number(),
  folder: z.number(),
  /** Frozen calendar window in ms. */
  window: z.tuple([z.number(), z.number()]).nullable(),
  select: z.string().nullable(),
  expand: z.string().nullable(),
  /** Earliest receipt in ms (`ge`; one more for `gt`). */
  since: z.number().nullable(),
  top: z.number().nullable(),
  changeType: z.string().nullable(),
  /** `full`: an initial round; `changes`: what happened after `from`. */
  round: z.enum(['full', 'changes']),
  from: z.number(),
  /** Last change that this round covers; null in a deltaLink, whose round has not begun. */
  until: z.number().nullable(),
  /** Order of the last row already sent in this round. */
  after: z.array(z.number()).nullable(),
  sent: z.number(),
  generation: z.number(),
});
export type DeltaToken = z.infer<typeof DeltaToken>;

function keyOf(tenant: TenantState): Buffer {
  return createHash('sha256')
    .update(`${tenant.seed} ${tenant.anchor} ${tenant.scale}`)
    .digest()
    .subarray(0, 16);
}

/** Seals a token: opaque and unforgeable, yet the same bytes for the same state. */
export function sealToken(tenant: TenantState, token: DeltaToken): string {
  const plain = JSON.stringify(token);
  const iv = createHash('sha256').update(plain).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-128-gcm', keyOf(tenant), iv);
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return `${sealed.toString('base64url')}.${Buffer.concat([iv, cipher.getAuthTag()]).toString('base64url')}`;
}

/**
 * Opens a token. Throws GraphRefusal: 400 for what was never a token, 410 SyncStateNotFound for one of another tenant,
 * of an invalidated generation, or from a future that this process has not seen.
 */
export function openToken(
  tenant: TenantState,
  text: string,
  generationOf: (mailbox: number) => number,
): DeltaToken {
  const match = /^([\w-]+)\.([\w-]{38})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new GraphRefusal(400, 'syncStateInvalid', 'The sync state is invalid.');
  }
  const token = decipher(tenant, Buffer.from(match[1], 'base64url'), Buffer.from(match[2], 'base64url'));
  const lost =
    token === null ||
    token.generation !== generationOf(token.mailbox) ||
    Math.max(token.from, token.until ?? 0) > tenant.seq;
  if (lost)
    throw new GraphRefusal(
      410,
      'SyncStateNotFound',
      'The sync state generation is not found; generation=149;[highest=157][157][155][156].',
    );
  return token;
}

function decipher(tenant: TenantState, sealed: Buffer, seal: Buffer): DeltaToken | null {
  const opener = createDecipheriv('aes-128-gcm', keyOf(tenant), seal.subarray(0, 12)).setAuthTag(
    seal.subarray(12),
  );
  try {
    return DeltaToken.parse(
      JSON.parse(Buffer.concat([opener.update(sealed), opener.final()]).toString('utf8')),
    );
  } catch {
    return null; // sealed by another tenant, or tampered with: either way this server has no such state
  }
}
