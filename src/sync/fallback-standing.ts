import { z } from 'zod';
import { FallbackStatus, readFallbackStatus } from '../store/opinions.ts';
import type { Store } from '../store/store.ts';
import { dayAt } from './opinion-run.ts';

/** How second opinions stand: what was asked, what it took and saved, and what may still be spent today. */

export interface FallbackLimits {
  readonly provider: 'off' | 'anthropic' | 'openai';
  /** Null is boundless. */
  readonly dailyTokens: number | null;
}

export const FallbackStanding = FallbackStatus.extend({
  provider: z.enum(['off', 'anthropic', 'openai']),
  /** Of the day's budget, less what is reserved for requests under way; null: boundless, or nobody is asked. */
  tokens_left: z.number().nullable(),
});
export type FallbackStanding = z.infer<typeof FallbackStanding>;

export async function readFallbackStanding(
  store: Store,
  { provider, dailyTokens }: FallbackLimits,
  now: number,
): Promise<FallbackStanding> {
  const status = await readFallbackStatus(store, dayAt(now));
  const isBounded = provider !== 'off' && dailyTokens !== null;
  const left = isBounded ? Math.max(0, dailyTokens - status.today.tokens - status.reserved_tokens) : null;
  return { ...status, provider, tokens_left: left };
}
