import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { serving } from '../server/api/serving.ts';
import { memoryStore } from '../support/store.ts';
import { everything, matches, textOf } from './documents.ts';

/** Metrics, addresses and functions are documented, and what is documented is there. */

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store?.close());

const OURS = /^touchpoint_(?!process_|nodejs_)/;
// a histogram's parts have names of their own
const base = (name: string) => name.replace(/_(bucket|sum|count)$/, '');

async function exposed(): Promise<string[]> {
  const { get } = await serving({ store });
  return matches(await (await get('/metrics')).text(), /^# HELP (\S+)/gm);
}

const Grafana = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).min(1) })).min(1),
});

async function used(): Promise<string> {
  const { panels } = Grafana.parse(JSON.parse(await textOf('deploy/grafana.json')));
  const drawn = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
  return `${drawn}\n${await textOf('deploy/alerts.yml')}`;
}

it('every metric that the dashboard draws or an alert asks for is exposed', async () => {
  const known = new Set(await exposed());
  const asked = matches(await used(), /\b(touchpoint_[a-z0-9_]+)/g);
  expect(asked.length).toBeGreaterThan(15);
  expect(asked.filter((name) => !known.has(name) && !known.has(base(name)))).toEqual([]);
});

it('every metric of ours is drawn or asked for, and documented; the documentation names no other', async () => {
  const ours = (await exposed()).filter((name) => OURS.test(name));
  expect(ours.length).toBeGreaterThan(10);
  const [operations, asked] = [await textOf('docs/operations.md'), await used()];
  expect(ours.filter((name) => !operations.includes(`| \`${name}\` |`))).toEqual([]);
  expect(ours.filter((name) => !asked.includes(name))).toEqual([]);
  const listed = matches(operations, /^\| `(touchpoint_[a-z0-9_]+)` \|/gm);
  expect(listed).toEqual(ours);
});

it('every alert has its entry in the runbook', async () => {
  const anchors = matches(await textOf('deploy/alerts.yml'), /runbook: "docs\/runbook\.md#([a-z0-9-]+)"/g);
  const titles = matches(await textOf('docs/runbook.md'), /^## (.+)$/gm).map((title) =>
    title
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
  expect(anchors.length).toBeGreaterThan(5);
  expect(anchors.filter((name) => !titles.includes(name))).toEqual([]);
});

const Paths = z.object({ paths: z.record(z.string(), z.unknown()) });

it('every address of the API is documented, and no other', async () => {
  const { get } = await serving({ store });
  const { paths } = Paths.parse(await (await get('/api/v1/openapi.json')).json());
  const known = Object.keys(paths);
  expect(known.length).toBeGreaterThan(12);
  const text = await everything();
  const bare = (path: string) => path.replace(/^\/api\/v1/, '');
  const isNamed = (path: string) =>
    text.includes(path) || text.includes(`${bare(path)}\``) || text.includes(` ${bare(path)}`);
  expect(known.filter((path) => !isNamed(path))).toEqual([]);
  const named = matches(text, /(\/api\/v1\/[a-z][a-z/{}_.]*[a-z}])/g).filter(
    (path) => !path.endsWith('openapi.json'),
  );
  const templates = known.map((path) => new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`));
  expect(named.filter((path) => !templates.some((template) => template.test(path)))).toEqual([]);
});

it('every SQL function is documented, and the documentation names no other', async () => {
  const rows = await store.sql(
    `select proname as name from pg_proc where pronamespace = 'public'::regnamespace and proname like 'touchpoint\\_%'`,
  );
  const known = new Set(rows.map(({ name }) => String(name)));
  const views = await store.sql(
    `select viewname as name from pg_views where schemaname = 'public' and viewname like 'touchpoint\\_%'`,
  );
  const others = new Set([...views.map(({ name }) => String(name)), ...(await exposed())]);
  const list = await textOf('docs/sql.md');
  const listed = matches(list, /^\| `(touchpoint_[a-z_]+)` \|/gm);
  expect([...known].filter((name) => !listed.includes(name))).toEqual([]);
  const named = matches(await everything(), /\b(touchpoint_[a-z0-9_]*[a-z0-9])\b(?!\*)/g);
  const wrong = named.filter((name) => !known.has(name) && !others.has(name) && !others.has(base(name)));
  expect(wrong.filter((name) => !/^touchpoint_(process|nodejs)$/.test(name))).toEqual([]);
});
