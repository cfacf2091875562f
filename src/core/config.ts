import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { IANAZone } from 'luxon';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './errors.ts';
import {
  type FallbackAccess,
  FallbackSettings,
  fallbackAccess,
  fallbackEnvironment,
  isSafeAddress,
} from './fallback-settings.ts';
import { packagePath } from './paths.ts';
import { KINDS } from './touchpoint.ts';

/** Configuration: defaults in `config/touchpoint.yaml`, over it the user's file, over that the environment. */

const address = z.string().regex(/^[^\s@,]+@[^\s@,]+$/, 'an address such as anna@example.com');
const domain = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, 'a domain such as example.com')
  .transform((text) => text.toLowerCase());
const cron = z.string().regex(/^(\S+\s+){4,5}\S+$/, 'a cron expression such as "*/5 * * * *"');
const days = z.int().min(1).max(3650);
const methods = ['auto', 'secret', 'certificate', 'managed_identity', 'device_code'] as const;
const internalOnly = z.enum(['keep', 'about_client', 'drop']);

const collected = z.enum(['auto', 'on', 'off']);
const published = z.enum(['on', 'off']);
const column = z.string().min(1).max(63);

const Dashboard = z.strictObject({
  collect: z.strictObject({
    clients: collected,
    skips: collected,
    actions: collected,
    nps: collected,
    topics: collected,
    knowledge: collected,
    risks: collected,
  }),
  risks: z.strictObject({
    table: column,
    id: column,
    column,
    path: z.array(z.string().min(1)),
    client_name: column,
    client_uuid: column,
  }),
  publish: z.strictObject({
    meetings: published,
    meeting_types: published,
    action_categories: published,
    nps_topics: published,
  }),
  time_zone: z
    .string()
    .refine((zone) => IANAZone.isValidZone(zone), 'an IANA time zone such as Australia/Melbourne'),
});

const Client = z.strictObject({
  name: z.string().trim().min(1),
  aliases: z.array(z.string().trim().min(2)).default([]),
  domains: z.array(domain).default([]),
});

/** What a key may allow: to read what is stored, to tag texts, to correct tags, to start work. */
export const SCOPES = ['read', 'tag', 'feedback', 'admin'] as const;

const ApiKey = z.strictObject({
  name: z.string().trim().min(1).max(100),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'the SHA-256 of a key, 64 hexadecimal digits (touchpoint key makes one)'),
  scopes: z.array(z.enum(SCOPES)).min(1),
  withhold: z.array(z.enum(KINDS)).default([]),
});
export type ApiKeySetting = Readonly<z.infer<typeof ApiKey>>;

const Settings = z.strictObject({
  mailboxes: z.array(address.transform((text) => text.toLowerCase())),
  mailbox_group: z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "a group's object id (a GUID)")
    .nullable(),
  identity: z.strictObject({ method: z.enum(methods) }),
  graph: z.strictObject({
    cloud: z.enum(['global', 'usgov', 'dod', 'china']),
    per_mailbox: z.int().min(1).max(4),
    concurrency: z.int().min(1).max(64),
    attempts: z.int().min(1).max(20),
    budget_seconds: z.int().min(1).max(3600),
    timeout_seconds: z.int().min(1).max(600),
    page_size: z.int().min(1).max(1000),
    refused_minutes: z.int().min(1).max(10_080),
  }),
  calendar: z.strictObject({ enabled: z.boolean(), past_days: days, future_days: days, roll_days: days }),
  mail: z.strictObject({
    enabled: z.boolean(),
    past_days: days,
    folders: z.array(z.string().min(1)).min(1),
    without_client: z.enum(['keep', 'drop', 'auto']),
  }),
  privacy: z.strictObject({
    withhold: z.array(z.enum(['personal', 'private', 'confidential'])),
    exclude: z.strictObject({
      addresses: z.array(address.transform((text) => text.toLowerCase())),
      domains: z.array(domain),
    }),
    internal_only: z.strictObject({ meetings: internalOnly, mail: internalOnly }),
  }),
  retention: z.strictObject({ days: days.nullable(), deleted_days: days.nullable() }),
  clients: z.array(Client),
  internal_domains: z.array(domain),
  shared_domains: z.array(domain),
  dashboard: Dashboard,
  schedule: cron,
  data_dir: z.string().min(1),
  models: z.strictObject({
    folder: z.string().min(1).nullable(),
    encoder: z.string().min(1),
    workers: z.int().min(1).max(64).nullable(),
    allow_remote: z.boolean(),
  }),
  taxonomy: z.string().min(1).nullable(),
  fallback: FallbackSettings,
  server: z.strictObject({
    host: z.string().min(1),
    port: z.int().min(0).max(65535),
    keys: z.array(ApiKey),
    rate_per_minute: z.int().min(1).max(1_000_000),
    origins: z.array(
      z.string().regex(/^https?:\/\/[^/]+$/, 'an origin such as https://dashboard.example.com'),
    ),
    stale_minutes: z.int().min(1).max(100_000),
  }),
  log: z.strictObject({
    level: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
    traces: z.enum(['on', 'off']),
  }),
});
export type Settings = z.infer<typeof Settings>;
export type ClientSetting = z.infer<typeof Client>;

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
type Environment = z.infer<typeof Environment>;

