import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../../src/core/paths.ts';
import { commitPage, importTouchpoints } from '../../src/store/pages.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { copy, item, NO_MATCH, NOW, newFeed, page, touchpoint } from '../store/contract/fixtures.ts';
import { asServiceRole } from '../support/postgres.ts';
import { nativeDatabase } from './harness.ts';
import { type Seeded, VECTOR } from './payload.ts';
import { PAYLOADS } from './payloads.ts';

/**
 * Every text of every function's payload, spoilt in every way that has ever broken somebody's SQL. Each call is undone. It must
 * give an answer or a clean error, leave what it does not mean alone, and tell nothing of what it was not asked for.
 */

const SECRET = 'zanzibarcanary';
const HOSTILE: readonly (readonly [string, string])[] = [
  ['a statement', `'; drop table touchpoint.feeds cascade; --`],
  ['a condition', `' or '1'='1`],
  ['a union', `x') union select body from touchpoint.touchpoints --`],
  ['a dollar quote', `$$; drop schema touchpoint cascade; $$`],
  ['a named dollar quote', `$function$ $1 \${x} $body$`],
  ['a backslash', `\\`],
  ['a backslash before a quote', `\\'; select pg_sleep(9); --`],
  ['format specifiers', `%s %I %L %1$s %n`],
  ['operators of tsquery', `a & !b | (c <-> d):* ' \\`],
  ['a pattern that matches all', `%`],
  ['wildcards', `_%\\%__`],
  ['a regular expression', `(.*)+$|[[:alpha:]`],
  ['an array', `{a,b,"c}`],
  ['JSON', `{"a":[{"b":null}],"role":"postgres"}`],
  ['a list of a vector', `[1e999,NaN,-Infinity]`],
  ['unicode', `İß\u{1F926}\u200D\u202Eе\u0301\uFEFF\u2028`],
  ['control characters', `a\u0001\b\t\r\n\u007F`],
  ['a moment that is none', `infinity`],
  ['an empty text', ``],
  ['blanks', ` \t `],
  ['100 kB', 'x '.repeat(50_000)],
];

let client: pg.Client;
let owner: pg.Client;
let seeded: Seeded;
/** By name, whether it may write. */
let functions: ReadonlyMap<string, boolean>;
beforeAll(async () => {
  const url = await nativeDatabase();
  seeded = await seed(url);
  client = new pg.Client({ connectionString: asServiceRole(url) });
  owner = new pg.Client({ connectionString: url });
  await Promise.all([client.connect(), owner.connect()]);
  await client.query(`set statement_timeout = '5s'`);
  const found = await owner.query(
    `select proname as name, provolatile = 'v' as writes from pg_proc where pronamespace = 'public'::regnamespace and proname like 'touchpoint\\_%' order by 1`,
  );
  functions = new Map(found.rows.map(({ name, writes }) => [String(name), writes === true]));
});
afterAll(() => Promise.all([client.end(), owner.end()]));

/** One mailbox that the payloads speak of, and one that nothing speaks of and whose content nobody may hear. */
async function seed(url: string): Promise<Seeded> {
  await using store = openPostgres(asServiceRole(url));
  const [named, other] = [await newFeed(store), await newFeed(store)];
  await store.call('touchpoint_clients_put', {
    source: 'configuration',
    clients: [
      { name: 'Barwon Health', aliases: ['BH'], domains: ['barwon.example'] },
      { name: SECRET, aliases: [SECRET], domains: [`${SECRET}.example`] },
    ],
  });
  const copies = (key: string, title: string) => [copy(key, touchpoint(key, { title, body: title }))];
  const { version } = await commitPage(store, page(named, 0, { copies: copies('k1', 'Agenda') }));
  await commitPage(store, page(other, 0, { copies: copies('canary', SECRET) }));
  await importTouchpoints(store, NOW, [
    item(touchpoint('canary', { kind: 'risk', title: SECRET, people: [] }), NO_MATCH),
  ]);
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const [row] = (
    await admin.query(
      `select t.id, t.text_hash, t.content_hash, c.id as client from touchpoint.touchpoints t, touchpoint.clients c
       where t.source_key = 'k1' and c.name = 'Barwon Health'`,
    )
  ).rows;
  await admin.query(await readFile(packagePath('test', 'support', 'dashboard', 'schema.sql'), 'utf8'));
  await admin.query(DASHBOARD);
  await admin.end();
  await store.call('touchpoint_tagging_begin', {
    encoder: 'e@1',
    taxonomy: 't@1',
    now: NOW,
    attempts: 3,
    start: true,
  });
  await store.call('touchpoint_tags_save', {
    encoder: 'e@1',
    taxonomy: 't@1',
    now: NOW,
    rows: [
      {
        id: row.id,
        text_hash: row.text_hash,
        embedding: VECTOR,
        uncertain: [],
        tags: [{ task: 'intent', label: 'qbr', score: 0.9 }],
      },
    ],
    failed: [],
  });
  const { mailbox, id: feed } = named;
  return {
    mailbox,
    feed,
    version,
    client: row.client,
    touchpoint: row.id,
    textHash: row.text_hash,
    contentHash: row.content_hash,
  };
}

