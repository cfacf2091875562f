import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { explain } from './config-words.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { ConfigError } from './errors.ts';
import { type FallbackAccess, fallbackAccess } from './fallback-settings.ts';
import { packagePath } from './paths.ts';
import { Settings } from './settings.ts';

/** Configuration: defaults in `config/touchpoint.yaml`, over it the user's file, over that the environment. */

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
