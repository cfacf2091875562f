import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { z } from 'zod';

/** Text that lies on disk sealed: AES-256-GCM, under a key stretched from a passphrase. */

const Sealed = z.object({
  sealed: z.literal('aes-256-gcm'),
  salt: z.base64(),
  nonce: z.base64(),
  tag: z.base64(),
  data: z.base64(),
});

export interface Sealer {
  /** As JSON; sealing the same text twice gives two results. */
  seal(text: string): string;
  /** @throws when the passphrase is another one or a single bit has changed */
  unseal(sealed: string): string;
}

// OWASP's password storage cheat sheet: N = 2^15 with r = 8 and p = 3; about a fifth of a second, once per process.
const SCRYPT = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 } as const;
const SALT_BYTES = 16;
// NIST SP 800-38D: 96 random bits, never used twice under one key
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createSealer(passphrase: string): Sealer {
  let kept: { readonly salt: Buffer; readonly key: Buffer } | undefined;
  const keyFor = (salt: Buffer) => {
    if (kept?.salt.equals(salt) !== true)
      kept = { salt, key: scryptSync(passphrase, salt, 32, { ...SCRYPT }) };
    return kept.key;
  };
  return {
    seal(text) {
      // the salt stays, so that the key is stretched once; the nonce is new every time
      const salt = kept?.salt ?? randomBytes(SALT_BYTES);
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyFor(salt), nonce, { authTagLength: TAG_BYTES });
      const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      const parts = { salt, nonce, tag: cipher.getAuthTag(), data };
      const encoded = Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('base64')]);
      return JSON.stringify({ sealed: 'aes-256-gcm', ...Object.fromEntries(encoded) });
    },
    unseal(sealed) {
      const { salt, nonce, tag, data } = Sealed.parse(JSON.parse(sealed));
      const key = keyFor(Buffer.from(salt, 'base64'));
      const options = { authTagLength: TAG_BYTES };
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), options);
      decipher.setAuthTag(Buffer.from(tag, 'base64'));
      return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
    },
  };
}

export function isSealed(text: string): boolean {
  try {
    return Sealed.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
