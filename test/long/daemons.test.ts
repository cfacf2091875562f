import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSql, type Postgres, startPostgres } from '../support/postgres.ts';
import { ANCHOR } from '../support/sync.ts';
import { quickTagger } from '../support/tagger.ts';
import { keepTrail, readTrail } from './audit.ts';
import { Crew } from './crew.ts';
import { reportOf } from './report.ts';
import { untruths } from './truth.ts';

/** Several daemons on one database, killed, started anew and held still: each cursor has one owner at a time. */

const SECONDS = process.env['LONG'] === '1' ? 60 : 15;
const MUTATE_EVERY_MS = 300;
const DISTURB_EVERY_MS = 1_500;

let postgres: Postgres;
const lines: string[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
}, 300_000);
afterAll(async () => {
  if (lines.length > 0) console.log(`daemons: ${lines.join('; ')}`);
  await postgres?.stop();
});

function trouble({ faults }: Sandbox): void {
  faults.add(
    { match: { probability: 0.2 }, effect: { type: 'slow', ms: 40 } },
    { match: { probability: 0.02 }, effect: { type: 'cut' } },
    { match: { probability: 0.02, token: true }, effect: { type: 'gone', location: false } },
    { match: { probability: 0.2, token: true }, effect: { type: 'replay', changes: 4 } },
  );
}

async function unrest(sandbox: Sandbox, crew: Crew): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  const mutations = async () => {
    for (; performance.now() < end; await wait(MUTATE_EVERY_MS)) sandbox.mutate();
  };
  const disturbances = async () => {
    for (; performance.now() < end; await wait(DISTURB_EVERY_MS)) await crew.disturb();
  };
  await Promise.all([mutations(), disturbances()]);
}

it.each([2, 5])(
  '%i daemons share one database',
  async (size) => {
    await using sandbox = await startSandbox({ anchor: ANCHOR, scale: 0.1 });
    const url = await postgres.createDatabase();
    const { sql, close } = openSql(url);
    await keepTrail(sql);
    const crew = new Crew(sandbox, url, sql);
    try {
      trouble(sandbox);
      for (let count = 0; count < size; count++) crew.hire();
      await unrest(sandbox, crew);
      sandbox.faults.clear();
      await crew.settle();
      await crew.dismiss();

      const store = openPostgres(url);
      const report = await reportOf(store, sql, quickTagger());
      await store.close();
      // the day that the daemons know
      sandbox.tenant.now = ANCHOR;
      const differences = [...report.wrong, ...(await untruths(sandbox, report))];
      const { moves, movers, handovers, wrong } = await readTrail(sql);
      lines.push(
        `${size} for ${SECONDS} s, ${crew.kills} killed, ${crew.stills} held still, ${moves} moves of cursors by ${movers} processes ` +
          `(${handovers} handed over), ${wrong.length} wrong, ${differences.length} differences from the truth`,
      );
      expect(wrong).toEqual([]);
      expect(differences).toEqual([]);
      expect(crew.kills).toBeGreaterThan(SECONDS / 10);
      expect(crew.stills).toBeGreaterThan(SECONDS / 10);
      expect(handovers).toBeGreaterThan(moves / 50);
    } finally {
      await crew.kill();
      await close();
    }
  },
  (SECONDS + 120) * 1000,
);