const DASHBOARD = `
insert into public.topics ("Topic_Title") values ('${SECRET}');
insert into public.plans (id, client_name, risks)
  values ('b0000000-0000-4000-8000-000000000000', '${SECRET}', '{"list": [{"title": "${SECRET}"}]}');
insert into public.actions ("Action_ID", "Action_Description") values ('A1', 'Call them');
insert into public.nps_responses (feedback) values ('Slow reports');
insert into public.skipped_outlook_events (outlook_event_id, user_email) values ('g8', 'm1@example.test')`;

interface Outcome {
  readonly text: string;
  readonly code: string | null;
  /** Fingerprint of the catalog and of everything that no payload speaks of, after the call and before it is undone. */
  readonly rest: string | null;
}

const REST = `
select md5(concat(
  (select string_agg(oid::text || relname || relrowsecurity || coalesce(relacl::text, ''), ',' order by oid) from pg_class
    where relnamespace in ('touchpoint'::regnamespace, 'public'::regnamespace)),
  (select string_agg(oid::text || proname || md5(prosrc), ',' order by oid) from pg_proc
    where pronamespace in ('touchpoint'::regnamespace, 'public'::regnamespace)),
  (select string_agg(t::text, ',' order by t.id) from touchpoint.touchpoints t where title = '${SECRET}'),
  (select string_agg(k::text, ',') from touchpoint.copies k where graph_id = 'canary'),
  (select string_agg(concat(f.id, f.cursor_version, f.delta_link), ',') from touchpoint.feeds f where f.mailbox = 'm2@example.test'),
  (select string_agg(d::text, ',') from public.topics d), (select string_agg(d::text, ',') from public.plans d),
  (select string_agg(c::text, ',') from touchpoint.clients c where name = '${SECRET}'))) as rest`;

async function attempt(name: string, payload: unknown): Promise<Outcome> {
  // as PostgREST has it: what does not write cannot
  const writes = functions.get(name) === true;
  await client.query(writes ? 'begin' : 'begin read only');
  try {
    const { rows } = await client.query(`select public.${name}($1::jsonb)::text as text`, [
      JSON.stringify(payload),
    ]);
    const rest = writes ? (await client.query(REST)).rows[0].rest : null;
    return { text: String(rows[0].text), code: null, rest };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return { text: error.message, code: error.code ?? 'none', rest: null };
  } finally {
    await client.query('rollback');
  }
}

type Path = readonly (string | number)[];

/** Where the texts of a payload are. */
function textsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return [path];
  if (Array.isArray(value)) return value.flatMap((one, index) => textsOf(one, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => textsOf(one, [...path, key]));
}

function spoilt(value: unknown, [key, ...rest]: Path, text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value)) return value.map((one, index) => (index === key ? spoilt(one, rest, text) : one));
  return Object.fromEntries(
    Object.entries(Object(value)).map(([name, one]) => [name, name === key ? spoilt(one, rest, text) : one]),
  );
}

// 22 data exception, 23 integrity constraint, 54 program limit exceeded (a key of 100 kB); PT: our own
const CLEAN = /^(22|23|54|PT)/;

/** @param untouched the fingerprint of what must stay as it is */
async function harmDone(name: string, valid: object, untouched: string | null): Promise<string[]> {
  const plain = await attempt(name, valid);
  if (plain.code !== null) return [`${name} refuses its payload in payloads.ts: ${plain.code} ${plain.text}`];
  const harm: string[] = [];
  for (const path of textsOf(valid)) {
    for (const [what, text] of HOSTILE) {
      const { code, text: answer, rest } = await attempt(name, spoilt(valid, path, text));
      const say = (words: string) => harm.push(`${name}, ${what} in ${path.join('.')}: ${words}`);
      if (code !== null && !CLEAN.test(code)) say(`${code} ${answer.slice(0, 200)}`);
      if (rest !== null && rest !== untouched) say('changed what it does not mean');
      if (answer.includes(SECRET) && !plain.text.includes(SECRET)) say('told a secret');
    }
  }
  return harm;
}

describe('hostile texts', () => {
  it('have a payload of every function to be put into', () => {
    const lacking = [...functions.keys()].filter((name) => !(name in PAYLOADS));
    expect(lacking, 'test/postgres/payloads.ts lacks a valid payload of these').toEqual([]);
    const gone = Object.keys(PAYLOADS).filter((name) => !functions.has(name));
    expect(gone, 'test/postgres/payloads.ts has payloads of functions that are no more').toEqual([]);
  });

  it('do no harm anywhere', async () => {
    const { rest } = await attempt('touchpoint_leases_clear', {});
    const harm: string[] = [];
    for (const name of functions.keys())
      harm.push(...(await harmDone(name, PAYLOADS[name]?.(seeded) ?? {}, rest)));
    expect(harm).toEqual([]);
  }, 600_000);

  it('are refused in place of a whole payload, or ignored', async () => {
    const harm: string[] = [];
    for (const name of functions.keys())
      for (const payload of [null, [], 'x', 5, true, [[{}]], { feed: {}, limit: [], now: {}, items: 5 }]) {
        const { code, text } = await attempt(name, payload);
        if (code !== null && !CLEAN.test(code))
          harm.push(`${name}(${JSON.stringify(payload)}): ${code} ${text}`);
      }
    expect(harm).toEqual([]);
  });
});
