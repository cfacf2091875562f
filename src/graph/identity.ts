import { ConfidentialClientApplication, ManagedIdentityApplication } from '@azure/msal-node';
import { ConfigError } from '../core/errors.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { identityError } from './identity-errors.ts';

/** Tokens for Graph. */

export interface TokenSource {
  /**
   * An access token, from memory while it is valid.
   * @param options.refresh asks for a new one: Graph refused the last
   * @throws {ConfigError} for what must be mended, {TransientError} when Entra ID is away
   */
  token(options?: { readonly refresh?: boolean }): Promise<string>;
}

/** https://learn.microsoft.com/graph/deployments */
export const clouds = {
  global: { graph: 'https://graph.microsoft.com', authority: 'https://login.microsoftonline.com' },
  usgov: { graph: 'https://graph.microsoft.us', authority: 'https://login.microsoftonline.us' },
  dod: { graph: 'https://dod-graph.microsoft.us', authority: 'https://login.microsoftonline.us' },
  china: { graph: 'https://microsoftgraph.chinacloudapi.cn', authority: 'https://login.chinacloudapi.cn' },
} as const;
export type Cloud = keyof typeof clouds;

export interface AppRegistration {
  readonly cloud: Cloud;
  /** Tenant id or one of its domains. */
  readonly tenant: string;
  /** Client id of the app. */
  readonly client: string;
}

export function authorityOf({ cloud, tenant }: AppRegistration): string {
  return `${clouds[cloud].authority}/${encodeURIComponent(tenant)}`;
}

/** A token that somebody else made: sandboxes and tests. It cannot be refreshed. */
export function fixedToken(token: string): TokenSource {
  return { token: async () => token };
}

/** App-only, with a client secret. */
export function clientSecretToken(app: AppRegistration & { readonly secret: string }): TokenSource {
  const { cloud, client, secret } = app;
  const auth = { clientId: client, authority: authorityOf(app), clientSecret: secret };
  return appOnly(cloud, async () => new ConfidentialClientApplication({ auth }));
}

/** App-only, with a certificate instead of a secret. */
export function certificateToken(app: AppRegistration & Certificate): TokenSource {
  return appOnly(app.cloud, async () => {
    const clientCertificate = await readCertificate(app);
    return new ConfidentialClientApplication({
      auth: { clientId: app.client, authority: authorityOf(app), clientCertificate },
    });
  });
}

/** App-only, as the Azure machine the service runs on. @param client of a user-assigned identity */
export function managedIdentityToken(identity: {
  readonly cloud: Cloud;
  readonly client?: string;
}): TokenSource {
  const { cloud, client } = identity;
  const managedIdentityIdParams = client === undefined ? {} : { userAssignedClientId: client };
  const app = new ManagedIdentityApplication({ managedIdentityIdParams });
  return shared(async (refresh) => {
    const result = await app.acquireToken({ resource: clouds[cloud].graph, forceRefresh: refresh });
    return result.accessToken;
  });
}

function appOnly(cloud: Cloud, create: () => Promise<ConfidentialClientApplication>): TokenSource {
  let app: ConfidentialClientApplication | undefined;
  return shared(async (refresh) => {
    app ??= await create();
    const scopes = [`${clouds[cloud].graph}/.default`];
    const result = await app.acquireTokenByClientCredential({ scopes, skipCache: refresh });
    return result?.accessToken ?? '';
  });
}

/** One question to Entra ID at a time: many requests run into an expired token together. */
export function shared(acquire: (refresh: boolean) => Promise<string>): TokenSource {
  const running = new Map<boolean, Promise<string>>();
  const ask = async (refresh: boolean) => {
    try {
      const token = await acquire(refresh);
      if (token === '') throw new ConfigError('Entra ID answered without a token');
      return token;
    } catch (error) {
      throw identityError(error);
    } finally {
      running.delete(refresh);
    }
  };
  return {
    token({ refresh = false } = {}) {
      const asked = running.get(refresh) ?? ask(refresh);
      running.set(refresh, asked);
      return asked;
    },
  };
}