/** What is set of the app registration; which of it is used, `identity.method` says. */
export interface AzureSettings {
  readonly tenant?: string;
  readonly client?: string;
  readonly secret?: string;
  /** Absolute. */
  readonly certificate?: string;
  readonly thumbprint?: string;
}

export interface Config extends Settings {
  /** File that the settings came from, for messages. */
  readonly file: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly modelsDir: string;
  readonly taxonomyFile: string;
  /** A fixed clock for tests, milliseconds; undefined runs on the real one. */
  readonly now: number | undefined;
  readonly azure: AzureSettings;
  /** Seals the file that a device-code sign-in is kept in. */
  readonly cacheKey: string | undefined;
  /** Another Graph endpoint with a fixed token; undefined speaks to Microsoft. */
  readonly graphUrl: string | undefined;
  readonly graphToken: string | undefined;
  readonly supabase: { readonly url: string; readonly key: string } | undefined;
  readonly databaseUrl: string | undefined;
  /** Where Graph reaches the webhooks, without a trailing slash; undefined polls alone. */
  readonly publicUrl: string | undefined;
  /** A key that may ask the API for everything. */
  readonly apiKey: string | undefined;
  /** Whom the fallback asks; undefined: nobody. */
  readonly fallbackAccess: FallbackAccess | undefined;
}

/**
 * Reads the configuration once; everything else gets it passed down.
 * @param environment usually `process.env`; empty values count as unset
 * @param file given with `--config`; without it `touchpoint.yaml` in the working directory is read where it exists
 * @throws {ConfigError} naming the key, what it got and what it wants
 */
export async function loadConfig(
  environment: Readonly<Record<string, string | undefined>>,
  file?: string,
  cwd = process.cwd(),
): Promise<Config> {
  const env = readEnvironment(environment);
  const own = file ?? 'touchpoint.yaml';
  const ownPath = path.resolve(cwd, own);
  if (file !== undefined && !existsSync(ownPath)) throw new ConfigError(`--config: there is no file ${own}`);
  const defaults = await readYaml(packagePath('config', 'touchpoint.yaml'));
  const overrides = existsSync(ownPath) ? await readYaml(ownPath) : {};
  const parsed = Settings.safeParse(merge(defaults, overrides));
  if (!parsed.success) throw new ConfigError(explain(parsed.error, own, merge(defaults, overrides)));
  return compose(parsed.data, env, { own, cwd });
}

