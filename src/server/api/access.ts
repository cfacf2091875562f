import type { MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ApiDeps, ApiEnv } from './env.ts';
import { type Caller, type KeyRing, LOCAL, type Scope } from './keys.ts';
import { ApiProblem } from './problem.ts';

/** Who asks, whether they may, and how often. */

type Ask = Parameters<MiddlewareHandler<ApiEnv>>[0];

/** @throws {ApiProblem} 401 without a key that is known, 403 for strangers while there are no keys, 429 for too many */
export function admit({ keys, settings }: Pick<ApiDeps, 'keys' | 'settings'>): MiddlewareHandler<ApiEnv> {
  const limiter = new RateLimiterMemory({ points: settings.ratePerMinute, duration: 60 });
  return async (context, next) => {
    const caller = callerOf(context, keys);
    await limiter.consume(caller.name).catch((refused: unknown) => {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const headers = { 'retry-after': String(Math.max(1, Math.ceil(refused.msBeforeNext / 1000))) };
      throw new ApiProblem(429, 'Too many requests', `at most ${settings.ratePerMinute} a minute`, {
        headers,
      });
    });
    context.set('caller', caller);
    await next();
  };
}

/** @throws {ApiProblem} 403 when the key lacks the scope */
export function needs(scope: Scope): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    if (!context.get('caller').scopes.has(scope))
      throw new ApiProblem(403, 'Not allowed', `this needs a key with the scope "${scope}"`);
    await next();
  };
}

function callerOf(context: Ask, keys: KeyRing): Caller {
  const given = /^Bearer +(\S+) *$/i.exec(context.req.header('authorization') ?? '')?.[1];
  if (given !== undefined || !keys.isEmpty) {
    const caller = given === undefined ? null : keys.find(given);
    if (caller !== null) return caller;
    const headers = { 'www-authenticate': 'Bearer realm="touchpoint"' };
    const detail =
      given === undefined ? 'wants an API key: Authorization: Bearer …' : 'the API key is not known';
    throw new ApiProblem(401, 'Who asks?', detail, { headers });
  }
  if (isFromThisMachine(context)) return LOCAL;
  throw new ApiProblem(
    403,
    'Not allowed',
    'no API key is set, so only this machine may ask (TOUCHPOINT_API_KEY)',
  );
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;

/**
 * Asked under a loopback name, by no proxy and by no other site's page: a page elsewhere may have its own name resolve
 * to loopback, or send a form here, but it cannot forge these headers.
 */
function isFromThisMachine(context: Ask): boolean {
  const header = (name: string) => context.req.header(name);
  const host = header('host') ?? '';
  if (!LOOPBACK.test(host)) return false;
  if (header('forwarded') !== undefined || header('x-forwarded-for') !== undefined) return false;
  const origin = header('origin');
  return origin === undefined || origin === `http://${host}`;
}
