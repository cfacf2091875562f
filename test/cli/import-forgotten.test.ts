import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { importFile } from '../../src/cli/import.ts';
import { loadConfig } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { exportTouchpoints } from '../../src/store/search.ts';
import { forget } from '../../src/sync/forget.ts';

let folder: string;
let context: Context;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-import-'));
  context = new Context(await loadConfig({ TOUCHPOINT_DATA_DIR: folder }, undefined, folder), silentLog);
});
afterEach(async () => {
  await context[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

it('brings back neither a forgotten client nor a forgotten person', async () => {
  const file = path.join(folder, 'comments.jsonl');
  const rows = [
    { id: '1', client: 'Acme Hospital', title: 'Slow', text: 'Reports are slow' },
    { id: '2', client: 'Beta Clinic', title: 'Ask jane@acme.example', text: 'Fine' },
  ];
  await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  const bring = () => importFile(context, file, { kind: 'nps', tag: false, json: false });
  const found = async () => {
    const titles: string[] = [];
    for await (const { title } of exportTouchpoints(await context.store(), {})) titles.push(title);
    return titles.sort();
  };
  await bring();
  expect(await found()).toEqual(['Ask jane@acme.example', 'Slow']);
  const deps = { store: await context.store(), clock: context.clock };
  const client = { kind: 'client', value: 'acme  hospital', dryRun: false } as const;
  expect(await forget(deps, context.config, client)).toMatchObject({ touchpoints: 1, clients: 1 });
  const person = { kind: 'person', value: 'jane@acme.example', dryRun: false } as const;
  expect(await forget(deps, context.config, person)).toMatchObject({ touchpoints: 0, redacted: 1 });
  await bring();
  expect(await found()).toEqual(['Ask [forgotten]']);
  expect(await (await context.store()).call('touchpoint_clients', {})).toMatchObject([
    { name: 'Beta Clinic' },
  ]);
});
