import { z } from 'zod';
import { ConfigError } from './errors.ts';
import { KINDS } from './touchpoint.ts';

/** Settings of the fallback: a language model elsewhere that is asked about what the local one is unsure of. */

const money = z.number().positive();

export const FallbackSettings = z.strictObject({
  provider: z.enum(['off', 'anthropic', 'openai']),
  model: z.string().trim().min(1).nullable(),
  batch: z.int().min(1).max(50),
  longest: z.int().min(200).max(4000),
  daily_tokens: z.int().min(1000).nullable(),
  daily_cost: money.nullable(),
  prices: z.strictObject({ input: money.nullable(), output: money.nullable() }),
  attempts: z.int().min(1).max(10),
  timeout_seconds: z.int().min(1).max(300),
  pass_seconds: z.int().min(1).max(3600),
  withhold: z.strictObject({
    kinds: z.array(z.enum(KINDS)),
    labels: z.array(z.string().regex(/^[a-z][a-z0-9_-]*=.+$/, 'task=label, such as risk=churn')),
  }),
});
export type FallbackSettings = Readonly<z.infer<typeof FallbackSettings>>;

/** Https, or http on this machine: texts and keys travel there. */
const endpoint = z
  .string()
  .trim()
  .refine(isSafeAddress, 'an https address such as https://api.example.com/v1 (http on loopback only)')
  .transform((address) => address.replace(/\/+$/, ''));

export const fallbackEnvironment = {
  ANTHROPIC_API_KEY: z.string().trim().min(1).optional(),
  ANTHROPIC_BASE_URL: endpoint.optional(),
  OPENAI_API_KEY: z.string().trim().min(1).optional(),
  OPENAI_BASE_URL: endpoint.optional(),
};

interface Environment {
  readonly ANTHROPIC_API_KEY?: string | undefined;
  readonly ANTHROPIC_BASE_URL?: string | undefined;
  readonly OPENAI_API_KEY?: string | undefined;
  readonly OPENAI_BASE_URL?: string | undefined;
}

/** Who is asked. */
export interface FallbackAccess {
  readonly provider: 'anthropic' | 'openai';
  readonly model: string;
  readonly key: string;
  /** Without a trailing slash. */
  readonly url: string;
}

/** Small, and cheap enough for labels. */
const CLAUDE = 'claude-haiku-4-5';

/**
 * Undefined where the fallback is off: a key that lies in the environment for another program switches nothing on.
 * @throws {ConfigError} naming what is missing
 */
export function fallbackAccess(settings: FallbackSettings, env: Environment): FallbackAccess | undefined {
  const { provider, model, daily_cost: cost, prices } = settings;
  if (provider === 'off') return undefined;
  if (cost !== null && (prices.input === null || prices.output === null)) {
    throw new ConfigError('fallback.daily_cost is set but fallback.prices is not: they go together');
  }
  const isClaude = provider === 'anthropic';
  const [name, key] = isClaude
    ? ['ANTHROPIC_API_KEY', env.ANTHROPIC_API_KEY]
    : ['OPENAI_API_KEY', env.OPENAI_API_KEY];
  if (key === undefined) throw new ConfigError(`fallback.provider is ${provider} but ${name} is not set`);
  if (isClaude) {
    const url = env.ANTHROPIC_BASE_URL ?? 'https://api.anthropic.com';
    return { provider, model: model ?? CLAUDE, key, url };
  }
  if (model === null) throw new ConfigError('fallback.model: got null, wants the name of a model there');
  return { provider, model, key, url: env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1' };
}

/** Https, or plain http on this machine alone; no user, query or fragment. */
export function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(address);
  const isLoopback = ['localhost', '[::1]'].includes(hostname) || /^127(\.\d{1,3}){3}$/.test(hostname);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback);
  return isSafe && `${username}${password}${search}${hash}` === '';
}
