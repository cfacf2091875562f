import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { openEmbedded } from '../../src/store/open.ts';
import { trendOf } from '../support/slope.ts';
import { ANCHOR } from '../support/sync.ts';
import { Child } from './child.ts';
import { quietPort } from './ports.ts';
import { reportOf } from './report.ts';
import { mailboxesOf, untruths } from './truth.ts';

/** Hours of a tenant's time in one process: what it holds of memory and handles stays the same, and the store is the truth. */

const LONG = process.env['LONG'] === '1';
/** Rounds of the first process, which is killed in the middle of one, and of the second, which is measured. */
const ROUNDS = LONG ? { killed: 20, measured: 240 } : { killed: 3, measured: 22 };
/** Rounds after which the second closes everything and opens it again. */
const LIFE = LONG ? 40 : 7;
/** The first rounds load the model, compile, fill pools and caches. */
const WARM_UP = LONG ? 40 : 7;
// Over the whole measured span. The store itself grows a little: every round adds to it.
const MOST_GROWTH = { heap: 0.1, rss: 0.15 } as const;
/** Connections kept alive come and go. */
const MOST_MORE_HANDLES = 4;
const MINUTES = 60_000;

const Sample = z.object({
  event: z.literal('sample'),
  rss: z.number(),
  heap: z.number(),
  handles: z.record(z.string(), z.number()),
  rejections: z.number(),
  warnings: z.number(),
});
type Sample = z.infer<typeof Sample>;

let sandbox: Sandbox;
let dataDir: string;
beforeAll(async () => {
  sandbox = await startSandbox({ anchor: ANCHOR, scale: 0.1 });
  dataDir = await mkdtemp(path.join(tmpdir(), 'touchpoint-soak-'));
});
afterAll(async () => {
  await sandbox?.close();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

/** A process at work, round by round. */
class Soak {
  readonly samples: Sample[] = [];
  readonly complaints: string[] = [];
  readonly child: Child;
  #onSample: (() => void) | undefined;

  constructor(port: number) {
    const { url, token, tenant } = sandbox;
    const order = { url, token, now: tenant.now, mailboxes: mailboxesOf(sandbox) };
    this.child = new Child('./soaker.ts', { tenant: order, dataDir, port, life: LIFE }, (event) => {
      if (['rejection', 'refused', 'failed'].includes(event.event))
        this.complaints.push(JSON.stringify(event));
      if (event.event !== 'sample') return;
      this.samples.push(Sample.parse(event));
      this.#onSample?.();
    });
  }

  begin(): void {
    this.child.tell({ order: 'round', now: sandbox.tenant.now });
  }

  async round(): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#onSample = resolve;
    });
    this.begin();
    await Promise.race([seen, this.child.ended]);
  }
}

/** Something changes in the tenant, and now and then Graph gives trouble. */
function disturb(round: number): void {
  const { faults, tenant } = sandbox;
  faults.clear();
  sandbox.mutate();
  if (round % 3 === 1) {
    faults.add(
      { match: { probability: 0.1 }, effect: { type: 'refuse', status: 503, retryAfter: 0 } },
      { match: { probability: 0.05 }, effect: { type: 'cut' } },
      { match: { probability: 0.2, token: true }, effect: { type: 'replay', changes: 3 } },
    );
  }
  if (round % 3 === 2)
    faults.add({ match: { probability: 0.2 }, effect: { type: 'duplicate', stale: true } });
  if (round % 10 === 9) faults.invalidateTokens();
  tenant.now = Math.max(tenant.now, ANCHOR);
}

async function rounds(soak: Soak, from: number, count: number): Promise<void> {
  await soak.child.expect('up');
  for (let round = from; round < from + count; round += 1) {
    disturb(round);
    await soak.round();
  }
}

const total = ({ handles }: Sample) => Object.values(handles).reduce((sum, count) => sum + count, 0);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

it(
  `stays as it is over ${ROUNDS.killed + ROUNDS.measured} rounds with changes, faults and restarts`,
  async () => {
    const port = await quietPort();
    const killed = new Soak(port);
    await rounds(killed, 0, ROUNDS.killed);
    disturb(ROUNDS.killed);
    killed.begin();
    await killed.child.kill();

    const soak = new Soak(port);
    await rounds(soak, ROUNDS.killed + 1, ROUNDS.measured);
    sandbox.faults.clear();
    // what a fault left for the next round is done in two calm ones
    for (let calm = 0; calm < 2; calm += 1) await soak.round();
    soak.child.tell({ order: 'stop' });
    await soak.child.ended;

    const measured = soak.samples.slice(WARM_UP);
    const heap = trendOf(measured.map((sample) => sample.heap));
    const rss = trendOf(measured.map((sample) => sample.rss));
    const handles = measured.map(total);
    const hours = ((sandbox.tenant.now - ANCHOR) / (60 * MINUTES)).toFixed(1);
    const last = soak.samples.at(-1);
    console.log(
      `soak: ${killed.samples.length + soak.samples.length} rounds, ${hours} h of the tenant's time`,
    );
    for (const [name, trend] of Object.entries({ heap, rss })) {
      const growth = `${(trend.growth * 100).toFixed(1)} %`;
      console.log(`soak: ${name} ${megabytes(trend.mean)} MB, ${growth} over ${measured.length} rounds`);
    }
    console.log(
      `soak: handles ${Math.min(...handles)} to ${Math.max(...handles)}, ${handles.at(-1)} at the end`,
    );
    console.log(`soak: ${last?.rejections} unhandled rejections, ${last?.warnings} warnings`);

    expect(soak.complaints).toEqual([]);
    expect(last).toMatchObject({ rejections: 0, warnings: 0 });
    expect(Number(hours)).toBeGreaterThanOrEqual(2);
    expect(heap.growth).toBeLessThan(MOST_GROWTH.heap);
    expect(rss.growth).toBeLessThan(MOST_GROWTH.rss);
    expect(Math.max(...handles.slice(-LIFE))).toBeLessThanOrEqual(
      Math.max(...handles.slice(0, LIFE)) + MOST_MORE_HANDLES,
    );
    expect(await verdict()).toEqual([]);
  },
  (LONG ? 90 : 8) * MINUTES,
);

/** How the store differs from the truth, and from itself. */
async function verdict(): Promise<string[]> {
  const store = await openEmbedded(dataDir);
  try {
    const [row] = await store.sql(
      'select encoder, taxonomy from touchpoint.touchpoints where tagged_hash is not null limit 1',
    );
    const versions = { encoder: String(row?.['encoder']), taxonomy: String(row?.['taxonomy']) };
    const report = await reportOf(store, store.sql, versions);
    return [...report.wrong, ...(await untruths(sandbox, report))];
  } finally {
    await store.close();
  }
}
