import { idle } from './idle.ts';
import { memory } from './memory.ts';
import { scale } from './scale.ts';
import { search } from './search.ts';
import { size } from './size.ts';
import { type Bench, isMet, save, table } from './support/figures.ts';
import { sync } from './sync.ts';
import { tagging } from './tagging.ts';

/** `npm run bench [-- name ...]`: all benchmarks or those named; with --check, exit 1 when a target is missed. */

const BENCHES: Readonly<Record<string, Bench>> = { sync, idle, size, tagging, search, scale, memory };

const asked = process.argv.slice(2).filter((word) => word !== '--check');
const unknown = asked.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`there is no benchmark ${unknown}: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
let missed = 0;
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const figures = await bench();
  await save(name, figures);
  console.log(table(name, figures));
  missed += figures.filter((figure) => !isMet(figure)).length;
}
if (process.argv.includes('--check') && missed > 0) {
  console.error(`${missed} targets missed`);
  process.exitCode = 1;
}
