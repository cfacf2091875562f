import { OpenAPIHono } from '@hono/zod-openapi';
import type { Tagger } from '../../classify/tagger.ts';
import type { Taxonomy } from '../../classify/taxonomy.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Store } from '../../store/store.ts';
import type { FallbackLimits } from '../../sync/fallback-standing.ts';
import type { ResyncOptions, ResyncResult } from '../../sync/resync.ts';
import type { Caller, KeyRing } from './keys.ts';
import { ApiProblem, type FieldError } from './problem.ts';

/** What the API is made of. */
export interface ApiDeps {
  readonly store: Store;
  /** Loads the model when it is first asked for. @throws {TransientError} while it cannot be used */
  readonly tagger: () => Promise<Tagger>;
  /** The one of another model folder: an older encoder may still be the one that serves. */
  readonly taggerOf: (folder: string) => Promise<Tagger>;
  readonly taxonomy: () => Promise<Taxonomy>;
  /** The manual resync, with what needs tags tagged after it. */
  readonly resync: (options: ResyncOptions) => Promise<ResyncResult>;
  readonly clock: Clock;
  readonly log: Log;
  readonly keys: KeyRing;
  readonly settings: ApiSettings;
}

export interface ApiSettings {
  /** Requests per caller and minute. */
  readonly ratePerMinute: number;
  /** Origins of browsers that may ask besides our own page. */
  readonly origins: readonly string[];
  /** Domains of our own: who of another takes part makes a meeting external. */
  readonly internalDomains: readonly string[];
  /** A feed that was not read for so many minutes is stale. */
  readonly staleMinutes: number;
  readonly fallback: FallbackLimits;
}

export type ApiEnv = { Variables: { caller: Caller; requestId: string } };

/** A group of routes; what does not fit a route's schema is answered with the fields that are wrong. */
export function router(): OpenAPIHono<ApiEnv> {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = result.error.issues.map(({ path, message }): FieldError => {
        return { field: path.join('.') || '(body)', message };
      });
      const [first] = errors;
      throw new ApiProblem(400, 'Wrong request', `${first?.field}: ${first?.message}`, { errors });
    },
  });
}
