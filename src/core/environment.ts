import { z } from 'zod';
import { wanted } from './config-words.ts';
import { ConfigError } from './errors.ts';
import { fallbackEnvironment, isSafeAddress } from './fallback-settings.ts';
import { address } from './settings.ts';

/** The environment variables that are read: secrets, endpoints, and what overrides the settings. */

const url = z.string().regex(/^https?:\/\/[^/]+/, 'an address such as https://example.com');
const text = z.string().trim().min(1);
const Environment = z.object({
  AZURE_AD_TENANT_ID: text.optional(),
  AZURE_AD_CLIENT_ID: text.optional(),
  AZURE_AD_CLIENT_SECRET: text.optional(),
  AZURE_AD_CLIENT_CERTIFICATE_PATH: text.optional(),
  AZURE_AD_CLIENT_CERTIFICATE_THUMBPRINT: text.optional(),
  TOUCHPOINT_CACHE_KEY: text.min(16, 'at least 16 characters').optional(),
  TOUCHPOINT_GRAPH_URL: url.optional(),
  TOUCHPOINT_GRAPH_TOKEN: text.optional(),
  TOUCHPOINT_MAILBOXES: text
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .pipe(z.array(address))
    .optional(),
  TOUCHPOINT_NOW: z.iso
    .datetime({ offset: true, error: 'an ISO 8601 instant such as 2026-03-01T00:00:00Z' })
    .optional(),
  SUPABASE_URL: url.optional(),
  SUPABASE_SERVICE_ROLE_KEY: text.optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'a connection string such as postgres://user@host/name')
    .optional(),
  TOUCHPOINT_DATA_DIR: text.optional(),
  TOUCHPOINT_MODELS: text.optional(),
  TOUCHPOINT_API_KEY: text.min(24, 'at least 24 characters').optional(),
  TOUCHPOINT_PUBLIC_URL: text
    .refine(isSafeAddress, 'an https address such as https://touchpoint.example.com (http on loopback only)')
    .transform((address) => address.replace(/\/+$/, ''))
    .optional(),
  ...fallbackEnvironment,
  TOUCHPOINT_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'a port number')
    .transform(Number)
    .optional(),
});
export type Environment = z.infer<typeof Environment>;

// Never shown, not even when they are malformed.
const SECRET = /SECRET|TOKEN|KEY|DATABASE_URL/;

/** @throws {ConfigError} naming the variable; a secret's value is not shown */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Environment {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(present);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? '');
  const got = SECRET.test(key) ? 'a value that is not shown' : JSON.stringify(present[key]);
  throw new ConfigError(`${key}: got ${got}, wants ${wanted(issue)}`);
}
