import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Store } from '../../src/store/store.ts';
import { BRIEFING_NOW, fillBriefing } from '../support/briefing.ts';
import { asServiceRole, openSql, type Postgres, startPostgres } from '../support/postgres.ts';

/**
 * How fast the Briefing Room and a client's profile are on native Postgres. Two figures for each question: what the
 * caller waits, and what the server itself works for it (processor time, which other work on the machine leaves alone).
 * Targets: a page under 20 ms, a heatmap under 100 ms, at the 95th percentile.
 */

const isLong = process.env['LONG'] === '1';
const TOUCHPOINTS = isLong ? 100_000 : 5_000;
const TIMES = isLong ? 60 : 20;
const PAGE_TARGET_MS = 20;
const HEATMAP_TARGET_MS = 100;
/** The short form runs beside other work, with which it shares the processor's caches. */
const SLACK = isLong ? 1 : 3;

const now = BRIEFING_NOW;
const zone = 'Australia/Sydney';
const recent = { now, zone, since: '2026-02-22T13:00:00Z', until: '2026-03-08T13:00:00Z' };
const year = { now, zone, period: 'month', since: '2025-03-01T00:00:00Z', until: '2026-03-01T00:00:00Z' };
const mine = ['Client 3', 'Client 8', 'Client 21'];

interface Question {
  readonly name: string;
  readonly call: string;
  readonly payload: object;
  readonly target?: number;
}

const page = (name: string, payload: object): Question => ({
  name: `page ${name}`,
  call: 'touchpoint_meetings',
  payload: { now, zone, ...payload },
  target: PAGE_TARGET_MS,
});
const profile = (name: string, call: string, payload: object, target?: number): Question => ({
  name,
  call,
  payload,
  ...(target === undefined ? {} : { target }),
});

const QUESTIONS: readonly Question[] = [
  page('newest', {}),
  page('of two weeks', recent),
  page('upcoming', { ...recent, since: now, order: 'asc', status: ['scheduled'] }),
  page('completed, my clients', { status: ['completed'], clients: mine }),
  page('one client, external', { clients: ['Client 4'], internal: false }),
  page('primary intent', { meeting_types: ['escalation', 'qbr'] }),
  page('any intent, my clients', { intents: ['escalation'], clients: mine }),
  page('words', { text: 'renewal outag' }),
  page('department', { department: ['person7@vendor.test', 'person8@vendor.test'] }),
  page('person', { people: ['guest77@client7.test'] }),
  page('recurring', { recurring: true }),
  page('uncertain', { uncertain: true }),
  page('meetings and mail', { kinds: ['meeting', 'email'], clients: mine }),
  profile('facets of two weeks', 'touchpoint_meeting_facets', recent),
  profile('facets of everything', 'touchpoint_meeting_facets', { now, zone }),
  profile('heatmap one client', 'touchpoint_heatmap', { ...year, client: 'Client 4' }, HEATMAP_TARGET_MS),
  profile('heatmap all clients', 'touchpoint_heatmap', year, HEATMAP_TARGET_MS),
  profile('trend one client', 'touchpoint_trend', { ...year, client: 'Client 4' }),
  profile('signal', 'touchpoint_signal', { now, client: 'Client 4' }),
  profile('clients', 'touchpoint_client_list', { now }),
];

let postgres: Postgres;
let store: Store;
let server: pg.Client;
let notice = '';
beforeAll(async () => {
  postgres = await startPostgres();
  const url = await postgres.createDatabase();
  const admin = openSql(url);
  await fillBriefing(admin.sql, TOUCHPOINTS);
  await admin.close();
  store = openPostgres(asServiceRole(url), 1);
  server = new pg.Client({ connectionString: url });
  await server.connect();
  server.on('notice', ({ detail }) => {
    notice = detail ?? notice;
  });
  await server.query('set log_statement_stats = on');
  await server.query('set client_min_messages = log');
}, 600_000);
afterAll(async () => {
  await server.end();
  await store.close();
  await postgres.stop();
});

async function waited({ call, payload }: Question): Promise<number> {
  const start = performance.now();
  await store.call(call, payload);
  return performance.now() - start;
}

/** Processor time of the statement, from the server's own statistics. */
async function worked({ call, payload }: Question): Promise<number> {
  await server.query(`select public.${call}($1::jsonb)`, [JSON.stringify(payload)]);
  const [, user, system] = /([\d.]+) s user, ([\d.]+) s system/.exec(notice) ?? [];
  return 1000 * (Number(user) + Number(system));
}

async function spread(measure: () => Promise<number>): Promise<{ p50: number; p95: number }> {
  const times: number[] = [];
  for (let n = 0; n < TIMES; n += 1) times.push(await measure());
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.ceil(share * TIMES) - 1] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
}

const ms = (value: number) => value.toFixed(1);

it.each(QUESTIONS)('$name', async (question) => {
  await waited(question);
  const caller = await spread(() => waited(question));
  const work = await spread(() => worked(question));
  const size = JSON.stringify(await store.call(question.call, question.payload)).length;
  console.log(
    `${question.name}, ${TOUCHPOINTS} touchpoints: p50 ${ms(caller.p50)} ms, p95 ${ms(caller.p95)} ms; ` +
      `server p50 ${ms(work.p50)} ms, p95 ${ms(work.p95)} ms; ${size} bytes`,
  );
  expect(size).toBeGreaterThan(50);
  if (question.target !== undefined) expect(work.p50).toBeLessThan(SLACK * question.target);
});
