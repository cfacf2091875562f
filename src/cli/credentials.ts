import path from 'node:path';
import type { Config } from '../core/config.ts';
import { ConfigError } from '../core/errors.ts';
import { type DeviceCodePrompt, deviceCodeToken } from '../graph/device-code.ts';
import {
  certificateToken,
  clientSecretToken,
  fixedToken,
  managedIdentityToken,
  type TokenSource,
} from '../graph/identity.ts';

/** As whom Graph is read: chosen by what is configured, once, and named exactly where something is missing. */

interface App {
  readonly tenant: string;
  readonly client: string;
}

export type Credential =
  | { readonly method: 'fixed token'; readonly token: string }
  | ({ readonly method: 'secret'; readonly secret: string } & App)
  | ({ readonly method: 'certificate'; readonly pemFile: string; readonly thumbprint?: string } & App)
  | { readonly method: 'managed_identity'; readonly client?: string }
  | ({ readonly method: 'device_code' } & App);

export type CredentialSettings = Pick<Config, 'azure' | 'identity' | 'graphUrl' | 'graphToken'>;

/**
 * @returns null when no tenant is configured at all
 * @throws {ConfigError} for half a configuration, naming what is missing
 */
export function chooseCredential(config: CredentialSettings): Credential | null {
  if (!isConfigured(config)) return null;
  if (config.graphToken !== undefined) return { method: 'fixed token', token: config.graphToken };
  const { azure } = config;
  switch (methodOf(config)) {
    case 'secret': {
      const { AZURE_AD_CLIENT_SECRET: secret, ...app } = wanted('a client secret', {
        ...registration(azure),
        AZURE_AD_CLIENT_SECRET: azure.secret,
      });
      return { method: 'secret', ...named(app), secret };
    }
    case 'certificate': {
      const { AZURE_AD_CLIENT_CERTIFICATE_PATH: pemFile, ...app } = wanted('a certificate', {
        ...registration(azure),
        AZURE_AD_CLIENT_CERTIFICATE_PATH: azure.certificate,
      });
      const { thumbprint } = azure;
      return {
        method: 'certificate',
        ...named(app),
        pemFile,
        ...(thumbprint === undefined ? {} : { thumbprint }),
      };
    }
    case 'managed_identity':
      return {
        method: 'managed_identity',
        ...(azure.client === undefined ? {} : { client: azure.client }),
      };
    case 'device_code':
      return { method: 'device_code', ...named(wanted('a device code', registration(azure))) };
  }
}

export function isConfigured({ azure, identity, graphUrl }: CredentialSettings): boolean {
  return graphUrl !== undefined || Object.keys(azure).length > 0 || identity.method !== 'auto';
}

/** What `auto` means here. */
function methodOf({ identity, azure }: CredentialSettings): Exclude<Config['identity']['method'], 'auto'> {
  if (identity.method !== 'auto') return identity.method;
  const hasCertificate = azure.certificate !== undefined || azure.thumbprint !== undefined;
  if (azure.secret !== undefined && hasCertificate) {
    throw new ConfigError(
      'AZURE_AD_CLIENT_SECRET and AZURE_AD_CLIENT_CERTIFICATE_PATH: both are set; unset one, or say in identity.method which to use',
    );
  }
  if (hasCertificate) return 'certificate';
  if (Object.keys(azure).length === 0) {
    throw new ConfigError(
      'TOUCHPOINT_GRAPH_TOKEN: not set; TOUCHPOINT_GRAPH_URL needs it, or an app registration (AZURE_AD_TENANT_ID, AZURE_AD_CLIENT_ID and AZURE_AD_CLIENT_SECRET)',
    );
  }
  if (azure.secret === undefined && azure.tenant !== undefined && azure.client !== undefined) {
    throw new ConfigError(
      'AZURE_AD_CLIENT_SECRET or AZURE_AD_CLIENT_CERTIFICATE_PATH: not set; signing in needs one of them, or identity.method: managed_identity or device_code',
    );
  }
  return 'secret';
}

function registration({ tenant, client }: Config['azure']) {
  return { AZURE_AD_TENANT_ID: tenant, AZURE_AD_CLIENT_ID: client };
}

function named(app: Record<'AZURE_AD_TENANT_ID' | 'AZURE_AD_CLIENT_ID', string>): App {
  return { tenant: app.AZURE_AD_TENANT_ID, client: app.AZURE_AD_CLIENT_ID };
}

/** The same settings with none missing. */
function wanted<Key extends string>(
  what: string,
  settings: Readonly<Record<Key, string | undefined>>,
): Record<Key, string> {
  if (isComplete(settings)) return settings;
  const entries = Object.entries(settings);
  const missing = entries.flatMap(([key, value]) => (value === undefined ? [key] : []));
  const keys = entries.map(([key]) => key);
  const all = `${keys.slice(0, -1).join(', ')} and ${keys.at(-1)}`;
  throw new ConfigError(`${missing.join(', ')}: not set; signing in with ${what} needs ${all}`);
}

function isComplete<Key extends string>(
  settings: Readonly<Record<Key, string | undefined>>,
): settings is Record<Key, string> {
  return Object.values(settings).every((value) => value !== undefined);
}

/** Where a device-code sign-in is kept. */
export function signInFile({ dataDir }: Pick<Config, 'dataDir'>): string {
  return path.join(dataDir, 'sign-in.json');
}

/** @param prompt shows a sign-in code; null where nobody is there to read it */
export function tokenSource(
  credential: Credential,
  config: Config,
  prompt: ((prompt: DeviceCodePrompt) => void) | null,
): TokenSource {
  const { cloud } = config.graph;
  switch (credential.method) {
    case 'fixed token':
      return fixedToken(credential.token);
    case 'secret':
      return clientSecretToken({ cloud, ...credential });
    case 'certificate':
      return certificateToken({ cloud, ...credential });
    case 'managed_identity':
      return managedIdentityToken({ cloud, ...credential });
    case 'device_code':
      return deviceCodeToken({
        cloud,
        ...credential,
        cacheFile: signInFile(config),
        cacheKey: config.cacheKey ?? null,
        permissions: delegatedPermissions(config),
        prompt,
      });
  }
}

/** The `.Shared` ones cover the person's own mailbox and those that others share with them. */
function delegatedPermissions({ calendar, mail, mailboxes, mailbox_group }: Config): string[] {
  if (mailboxes.length === 0 && mailbox_group === null) {
    throw new ConfigError(
      'mailboxes: none are named; a device-code sign-in reads what that person may, so name them (TOUCHPOINT_MAILBOXES)',
    );
  }
  return [
    ...(calendar.enabled ? ['Calendars.Read.Shared'] : []),
    ...(mail.enabled ? ['Mail.Read.Shared'] : []),
    ...(mailboxes.length === 0 ? ['GroupMember.Read.All', 'User.ReadBasic.All'] : []),
  ];
}
