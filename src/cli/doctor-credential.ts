import { ConfigError, reasonOf } from '../core/errors.ts';
import { certificateEnd } from '../graph/certificate.ts';
import { inspectSignIn } from '../graph/sign-in-file.ts';
import type { Context } from './context.ts';
import { type Credential, chooseCredential, signInFile } from './credentials.ts';
import type { Findings } from './findings.ts';

/** What can be said of a credential without using it: when it ends, and who else could take it. */

const WORDS: Readonly<Record<Credential['method'], string>> = {
  'fixed token': 'a fixed token',
  secret: 'client secret',
  certificate: 'certificate',
  managed_identity: 'managed identity',
  device_code: 'device code',
};

export function credentialWords(credential: Credential | null): string {
  return credential === null ? 'nobody' : WORDS[credential.method];
}

const DAY_MS = 86_400_000;
// A month to get a new one through an organisation's change process.
const SOON_MS = 30 * DAY_MS;

export async function checkCredential(context: Context, findings: Findings): Promise<void> {
  const credential = credentialOf(context);
  if (credential?.method === 'certificate')
    await checkCertificate(credential.pemFile, context.clock.now(), findings);
  if (credential?.method === 'device_code') await checkSignInFile(context, findings);
}

/** Half a configuration is what the sign-in itself has found already. */
function credentialOf({ config }: Context): Credential | null {
  try {
    return chooseCredential(config);
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

async function checkCertificate(file: string, now: number, findings: Findings): Promise<void> {
  const check = 'certificate';
  const mend = 'make a new one, and upload its public half under Certificates & secrets';
  let end: number | null;
  try {
    end = await certificateEnd(file);
  } catch (error) {
    const detail = reasonOf(error);
    findings.add({
      check,
      ok: false,
      detail,
      mend: 'set AZURE_AD_CLIENT_CERTIFICATE_PATH to a PEM file with key and certificate',
    });
    return;
  }
  if (end === null) {
    findings.add({
      check,
      ok: true,
      detail: 'the file holds the key alone: when the certificate ends cannot be seen',
    });
    return;
  }
  const left = Math.floor((end - now) / DAY_MS);
  const day = new Date(end).toISOString().slice(0, 10);
  if (end <= now) findings.add({ check, ok: false, detail: `ended on ${day}`, mend });
  else if (end - now < SOON_MS)
    findings.add({ check, ok: true, detail: `ends on ${day}, in ${left} days`, mend });
  else findings.add({ check, ok: true, detail: `ends on ${day}` });
}

async function checkSignInFile({ config }: Context, findings: Findings): Promise<void> {
  const file = signInFile(config);
  const found = await inspectSignIn(file);
  if (found === null) return;
  const check = 'kept sign-in';
  if (!found.private) {
    const mend = `chmod 600 ${file}`;
    findings.add({ check, ok: false, detail: 'others on this machine can read it', mend });
  } else if (found.sealed) findings.add({ check, ok: true, detail: `${file}, sealed` });
  else {
    const mend = 'set TOUCHPOINT_CACHE_KEY to a long random text to have it sealed';
    findings.add({ check, ok: true, detail: `${file}, readable by this user alone but not sealed`, mend });
  }
}
