import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../core/errors.ts';

/** The certificate that the service signs in with. */

export interface Certificate {
  /** PEM file with the private key, and with the certificate unless `thumbprint` is given. */
  readonly pemFile: string;
  /** SHA-256 of the certificate in hex; the 40 digits that Entra ID lists are its SHA-1 and do not serve. */
  readonly thumbprint?: string;
}

/** @throws {ConfigError} when the file cannot be read or holds no unencrypted key, or no thumbprint is to be had */
export async function readCertificate({ pemFile, thumbprint }: Certificate) {
  const pem = await readPem(pemFile);
  const privateKey = readKey(pem);
  const thumbprintSha256 = thumbprint?.replace(/[^0-9a-f]/gi, '').toUpperCase() ?? thumbprintOf(pem);
  if (!/^[0-9A-F]{64}$/.test(thumbprintSha256)) {
    throw new ConfigError(
      'the thumbprint is no SHA-256 in hex: leave it out where the file holds the certificate as well',
    );
  }
  return { privateKey, thumbprintSha256 };
}

/**
 * When the certificate in the file runs out, in milliseconds since the epoch; null when the file holds the key alone.
 * @throws {ConfigError} when the file cannot be read
 */
export async function certificateEnd(pemFile: string): Promise<number | null> {
  const pem = await readPem(pemFile);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return null;
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch (error) {
    throw new ConfigError('the certificate in the file cannot be read', { cause: error });
  }
}

async function readPem(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError('the certificate file cannot be read', { cause: error });
  });
}

function readKey(pem: string): string {
  try {
    const key = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' });
    return typeof key === 'string' ? key : key.toString('utf8');
  } catch (error) {
    throw new ConfigError('the certificate file holds no unencrypted private key in PEM form', {
      cause: error,
    });
  }
}

function thumbprintOf(pem: string): string {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex').toUpperCase();
  } catch (error) {
    throw new ConfigError('the certificate file holds no certificate, and no thumbprint is given', {
      cause: error,
    });
  }
}
