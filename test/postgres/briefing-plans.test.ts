import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { BRIEFING_NOW, fillBriefing } from '../support/briefing.ts';
import { createDatabase, openSql } from '../support/postgres.ts';

/** Which indexes the planner uses for the Briefing Room's questions, as it runs them inside the functions. */

// Enough that reading everything is not the cheapest plan for a page.
const TOUCHPOINTS = 30_000;

let client: pg.Client;
let plans: string[] = [];
beforeAll(async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const admin = openSql(url);
  await fillBriefing(admin.sql, TOUCHPOINTS);
  await admin.close();
  client = new pg.Client({ connectionString: url });
  await client.connect();
  client.on('notice', ({ message }) => plans.push(message ?? ''));
  await client.query(`load 'auto_explain'`);
  for (const setting of [
    'auto_explain.log_min_duration = 0',
    'auto_explain.log_nested_statements = on',
    'client_min_messages = log',
  ])
    await client.query(`set ${setting}`);
}, 120_000);
afterAll(() => client.end());

/** Plans of all statements that a call runs, without their costs. */
async function plansOf(call: string, payload: object): Promise<string> {
  plans = [];
  await client.query(`select public.${call}($1::jsonb)`, [JSON.stringify({ now: BRIEFING_NOW, ...payload })]);
  return plans.join('\n').replace(/\s+\(cost=[^)]*\)/g, '');
}

const YEAR = { period: 'month', since: '2025-03-01T00:00:00Z', until: '2026-03-01T00:00:00Z' };

it.each<[string, string, object, string[]]>([
  ['a page', 'touchpoint_meetings', {}, ['Index Only Scan Backward using touchpoints_page']],
  [
    'a page of a span, oldest first',
    'touchpoint_meetings',
    { since: BRIEFING_NOW, order: 'asc' },
    ['Index Only Scan using touchpoints_page'],
  ],
  [
    'the page after another',
    'touchpoint_meetings',
    { after: '1772330400000000_00000000-0000-0000-0000-000000000000' },
    ['Index Only Scan Backward using touchpoints_page', 'ROW(occurred_at, id) <'],
  ],
  [
    'clients and status',
    'touchpoint_meetings',
    { clients: ['Client 3', 'Client 8'], status: ['completed'] },
    ['Index Only Scan Backward using touchpoints_page'],
  ],
  [
    'a common intent',
    'touchpoint_meetings',
    { intents: ['escalation'] },
    ['Index Only Scan Backward using touchpoints_page'],
  ],
  ['a rare intent', 'touchpoint_meetings', { intents: ['nothing'] }, ['using tags_task']],
  ['people', 'touchpoint_meetings', { people: ['guest77@client7.test'] }, ['on touchpoints_addresses']],
  ['rare words', 'touchpoint_meetings', { text: 'unheard' }, ['on touchpoints_words']],
  [
    'what repeats',
    'touchpoint_meetings',
    { recurring: true },
    ['using touchpoints_repeats', 'copies_series'],
  ],
  [
    'a heatmap',
    'touchpoint_heatmap',
    YEAR,
    ['Index Only Scan using touchpoints_page', 'Index Only Scan using tags_task'],
  ],
])('%s', async (_, call, payload, expected) => {
  const found = await plansOf(call, payload);
  for (const part of expected) expect(found).toContain(part);
});
