import type { Effect } from './faults.ts';
import { GraphRefusal } from './reply.ts';

const THROTTLED: Readonly<Record<number, readonly [code: string, message: string]>> = {
  429: ['TooManyRequests', 'Too many requests.'],
  500: ['InternalServerError', 'An internal server error occurred.'],
  502: ['UnknownError', 'Bad gateway.'],
  503: ['ServiceUnavailable', 'The service is temporarily unavailable.'],
  504: ['GatewayTimeout', 'The request timed out.'],
  509: ['BandwidthLimitExceeded', 'The bandwidth limit has been exceeded.'],
};

/** Throws the refusal that an effect calls for; returns for effects that show elsewhere. */
export function refuse(
  effect: Effect,
  request: { readonly now: number; readonly url: string; readonly inFlight: number },
): void {
  switch (effect.type) {
    case 'refuse': {
      const [code, message] = THROTTLED[effect.status] ?? ['UnknownError', 'Unknown error.'];
      throw new GraphRefusal(effect.status, code, message, { headers: retryAfter(effect, request.now) });
    }
    case 'concurrency':
      if (request.inFlight <= effect.limit) return;
      throw new GraphRefusal(
        429,
        'ApplicationThrottled',
        'Application is over its MailboxConcurrency limit.',
        { headers: { 'retry-after': '1' } },
      );
    case 'gone': {
      const headers: Record<string, string> = effect.location ? { location: request.url } : {};
      throw new GraphRefusal(410, 'SyncStateNotFound', 'Sync from scratch.', { headers });
    }
    case 'lost state':
      if (effect.nested !== true)
        throw new GraphRefusal(effect.status, effect.code, 'The sync state is not found.');
      throw new GraphRefusal(
        effect.status,
        effect.status === 404 ? 'itemNotFound' : 'badRequest',
        'The sync state is not found.',
        { innerCode: effect.code },
      );
    case 'expired token':
      throw new GraphRefusal(
        401,
        'InvalidAuthenticationToken',
        'Lifetime validation failed, the token is expired.',
      );
    case 'denied':
      throw new GraphRefusal(
        403,
        effect.code ?? 'ErrorAccessDenied',
        'Access is denied. Check credentials and try again.',
      );
    case 'no mailbox':
      throw new GraphRefusal(
        404,
        effect.code ?? 'MailboxNotEnabledForRESTAPI',
        'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
      );
    default:
  }
}

function retryAfter(effect: Extract<Effect, { type: 'refuse' }>, now: number): Record<string, string> {
  if (effect.retryAfter === undefined) return {};
  const date = new Date(now + effect.retryAfter * 1000).toUTCString();
  return { 'retry-after': effect.httpDate === true ? date : String(effect.retryAfter) };
}
