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
  readonly timeoutMs?: number;
}

// Supabase ends a request of its API after 60 s (supabase.com/docs/guides/database/postgres/timeouts); a little later
// nobody answers any more.
const TIMEOUT_MS = 65_000;

/** Supabase over PostgREST: `rpc` only, each call one transaction. */
export function openSupabase({ url, key, timeoutMs = TIMEOUT_MS }: SupabaseOptions): Store {
  const client = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: NoSocket },
    global: { fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }) },
  });
  return {
    driver: 'supabase',
    async call(name, payload) {
      if (!/^touchpoint_[a-z_]+$/.test(name)) throw new StoreError(`${name} is not one of our functions`);
      const { data, error, status } = await client.rpc(name, { p: payload });
      if (error === null) return data;
      throw translated(name, status, error);
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Refusal {
  /** SQLSTATE, or PostgREST's own; what stands between it and us (gateway, proxy) gives none. */
  readonly code?: string;
  readonly message: string;
}

function translated(name: string, status: number, { code, message }: Refusal): Error {
  const fromPostgrest = code !== undefined && code !== '';
  // below 400: no answer at all, or one that cannot be read; what is cut off or comes from a gateway is not repeated
  if (status < 400 || status === 429 || status >= 502 || (status >= 500 && !fromPostgrest)) {
    const cause = status === 0 || fromPostgrest ? new Error(message) : undefined;
    return new StoreUnavailable(`${name}: Supabase cannot answer now (${status})`, { cause });
  }
  if (status === 401) {
    return new StoreError(`${name}: Supabase refuses the key in SUPABASE_SERVICE_ROLE_KEY (401)`, { code });
  }
  if (fromPostgrest) return storeError(name, code, { message });
  // PostgREST answers SQLSTATE PTxyz with status xyz: a conflict is one even when the body was lost on its way
  if (status === 409) return storeError(name, 'PT409', { message });
  return new StoreError(`${name}: Supabase answered ${status}`);
}
