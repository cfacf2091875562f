import { z } from 'zod';
import { KINDS } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';

/** Second opinions on what the local model was unsure of, and what they cost. */

const Claimed = z.object({
  id: z.uuid(),
  kind: z.enum(KINDS),
  title: z.string(),
  body: z.string(),
  text_hash: z.string(),
  people: z.array(z.object({ name: z.string(), address: z.string() })),
  client_names: z.array(z.string()),
  tasks: z.array(z.string()).min(1),
});
export type Claimed = z.infer<typeof Claimed>;

const Claim = z.object({ reused: z.number(), rows: z.array(Claimed) });

export interface ClaimFilter {
  readonly now: string;
  readonly owner: string;
  /** The claim ends after so long, whatever became of its owner. */
  readonly seconds: number;
  /** Of the tagger: what it has not tagged yet is not asked about. */
  readonly taxonomy: string;
  readonly limit: number;
  /** Version of each task's question; tasks that are not here are not asked. */
  readonly tasks: Readonly<Record<string, string>>;
  readonly withholdKinds: readonly string[];
  readonly withholdLabels: readonly { readonly task: string; readonly label: string }[];
}

/** Puts answers that are known already in place, and claims what is to be asked, newest first. */
export function claimUncertain(
  store: Store,
  { withholdKinds, withholdLabels, ...rest }: ClaimFilter,
): Promise<z.infer<typeof Claim>> {
  const payload = { ...rest, withhold_kinds: withholdKinds, withhold_labels: withholdLabels };
  return callStore(store, 'touchpoint_fallback_claim', payload, Claim);
}

export interface Reservation {
  /** UTC, `2026-03-01`. */
  readonly day: string;
  readonly tokens: number;
  /** Millionths of the currency that prices are given in. */
  readonly micros: number;
}

/** Room in the day's budget for one request; false: there is none. Null budgets are boundless. */
export async function reserve(
  store: Store,
  reservation: Reservation,
  budget: { readonly tokens: number | null; readonly micros: number | null },
): Promise<boolean> {
  const payload = { ...reservation, most_tokens: budget.tokens, most_micros: budget.micros };
  const { granted } = await callStore(
    store,
    'touchpoint_fallback_reserve',
    payload,
    z.object({ granted: z.boolean() }),
  );
  return granted;
}

export interface OpinionRow {
  readonly touchpoint: string;
  readonly task: string;
  readonly textHash: string;
  readonly version: string;
  readonly state: 'answered' | 'unsure' | 'refused' | 'unusable';
  readonly labels: readonly { readonly label: string; readonly score: number }[];
}

export interface Settlement {
  readonly now: string;
  readonly owner: string;
  readonly reservation: Reservation;
  readonly requests: number;
  readonly failedRequests: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly micros: number;
  readonly error?: string;
  readonly rows: readonly OpinionRow[];
  /** Claimed and not answered: free to be asked again. */
  readonly released: readonly { readonly touchpoint: string; readonly task: string }[];
}

/** Books what a reservation came to, and writes tags of answers; returns how many tasks got theirs. */
export async function settle(store: Store, settlement: Settlement): Promise<number> {
  const { reservation, failedRequests, tokensIn, tokensOut, rows, ...rest } = settlement;
  const payload = {
    ...rest,
    day: reservation.day,
    reserved: { tokens: reservation.tokens, micros: reservation.micros },
    failed_requests: failedRequests,
    tokens_in: tokensIn,
    tokens_out: tokensOut,
    rows: rows.map(({ textHash, ...row }) => ({ ...row, text_hash: textHash })),
  };
  return (await callStore(store, 'touchpoint_fallback_settle', payload, z.object({ saved: z.number() })))
    .saved;
}

const Counts = z.object({
  requests: z.number(),
  failed_requests: z.number(),
  /** Tasks of items: answered + unsure + refused + unusable. */
  asked: z.number(),
  answered: z.number(),
  unsure: z.number(),
  refused: z.number(),
  unusable: z.number(),
  tokens: z.number(),
  micros: z.number(),
});

export const FallbackStatus = z.object({
  today: Counts,
  total: Counts,
  reserved_tokens: z.number(),
  last_error: z.string().nullable(),
  last_error_at: z.iso.datetime({ offset: true }).nullable(),
  /** Tasks of items that are uncertain now. */
  uncertain: z.number(),
  /** Estimate: what the texts that never went there would have taken. */
  tokens_saved: z.number(),
});
export type FallbackStatus = z.infer<typeof FallbackStatus>;

export function readFallbackStatus(store: Store, day: string): Promise<FallbackStatus> {
  return callStore(store, 'touchpoint_fallback_status', { day }, FallbackStatus);
}
