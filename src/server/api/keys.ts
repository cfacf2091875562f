import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type ApiKeySetting, SCOPES } from '../../core/settings.ts';
import type { Kind } from '../../core/touchpoint.ts';

/** Who may ask what. A key is 256 random bits; the settings hold its SHA-256 alone. */

export type Scope = (typeof SCOPES)[number];

export interface Caller {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Kinds that are never shown to this caller. */
  readonly withhold: readonly Kind[];
}

/** Whoever asks on this machine while no key is set. */
export const LOCAL: Caller = { name: 'local', scopes: new Set(SCOPES), withhold: [] };

export interface KeyRing {
  /** No key is set: only this machine may ask. */
  readonly isEmpty: boolean;
  /** Null for a key that is not on the ring. Takes the same time whichever key it is, or none. */
  find(key: string): Caller | null;
}

/** @param master TOUCHPOINT_API_KEY: may do everything */
export function keyRing(settings: readonly ApiKeySetting[], master: string | undefined): KeyRing {
  const ring = settings.map(({ name, sha256, scopes, withhold }) => {
    const digest: Buffer = Buffer.from(sha256, 'hex');
    return { digest, caller: { name, scopes: new Set(scopes), withhold } };
  });
  if (master !== undefined)
    ring.push({
      digest: digestOf(master),
      caller: { name: 'TOUCHPOINT_API_KEY', scopes: new Set(SCOPES), withhold: [] },
    });
  return {
    isEmpty: ring.length === 0,
    find(key) {
      const given = digestOf(key);
      let found: Caller | null = null;
      for (const { digest, caller } of ring) if (timingSafeEqual(digest, given)) found = caller;
      return found;
    },
  };
}

/** A new key, and what the settings keep of it. */
export function newKey(): { readonly key: string; readonly sha256: string } {
  const key = `tp_${randomBytes(32).toString('base64url')}`;
  return { key, sha256: digestOf(key).toString('hex') };
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
