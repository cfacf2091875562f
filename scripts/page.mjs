// What of the page is no TypeScript goes beside its compiled modules; what is there and no longer in the source goes.
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const source = new URL('../src/page/', import.meta.url);
const built = new URL('../dist/page/', import.meta.url);
const names = await readdir(source);
for (const name of names.filter((name) => /\.(html|css|svg)$/.test(name)))
  await cp(new URL(name, source), new URL(name, built));
const made = new Set(names.map((name) => name.replace(/\.ts$/, '.js')));
for (const name of await readdir(built))
  if (path.extname(name) !== '.tsbuildinfo' && !made.has(name)) await rm(new URL(name, built));
