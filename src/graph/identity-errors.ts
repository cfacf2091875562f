import { AuthError, ServerError } from '@azure/msal-node';
import { ConfigError, TransientError } from '../core/errors.ts';

/** What Entra ID says when it gives no token, in words that tell how to mend it. Secrets never appear in them. */

// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
const MENDS: Readonly<Record<string, string>> = {
  '7000215':
    'the client secret is wrong: take the Value (not the Secret ID) of one listed under Certificates & secrets',
  '7000222': 'the client secret has expired: make a new one under Certificates & secrets',
  '7000218':
    'the request carries no secret: for device-code sign-in, switch on "Allow public client flows" of the app',
  '7000216': 'the request carries no secret or certificate: set one of them',
  '700016': 'the tenant has no app with this client id: check AZURE_AD_CLIENT_ID and AZURE_AD_TENANT_ID',
  '700027': 'the certificate is not the one of the app: upload its public half under Certificates & secrets',
  '700211': 'no federated credential of the app fits: check its issuer and subject',
  '90002': 'there is no such tenant: check AZURE_AD_TENANT_ID, and the cloud it lives in',
  '900023': 'the tenant id is neither a domain nor a GUID: check AZURE_AD_TENANT_ID',
  '900382': 'the tenant lives in another national cloud: check graph.cloud',
  '500011': 'the tenant does not know Microsoft Graph under this address: check graph.cloud',
  '1002012': 'the scope is not one for app-only sign-in: check graph.cloud',
  '65001':
    'nobody has consented to the permissions of the app: an administrator must grant them under API permissions',
  '65004': 'consent was declined: sign in again, or let an administrator grant the permissions',
  '50105':
    'this account is not assigned to the app: assign it, or switch assignment off, under Enterprise applications',
  '50034': 'there is no such account in this tenant',
  '50076': 'the sign-in needs a second factor: sign in again',
  '50173': 'the sign-in was revoked (a changed password, say): sign in again',
  '53003':
    'a Conditional Access policy blocks this sign-in: let the administrator exempt the app or this machine',
  '70043': 'the sign-in has expired under a Conditional Access policy: sign in again',
  '700082': 'the sign-in was not used for too long and has expired: sign in again',
  '70019': 'the code was not entered in time: sign in again',
  '70020': 'the code was not entered in time: sign in again',
};

// Entra's own passing troubles: throttled, overloaded, tenant being moved
const PASSING = new Set(['90033', '90055', '50196', '90012', '90006', '90020', '90024']);
const NETWORK = new Set([
  'network_error',
  'no_network_connectivity',
  'request_cannot_be_made',
  'endpoints_resolution_error',
  'openid_config_error',
  'http_error',
]);

/** Any failure to get a token, as a {@link ConfigError} to be mended or a {@link TransientError} to be waited out. */
export function identityError(error: unknown): Error {
  if (error instanceof ConfigError || error instanceof TransientError) return error;
  const message = error instanceof Error ? error.message : '';
  const code = /AADSTS(\d+)/.exec(message)?.[1] ?? errorNumber(error);
  const name = error instanceof AuthError ? error.errorCode : '';
  if (isPassing(error, code, name)) {
    return new TransientError(`Entra ID cannot be reached${code ? ` (AADSTS${code})` : ''}`, {
      cause: error,
    });
  }
  const mend = code === undefined ? undefined : MENDS[code];
  const named = code === undefined ? name || 'unknown error' : `AADSTS${code}`;
  return new ConfigError(
    `Entra ID gives no token (${named}): ${mend ?? 'look the code up at https://login.microsoftonline.com/error'}`,
  );
}

function errorNumber(error: unknown): string | undefined {
  return error instanceof ServerError ? error.errorNo : undefined;
}

function isPassing(error: unknown, code: string | undefined, name: string): boolean {
  if (code !== undefined) return PASSING.has(code);
  if (error instanceof ServerError && error.status !== undefined)
    return error.status >= 500 || error.status === 429;
  if (NETWORK.has(name)) return true;
  // fetch says no more than this when a host cannot be reached
  return (
    error instanceof TypeError || (error instanceof Error && 'code' in error && !(error instanceof AuthError))
  );
}
