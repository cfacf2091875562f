import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createDashboard, refreshes } from '../support/dashboard.ts';
import { copyDatabase, openSql, type Postgres, startPostgres } from '../support/postgres.ts';
import { Child } from './child.ts';
import { type FuseOrder, MOMENTS } from './fuse.ts';

/** What lies in the dashboard's tables on the first day is collected, tagged and published once, however often that is cut short. */

const ROWS = process.env['LONG'] === '1' ? 5000 : 1000;
const KILLS = 5;
const NOW = Date.UTC(2026, 2, 1);

// five sources, a fifth of the rows each; every plan holds two risks
const FILL = [
  `insert into public.actions ("Action_ID", "Action_Description", "Notes", "Due_Date")
   select 'A-' || n, 'action ' || n, '<p>note ' || n || '</p>', '28/02/2026' from generate_series(1, $1::int / 5) n`,
  `insert into public.nps_responses (feedback, period) select 'feedback ' || n, 'Q4 25' from generate_series(1, $1::int / 5) n`,
  `insert into public.topics ("Meeting_Date", "Topic_Title") select '2026-02-03', 'topic ' || n from generate_series(1, $1::int / 5) n`,
  `insert into public.chasen_knowledge (content) select 'knowledge ' || n from generate_series(1, $1::int / 5) n`,
  `insert into public.plans (risks)
   select jsonb_build_array('risk ' || n, 'another ' || n) from generate_series(1, $1::int / 10) n`,
];

// only what is committed leaves a line behind
const AUDIT = [
  'create table public.audit (what text not null, key text not null, version text)',
  `create function public.audit_tags() returns trigger language plpgsql security definer as $$
   begin insert into public.audit values ('tagged', new.id::text, new.taxonomy); return null; end $$`,
  `create trigger audit_tags after update of tagged_at on touchpoint.touchpoints
   for each row execute function public.audit_tags()`,
  `create function public.audit_labels() returns trigger language plpgsql security definer as $$
   begin insert into public.audit values ('label', new.touchpoint || ' ' || new.task || ' ' || new.label, new.version); return null; end $$`,
  `create trigger audit_labels after insert on touchpoint.tags for each row execute function public.audit_labels()`,
  `create function public.audit_actions() returns trigger language plpgsql security definer as $$
   begin insert into public.audit values ('category', new."Action_ID", new.auto_category); return null; end $$`,
  `create trigger audit_actions after update on public.actions for each row execute function public.audit_actions()`,
  `create function public.audit_nps() returns trigger language plpgsql security definer as $$
   begin insert into public.audit values ('classified', new.response_id || ' ' || new.topic_name, new.model_version); return null; end $$`,
  `create trigger audit_nps after insert or update on public.nps_topic_classifications
   for each row execute function public.audit_nps()`,
];

let postgres: Postgres;
let template: string;
beforeAll(async () => {
  postgres = await startPostgres();
  template = await postgres.createDatabase();
  const { sql, close } = openSql(template);
  await createDashboard(sql);
  for (const fill of FILL) await sql(fill, [ROWS]);
  for (const audit of AUDIT) await sql(audit);
  await refreshes(sql);
  await close();
}, 300_000);
afterAll(() => postgres?.stop());

const Done = z.object({
  effects: z.number(),
  fetched: z.number(),
  tagged: z.number(),
  problems: z.array(z.unknown()),
});

/** @returns what the process did; null when it was killed before it was done */
async function live(url: string, fuse: FuseOrder): Promise<z.infer<typeof Done> | null> {
  const child = new Child('./backfill-child.ts', { url, owner: 'backfill', now: NOW, fuse });
  const done = await child.next('done');
  await child.ended;
  return done === null ? null : Done.parse(done);
}

/** The server may still be at work on what the dead one asked for last. */
async function quiet(sql: ReturnType<typeof openSql>['sql']): Promise<void> {
  const busy = `select 1 from pg_stat_activity where datname = current_database() and application_name = 'backfill'`;
  while ((await sql(busy)).length > 0);
}

async function counted(sql: ReturnType<typeof openSql>['sql'], text: string): Promise<number> {
  return Number((await sql(text))[0]?.['n']);
}

it(`a backfill of ${ROWS} rows that is killed ${KILLS} times tags and publishes each exactly once`, async () => {
  const unhurt = { at: null, moment: 'after', counts: 'all' } as const;
  const model = await copyDatabase(postgres.url, template);
  const calm = await live(model, unhurt);
  expect(calm).toMatchObject({ fetched: ROWS, tagged: ROWS, problems: [] });
  const [all, always] = [calm?.effects ?? 0, (await live(model, unhurt))?.effects ?? 0];
  // what every start does, and a share of what is to be done once
  const at = always + Math.floor((all - always) / (KILLS + 2));

  const url = await copyDatabase(postgres.url, template);
  const { sql, close } = openSql(url);
  const began = performance.now();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const moment = MOMENTS[kill % MOMENTS.length] ?? 'after';
    // each dies at work: nobody was done
    expect(await live(url, { at, moment, counts: 'all' })).toBeNull();
    await quiet(sql);
    const tagged = await counted(sql, `select count(*) as n from public.audit where what = 'tagged'`);
    console.log(`backfill: killed ${moment} effect ${at}, ${tagged} rows tagged`);
  }
  const last = await live(url, unhurt);
  const seconds = (performance.now() - began) / 1000;
  expect(last).toMatchObject({ problems: [] });

  const twice = await sql(
    'select what, key, version from public.audit group by 1, 2, 3 having count(*) <> 1',
  );
  expect(twice).toEqual([]);
  const count = (what: string) =>
    counted(sql, `select count(*) as n from public.audit where what = '${what}'`);
  expect(await count('tagged')).toBe(ROWS);
  expect(await count('category')).toBe(ROWS / 5);
  // two topics each
  expect(await count('classified')).toBe((ROWS / 5) * 2);
  expect(
    await counted(sql, 'select count(*) as n from touchpoint.touchpoints where embedding is not null'),
  ).toBe(ROWS);
  const statements = await refreshes(sql);
  const idle = await live(url, unhurt);
  expect(idle).toMatchObject({ fetched: 0, tagged: 0, problems: [] });
  expect(await refreshes(sql)).toEqual([]);
  await close();
  console.log(`backfill: ${ROWS} rows, ${KILLS} kills, each tagged and published once`);
  console.log(
    `backfill: ${statements.length} statements on actions and nps_responses for ${ROWS / 5} actions`,
  );
  console.log(`backfill: ${(ROWS / seconds).toFixed(0)} rows a second, starts included`);
});
