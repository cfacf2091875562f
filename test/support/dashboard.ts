import { readFile } from 'node:fs/promises';
import type { PgliteStore } from '../../src/store/pglite.ts';

/** The dashboard's own tables in a store, as they were sampled. */

export const CLIENT = {
  sa: '00000000-0000-4000-8000-000000000001',
  ipro: '00000000-0000-4000-8000-000000000002',
  barwon: '00000000-0000-4000-8000-000000000003',
} as const;

type Sql = Pick<PgliteStore, 'sql'>['sql'];

async function script(name: string): Promise<string> {
  return readFile(new URL(`dashboard/${name}.sql`, import.meta.url), 'utf8');
}

/** As one statement, which is all that every driver takes. */
async function runScript(sql: Sql, text: string): Promise<void> {
  await sql(`do $script$ begin ${text} end $script$`);
}

export async function createDashboard(sql: Sql): Promise<void> {
  await runScript(sql, await script('schema'));
}

/** Odd rows in every table. */
export async function fillDashboard(sql: Sql): Promise<void> {
  await runScript(sql, await script('rows'));
}

export const TABLES = [
  'unified_meetings',
  'actions',
  'nps_responses',
  'nps_topic_classifications',
  'topics',
  'chasen_knowledge',
  'plans',
  'client_email_domains',
  'client_name_aliases',
  'clients',
  'skipped_outlook_events',
] as const;

export async function dropDashboard(sql: Sql): Promise<void> {
  const names = TABLES.map((name) => `public.${name}`).join(', ');
  await sql(`drop table if exists ${names}, public.refreshes, public.chasen_knowledge_base cascade`);
  await sql('drop function if exists public.refresh_overview()');
}

/** Statements that refreshed the materialized view since the last time this was asked, by table and operation. */
export async function refreshes(sql: Sql): Promise<string[]> {
  const rows = await sql(
    'with gone as (delete from public.refreshes returning *) select relation, operation from gone order by 1, 2',
  );
  return rows.map(({ relation, operation }) => `${relation} ${operation}`);
}
