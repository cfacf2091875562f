import { InteractionRequiredAuthError, PublicClientApplication } from '@azure/msal-node';
import { ConfigError } from '../core/errors.ts';
import { type AppRegistration, authorityOf, clouds, shared, type TokenSource } from './identity.ts';
import { signInCache } from './sign-in-file.ts';

/** Delegated sign-in, for organisations that grant no app-only consent: a person enters a code in a browser once. */

export interface DeviceCodePrompt {
  readonly userCode: string;
  readonly verificationUri: string;
  /** The whole instruction, as Entra ID words it. */
  readonly message: string;
}

export interface DeviceCode extends AppRegistration {
  /** Where the sign-in is kept (mode 0600): its tokens run out every hour and are renewed from here. */
  readonly cacheFile: string;
  /** Seals the file; null leaves its protection to the mode alone. */
  readonly cacheKey: string | null;
  /** Delegated permissions, such as `Calendars.Read.Shared`. */
  readonly permissions: readonly string[];
  /** Shows the code to a person; null where nobody is there (a daemon): then only a kept sign-in is used. */
  readonly prompt: ((prompt: DeviceCodePrompt) => void) | null;
}

/** @throws {ConfigError} from `token()` when a sign-in is needed and nobody can be asked */
export function deviceCodeToken(options: DeviceCode): TokenSource {
  const app = new PublicClientApplication({
    auth: { clientId: options.client, authority: authorityOf(options) },
    cache: { cachePlugin: signInCache({ file: options.cacheFile, key: options.cacheKey }) },
  });
  const scopes = options.permissions.map((permission) => `${clouds[options.cloud].graph}/${permission}`);
  return shared(async (refresh) => {
    const silent = await silently(app, scopes, refresh);
    if (silent !== null) return silent;
    const { prompt } = options;
    if (prompt === null) {
      throw new ConfigError('nobody is signed in: sign in once on a terminal with `touchpoint doctor`');
    }
    const result = await app.acquireTokenByDeviceCode({
      scopes,
      deviceCodeCallback: ({ userCode, verificationUri, message }) =>
        prompt({ userCode, verificationUri, message }),
    });
    return result?.accessToken ?? '';
  });
}

async function silently(
  app: PublicClientApplication,
  scopes: string[],
  refresh: boolean,
): Promise<string | null> {
  const [account] = await app.getTokenCache().getAllAccounts();
  if (account === undefined) return null;
  try {
    return (await app.acquireTokenSilent({ account, scopes, forceRefresh: refresh })).accessToken;
  } catch (error) {
    // expired or revoked: a person must sign in anew
    if (error instanceof InteractionRequiredAuthError) return null;
    throw error;
  }
}
