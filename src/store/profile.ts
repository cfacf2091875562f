import { z } from 'zod';
import type { Kind } from '../core/touchpoint.ts';
import type { Withholding } from './briefing.ts';
import { callStore, type Store } from './store.ts';

/** What a client's profile shows: topics and sentiment over time, what points to trouble, when there was contact. */

export const PERIODS = ['week', 'month', 'quarter'] as const;

export interface Span extends Withholding {
  readonly now: string;
  readonly period: (typeof PERIODS)[number];
  /** Instants; the whole periods that they touch are answered. */
  readonly since: string;
  readonly until: string;
  /** IANA name; UTC when it is left out. */
  readonly zone?: string;
  /** Name, alias or id; all touchpoints when it is left out. */
  readonly client?: string;
  readonly kinds?: readonly Kind[];
}

const Period = z.object({
  /** First day, YYYY-MM-DD. */
  start: z.string(),
  /** False while it may still grow. */
  complete: z.boolean(),
});

export const Heatmap = z.object({
  zone: z.string(),
  period: z.enum(PERIODS),
  periods: z.array(Period),
  topics: z.array(
    z.object({
      topic: z.string(),
      n: z.number(),
      cells: z.array(
        z.object({
          start: z.string(),
          n: z.number(),
          previous: z.number(),
          change: z.number(),
          /** `change / previous`; null where there was nothing to compare with. */
          relative: z.number().nullable(),
        }),
      ),
    }),
  ),
  clients: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      n: z.number(),
      topics: z.array(z.object({ topic: z.string(), n: z.number() })),
    }),
  ),
});
export type Heatmap = z.infer<typeof Heatmap>;

/**
 * Touchpoints by topic and period, and the clients with most of them.
 * @param span `top`: how many clients, 10 when it is left out
 * @throws {StoreError} with code PT404 for an unknown client, PT400 for a span or zone that is none
 */
export function readHeatmap(store: Store, span: Span & { readonly top?: number }): Promise<Heatmap> {
  return callStore(store, 'touchpoint_heatmap', span, Heatmap);
}

const share = z.number().min(0).max(1);
const sentiments = { positive: z.number(), neutral: z.number(), negative: z.number(), mixed: z.number() };

export const Trend = z.object({
  zone: z.string(),
  period: z.enum(PERIODS),
  periods: z.array(
    Period.extend({
      n: z.number(),
      ...sentiments,
      share: z.object({ positive: share, neutral: share, negative: share, mixed: share }).nullable(),
      /** Mean of the balances: positive 1, neutral 0, negative -1. */
      mean: z.number().nullable(),
    }),
  ),
});
export type Trend = z.infer<typeof Trend>;

/** Sentiment per period. @throws {StoreError} as `readHeatmap` */
export function readTrend(store: Store, span: Span): Promise<Trend> {
  return callStore(store, 'touchpoint_trend', span, Trend);
}

const part = { value: share.nullable(), weight: z.number(), n: z.number() };
export const Signal = z.object({
  client: z.object({ id: z.uuid(), name: z.string() }),
  /** 0 (nothing points to trouble) to 100; null when there is too little to say. */
  signal: z.number().min(0).max(100).nullable(),
  window: z.object({ since: z.string(), until: z.string(), half_life_days: z.number() }),
  touchpoints: z.number(),
  sentiment: z.object({ ...part, ...sentiments, minimum: z.number() }),
  escalations: z.object({
    ...part,
    open: z.array(
      z.object({ id: z.uuid(), kind: z.string(), title: z.string(), occurred_at: z.string().nullable() }),
    ),
  }),
  risks: z.object({ ...part, by_category: z.record(z.string(), z.number()) }),
});
export type Signal = z.infer<typeof Signal>;

/** What points to trouble with a client, with all that it is made of. `docs/briefing-room.md` has the formula. */
export function readSignal(
  store: Store,
  question: Withholding & {
    readonly client: string;
    readonly now: string;
    readonly days?: number;
    readonly half_life_days?: number;
  },
): Promise<Signal> {
  return callStore(store, 'touchpoint_signal', question, Signal);
}

export const ClientLine = z.object({
  id: z.uuid(),
  name: z.string(),
  aliases: z.array(z.string()),
  domains: z.array(z.string()),
  n: z.number(),
  by_kind: z.record(z.string(), z.number()),
  last_contact: z.string().nullable(),
  next_meeting: z.string().nullable(),
});
export type ClientLine = z.infer<typeof ClientLine>;

/** Every client with its counts, by name. */
export function listClients(
  store: Store,
  question: Withholding & { readonly now: string; readonly kinds?: readonly Kind[] },
): Promise<ClientLine[]> {
  return callStore(store, 'touchpoint_client_list', question, z.array(ClientLine));
}
