import { onTestFinished } from 'vitest';
import type { Tagger } from '../../../src/classify/tagger.ts';
import { readTaxonomy } from '../../../src/classify/taxonomy.ts';
import { TransientError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { ApiKeySetting } from '../../../src/core/settings.ts';
import { apiApp } from '../../../src/server/api/app.ts';
import type { ApiDeps } from '../../../src/server/api/env.ts';
import { keyRing, newKey } from '../../../src/server/api/keys.ts';
import { resyncRuns } from '../../../src/server/api/resync-runs.ts';
import { startServer } from '../../../src/server/server.ts';
import type { Store } from '../../../src/store/store.ts';
import { TAXONOMY } from '../../classify/model-folder.ts';

export const NOW = Date.parse('2026-03-01T00:00:00Z');

export interface Serving {
  readonly store: Store;
  readonly tagger?: Tagger;
  readonly resync?: ApiDeps['resync'];
  readonly keys?: readonly ApiKeySetting[];
  readonly apiKey?: string;
  readonly settings?: Partial<ApiDeps['settings']>;
}

type Body = Readonly<Record<string, unknown>>;

/** The API on a port of its own, over real HTTP. */
export async function serving({ store, tagger, resync, keys = [], apiKey, settings }: Serving) {
  const ring = keyRing(keys, apiKey);
  const lines: string[] = [];
  const say = (...parts: unknown[]) => void lines.push(JSON.stringify(parts));
  const log = { ...silentLog, warn: say, error: say, info: say, debug: say };
  const deps: ApiDeps = {
    store,
    tagger: async () => {
      if (tagger === undefined) throw new TransientError('there is no model');
      return tagger;
    },
    resync: resync ?? (() => Promise.reject(new Error('nothing to resync'))),
    clock: { now: () => NOW, sleep: async () => undefined },
    log,
    keys: ring,
    taggerOf: async (folder) => {
      throw new TransientError(`there is no model ${folder}`);
    },
    taxonomy: () => readTaxonomy(TAXONOMY),
    settings: {
      ratePerMinute: 100_000,
      origins: [],
      internalDomains: [],
      staleMinutes: 60,
      fallback: { provider: 'off', dailyTokens: null },
      ...settings,
    },
  };
  const runs = resyncRuns(deps);
  const api = { app: apiApp(deps, runs), hasKeys: !ring.isEmpty };
  const door = { store, token: 'token', port: 0, log: silentLog, onNudge: () => undefined };
  const server = await startServer({ ...door, api });
  onTestFinished(async () => {
    await runs.stop();
    await server.close();
  });
  const url = `http://127.0.0.1:${server.port}`;
  const ask = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init);
  const get = (path: string, headers: Record<string, string> = {}) => ask(path, { headers });
  const post = (path: string, body: Body | string, headers: Record<string, string> = {}) =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { url, ask, get, post, lines, runs };
}

/** A key for the ring, and the header that shows it. */
export function someKey(rest: Omit<ApiKeySetting, 'sha256' | 'name'>) {
  const { key, sha256 } = newKey();
  const setting: ApiKeySetting = { name: rest.scopes.join('+'), sha256, ...rest };
  return { setting, key, header: { authorization: `Bearer ${key}` } };
}
