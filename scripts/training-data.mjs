// Adds labelled items to config/training: `node scripts/training-data.mjs --source NAME FILE...` (JSON Lines; see the
// README there). Normalises them, drops duplicates, keeps near-duplicates in one split; what is there stays as it is.
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { normalised, place } from '../dist/classify/splits.js';
import { shortHash } from '../dist/core/hash.js';
import { packagePath } from '../dist/core/paths.js';

const FILES = {
  meeting: 'meetings.jsonl',
  email: 'emails.jsonl',
  action: 'actions.jsonl',
  risk: 'risks.jsonl',
  nps: 'nps.jsonl',
  search: 'search.jsonl',
};
const LABELS = ['intent', 'action', 'risk', 'topics'];

const { values, positionals } = parseArgs({
  options: { source: { type: 'string' } },
  allowPositionals: true,
});
const folder = packagePath('config', 'training');
const changes = [];

const kept = [];
for (const name of (await readdir(folder)).filter((name) => name.endsWith('.jsonl')))
  kept.push(...(await read(path.join(folder, name))));
const known = new Map(kept.map((item) => [keyOf(item), item]));
const added = [];
for (const file of positionals) {
  const source = [values.source, path.basename(file, '.jsonl')].filter(Boolean).join('/');
  for (const item of await read(file)) add(tidied(item, source));
}

function add(item) {
  const same = known.get(keyOf(item));
  if (same === undefined) {
    known.set(keyOf(item), item);
    added.push(item);
  } else {
    const differ = LABELS.concat('sentiment').some(
      (key) => JSON.stringify(item[key]) !== JSON.stringify(same[key]),
    );
    changes.push(
      `${item.source}: dropped, says the same as ${same.id}${differ ? ' with other labels' : ''}: ${textOf(item).slice(0, 60)}`,
    );
  }
}

const all = [...kept, ...added];
const placed = place(
  all.map((item) => ({
    id: item.id,
    text: textOf(item),
    ...(item.group === undefined ? {} : { group: item.group }),
    ...(item.split === undefined ? {} : { split: item.split }),
  })),
);
const written = all.flatMap((item, at) => {
  const found = placed[at];
  if (found === null || found === undefined) {
    changes.push(`${item.source}: dropped, near items of different splits: ${textOf(item).slice(0, 60)}`);
    return [];
  }
  return [{ ...item, ...found }];
});
for (const [kind, name] of Object.entries(FILES)) {
  const lines = written.filter((item) => item.kind === kind).map(ordered);
  if (lines.length === 0) continue;
  const file = path.join(folder, name);
  await writeFile(`${file}.new`, `${lines.join('\n')}\n`);
  await rename(`${file}.new`, file);
}
for (const change of changes) console.log(change);
console.table(counts(written));

async function read(file) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => JSON.parse(line));
}

function textOf(item) {
  const parts =
    item.kind === 'search'
      ? [item.query, item.positive.title, item.positive.text]
      : [item.title ?? '', item.text];
  return parts.filter(Boolean).join('\n');
}

function keyOf(item) {
  return `${item.kind} ${normalised(textOf(item))}`;
}

/** One spelling of everything: kind, ids, labels in lower case and once each, groups that no other file shares. */
function tidied(item, source) {
  const tidy = { ...item, kind: item.kind ?? 'search', source };
  for (const key of LABELS.filter((key) => tidy[key] !== undefined)) {
    tidy[key] = [...new Set(tidy[key].map((label) => label.trim().toLowerCase()))];
    if (JSON.stringify(tidy[key]) !== JSON.stringify(item[key]))
      changes.push(`${source}: ${key} ${item[key]}`);
  }
  tidy.id = `${tidy.kind}-${shortHash(keyOf(tidy)).slice(0, 10)}`;
  if (item.group !== undefined) tidy.group = `${source}:${item.group}`;
  delete tidy.split;
  return tidy;
}

function ordered({ id, kind, group, split, source, ...rest }) {
  return JSON.stringify({ id, kind, ...rest, group, split, source });
}

function counts(items) {
  const table = {};
  for (const { kind, split } of items) {
    table[kind] ??= { train: 0, dev: 0, test: 0 };
    table[kind][split] += 1;
  }
  return table;
}
