import { IANAZone } from 'luxon';
import { z } from 'zod';
import { FallbackSettings } from './fallback-settings.ts';
import { KINDS } from './touchpoint.ts';

/** What a settings file may say; `config/touchpoint.yaml` has every key with its default and what it means. */

export const address = z.string().regex(/^[^\s@,]+@[^\s@,]+$/, 'an address such as anna@example.com');
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

export const Settings = z.strictObject({
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
