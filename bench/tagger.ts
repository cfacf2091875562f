// How long the shipped model takes: `node --import tsx bench/tagger.ts` prints one JSON object.
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { percentile } from '../src/classify/evaluate.ts';
import { createTagger, type Item } from '../src/classify/tagger.ts';
import { loadConfig } from '../src/core/config.ts';
import { silentLog } from '../src/core/log.ts';
import { packagePath } from '../src/core/paths.ts';

const MEETINGS = 100;

/** About 128 tokens of a meeting, no two alike. */
function meeting(n: number): Item {
  const text =
    `Agenda ${n}: walk through the ticket figures of the last three months with the ward managers, agree who looks into ` +
    'the slow discharge letters, hear from pharmacy about the new formulary screens, and settle the dates of the next two ' +
    'upgrade windows before the summer freeze. Their head of digital would like to see the roadmap slide on bed planning ' +
    'again, finance asks about invoice 4471, and the super-users want a second training day because the night shift could ' +
    'not come to the first. Bring the list of open actions and the draft of the renewal paper if it is ready by then.';
  return { kind: 'meeting', title: `Service review ${n}, St Brigid's Hospital`, text };
}

const { models } = await loadConfig({});
const start = performance.now();
const tagger = await createTagger({
  modelsDir: packagePath('models'),
  encoder: models.encoder,
  taxonomyFile: packagePath('config', 'taxonomy.yaml'),
  workers: 1,
  cacheDir: path.join(tmpdir(), 'touchpoint-bench'),
  log: silentLog,
});
await tagger.tag([meeting(0)]);
const coldMs = performance.now() - start;
const times: number[] = [];
const spent = process.cpuUsage();
for (let n = 1; n <= MEETINGS; n++) {
  const before = performance.now();
  await tagger.tag([meeting(n)]);
  times.push(performance.now() - before);
}
const { user, system } = process.cpuUsage(spent);
await tagger.close();
const tenth = (ms: number) => Math.round(10 * ms) / 10;
console.log(
  JSON.stringify({
    encoder: tagger.encoder,
    coldStartMs: Math.round(coldMs),
    meetings: MEETINGS,
    p50Ms: tenth(percentile(times, 0.5)),
    p95Ms: tenth(percentile(times, 0.95)),
    // what a meeting costs by itself, whatever else the machine does
    processorMs: tenth((user + system) / 1000 / MEETINGS),
    load: loadavg()[0],
  }),
);