function compose(settings: Settings, env: Environment, { own, cwd }: { own: string; cwd: string }): Config {
  if ((env.SUPABASE_URL === undefined) !== (env.SUPABASE_SERVICE_ROLE_KEY === undefined)) {
    const missing = env.SUPABASE_URL === undefined ? 'SUPABASE_URL' : 'SUPABASE_SERVICE_ROLE_KEY';
    throw new ConfigError(`${missing} is not set: SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY go together`);
  }
  if (env.TOUCHPOINT_GRAPH_TOKEN !== undefined && env.TOUCHPOINT_GRAPH_URL === undefined) {
    throw new ConfigError(
      'TOUCHPOINT_GRAPH_TOKEN is set but TOUCHPOINT_GRAPH_URL is not: a fixed token is for another Graph endpoint only',
    );
  }
  return {
    ...settings,
    mailboxes: env.TOUCHPOINT_MAILBOXES?.map((entry) => entry.toLowerCase()) ?? settings.mailboxes,
    server: { ...settings.server, port: env.TOUCHPOINT_PORT ?? settings.server.port },
    apiKey: env.TOUCHPOINT_API_KEY,
    file: own,
    dataDir: path.resolve(cwd, env.TOUCHPOINT_DATA_DIR ?? settings.data_dir),
    modelsDir: resolved(env.TOUCHPOINT_MODELS ?? settings.models.folder, cwd, packagePath('models')),
    taxonomyFile: resolved(settings.taxonomy, cwd, packagePath('config', 'taxonomy.yaml')),
    now: env.TOUCHPOINT_NOW === undefined ? undefined : Date.parse(env.TOUCHPOINT_NOW),
    azure: azureSettings(env, cwd),
    cacheKey: env.TOUCHPOINT_CACHE_KEY,
    graphUrl: env.TOUCHPOINT_GRAPH_URL,
    graphToken: env.TOUCHPOINT_GRAPH_TOKEN,
    supabase:
      env.SUPABASE_URL === undefined || env.SUPABASE_SERVICE_ROLE_KEY === undefined
        ? undefined
        : { url: env.SUPABASE_URL, key: env.SUPABASE_SERVICE_ROLE_KEY },
    databaseUrl: env.DATABASE_URL,
    publicUrl: env.TOUCHPOINT_PUBLIC_URL,
    fallbackAccess: fallbackAccess(settings.fallback, env),
  };
}

function azureSettings(env: Environment, cwd: string): AzureSettings {
  const { AZURE_AD_TENANT_ID: tenant, AZURE_AD_CLIENT_ID: client, AZURE_AD_CLIENT_SECRET: secret } = env;
  const { AZURE_AD_CLIENT_CERTIFICATE_PATH: file, AZURE_AD_CLIENT_CERTIFICATE_THUMBPRINT: thumbprint } = env;
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(client === undefined ? {} : { client }),
    ...(secret === undefined ? {} : { secret }),
    ...(file === undefined ? {} : { certificate: path.resolve(cwd, file) }),
    ...(thumbprint === undefined ? {} : { thumbprint }),
  };
}

function resolved(given: string | null, cwd: string, fallback: string): string {
  return given === null ? fallback : path.resolve(cwd, given);
}

// Never shown, not even when they are malformed.
const SECRET = /SECRET|TOKEN|KEY|DATABASE_URL/;

function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Environment {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(present);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? '');
  const got = SECRET.test(key) ? 'a value that is not shown' : JSON.stringify(present[key]);
  throw new ConfigError(`${key}: got ${got}, wants ${wanted(issue)}`);
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parseYaml(await readFile(file, 'utf8')) ?? {};
  } catch (cause) {
    if (!(cause instanceof YAMLParseError)) throw new ConfigError(`${file} cannot be read`, { cause });
    const line = cause.linePos?.[0].line;
    throw new ConfigError(`${file} is not YAML${line === undefined ? '' : ` (line ${line})`}: ${cause.code}`);
  }
}

/** Objects are merged key by key, everything else is replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over === undefined ? base : over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One line per wrong key: `file: calendar.past_days: got "soon", wants a number`. */
function explain(error: z.ZodError, file: string, settings: unknown): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const at = issue.path.length === 0 ? '' : `${issue.path.join('.')}.`;
        return `${file}: ${at}${issue.keys[0] ?? ''} is not a setting; see config/touchpoint.yaml for those there are`;
      }
      return `${file}: ${issue.path.join('.') || '(the whole file)'}: got ${shown(settings, issue.path)}, wants ${wanted(issue)}`;
    })
    .join('\n');
}

function shown(settings: unknown, keys: readonly PropertyKey[]): string {
  let value: unknown = settings;
  for (const key of keys) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}

function wanted(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    default:
      return issue?.message ?? 'another value';
  }
}
