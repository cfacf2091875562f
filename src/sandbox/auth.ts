import { createHmac } from 'node:crypto';
import { guid } from './ids.ts';
import { GraphRefusal, type Reply } from './reply.ts';

/** Seconds that an issued token lives, by the tenant's clock: what Entra says (3599) rather than a round hour. */
const LIFETIME_S = 3599;

export interface AuthOptions {
  readonly seed: number;
  /** A token that is always good. */
  readonly fixedToken: string;
  readonly clientSecret: string;
}

/** Issues and checks bearer tokens. Issued ones carry their own expiry and seal, so a restart honours them. */
export class Authority {
  readonly #options: AuthOptions;
  readonly #tenantId: string;

  constructor(options: AuthOptions, tenantId: string) {
    this.#options = options;
    this.#tenantId = tenantId;
  }

  /** Answer to a client-credentials request, as Entra gives it. */
  token(form: URLSearchParams, now: number): Reply {
    if (form.get('grant_type') !== 'client_credentials')
      return this.#refusal(
        400,
        'unsupported_grant_type',
        'AADSTS70003: The app requested an unsupported grant type.',
        70003,
        now,
      );
    if (form.get('client_secret') !== this.#options.clientSecret) {
      return this.#refusal(
        401,
        'invalid_client',
        `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${form.get('client_id') ?? ''}'.`,
        7000215,
        now,
      );
    }
    const expires = Math.floor(now / 1000) + LIFETIME_S;
    const body = {
      token_type: 'Bearer',
      expires_in: LIFETIME_S,
      ext_expires_in: LIFETIME_S,
      access_token: `${expires}.${this.#seal(expires)}`,
    };
    return { status: 200, body };
  }

  /** Throws GraphRefusal 401 unless the Authorization header carries a token that is good now. */
  check(header: string | undefined, now: number): void {
    const token = /^Bearer (.+)$/i.exec(header ?? '')?.[1];
    if (token === undefined)
      throw new GraphRefusal(401, 'InvalidAuthenticationToken', 'Access token is empty.');
    if (token === this.#options.fixedToken) return;
    const [expires = '', seal] = token.split('.');
    if (seal !== this.#seal(Number(expires)))
      throw new GraphRefusal(
        401,
        'InvalidAuthenticationToken',
        'Access token validation failure. Invalid signature.',
      );
    if (Number(expires) * 1000 <= now)
      throw new GraphRefusal(
        401,
        'InvalidAuthenticationToken',
        'Lifetime validation failed, the token is expired.',
      );
  }

  /** What a client discovers before it asks for a token. */
  discovery(origin: string): Reply {
    const authority = `${origin}/${this.#tenantId}`;
    return {
      status: 200,
      body: {
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        issuer: `${authority}/v2.0`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
        response_types_supported: ['code', 'token'],
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
      },
    };
  }

  #seal(expires: number): string {
    return createHmac('sha256', `sandbox tokens ${this.#options.seed}`)
      .update(String(expires))
      .digest('base64url');
  }

  #refusal(status: number, error: string, description: string, code: number, now: number): Reply {
    const trace = guid(`trace ${now}`);
    const timestamp = new Date(now).toISOString().slice(0, 19).replace('T', ' ');
    return {
      status,
      body: {
        error,
        error_description: `${description} Trace ID: ${trace} Correlation ID: ${trace} Timestamp: ${timestamp}Z`,
        error_codes: [code],
        timestamp: `${timestamp}Z`,
        trace_id: trace,
        correlation_id: trace,
        error_uri: `https://login.microsoftonline.com/error?code=${code}`,
      },
    };
  }
}
