import { createClient } from '@supabase/supabase-js';
import { type Store, StoreError, StoreUnavailable, storeError } from './store.ts';

/** Realtime is never used, but createClient throws on Node 20, which has no WebSocket, unless it is given one. */
class NoSocket extends EventTarget {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readonly readyState = 3;
  readonly url = '';
  readonly protocol = '';
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  close(): void {}
  send(): void {
    throw new StoreError('the store speaks HTTP only');
  }
}

export interface SupabaseOptions {
  readonly url: string;
  /** A service_role JWT or an `sb_secret_...` key. */
  readonly key: string;
  readonly fetch?: typeof fetch;
}

/** Supabase over PostgREST: `rpc` only, each call one transaction. */
export function openSupabase(options: SupabaseOptions): Store {
  const client = createClient(options.url, options.key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: NoSocket },
    ...(options.fetch === undefined ? {} : { global: { fetch: options.fetch } }),
  });
  return {
    driver: 'supabase',
    async call(name, payload) {
      if (!/^touchpoint_[a-z_]+$/.test(name)) throw new StoreError(`${name} is not one of our functions`);
      const { data, error, status } = await client.rpc(name, { p: payload });
      if (error === null) return data;
      // status 0: no answer at all; 429 and 5xx: PostgREST or the gateway before it cannot answer now
      if (status === 0 || status === 429 || status >= 502) {
        throw new StoreUnavailable(`${name}: Supabase cannot answer now (${status})`, { cause: error });
      }
      throw storeError(name, status === 409 && error.code === '' ? 'PT409' : error.code, error);
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
