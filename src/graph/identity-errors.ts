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
  // a gateway's page in place of an answer
  'token_parsing_error',
]);

/**
 * What Entra ID or the way to it refused, as a {@link ConfigError} to be mended or a {@link TransientError} to be
 * waited out; anything else (a file that cannot be written, say) as it is.
 */
export function identityError(error: unknown): unknown {
  if (!(error instanceof AuthError)) return error;
  const name = error.errorCode;
  const code = /AADSTS(\d+)/.exec(error.message)?.[1] ?? errorNumber(error);
  // The library's own message may quote the request, secret and all: only its code goes along.
  const cause = new Error(name);
  if (isPassing(error, code, name)) {
    return new TransientError(`Entra ID cannot be reached${code ? ` (AADSTS${code})` : ''}`, { cause });
  }
  const mend = code === undefined ? undefined : MENDS[code];
  const named = code === undefined ? '' : ` (AADSTS${code})`;
  const help = mend ?? 'look the code up at https://login.microsoftonline.com/error';
  return new ConfigError(`Entra ID gives no token${named}: ${help}`, { cause });
}

function errorNumber(error: AuthError): string | undefined {
  return error instanceof ServerError ? error.errorNo : undefined;
}

function isPassing(error: AuthError, code: string | undefined, name: string): boolean {
  if (code !== undefined) return PASSING.has(code);
  if (error instanceof ServerError && error.status !== undefined)
    return error.status >= 500 || error.status === 429;
  return NETWORK.has(name);
}
