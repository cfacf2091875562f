import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSql, type Postgres, startPostgres } from '../support/postgres.ts';
import { ANCHOR } from '../support/sync.ts';
import { quickTagger } from '../support/tagger.ts';
import { keepTrail, readTrail } from './audit.ts';
import { Child } from './child.ts';
import { mailboxesOf, untruths } from './lane.ts';
import { reportOf, type Sql } from './report.ts';

/** Several daemons on one database, killed, started anew and held still: each cursor has one owner at a time. */

const SECONDS = process.env['LONG'] === '1' ? 60 : 15;
const MUTATE_EVERY_MS = 300;
const DISTURB_EVERY_MS = 1_500;
const SETTLED_WITHIN_MS = 60_000;

let postgres: Postgres;
const lines: string[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
}, 300_000);
afterAll(async () => {
  if (lines.length > 0) console.log(`daemons: ${lines.join('; ')}`);
  await postgres?.stop();
});

const Round = z.object({
  problems: z.array(z.unknown()),
  fetched: z.number(),
  tagged: z.number(),
});

/** A feed that another one holds is that one's to be quiet about. */
function isQuiet({ problems, fetched, tagged }: z.infer<typeof Round>): boolean {
  return problems.length === 0 && fetched === 0 && tagged === 0;
}

const LEASED = 'select id from touchpoint.feeds where lease_owner = $1 and lease_until > clock_timestamp()';
const TAKEN = `
  select id from touchpoint.feeds
  where lease_owner <> $1 and lease_until > clock_timestamp() and id = any($2::bigint[])`;

interface Member {
  readonly owner: string;
  readonly child: Child;
  /** Rounds in a row that found nothing to do. */
  quiet: number;
}

/** The daemons that live, and what is done to them. */
class Crew {
  readonly #sandbox: Sandbox;
  readonly #url: string;
  readonly #sql: Sql;
  readonly #failures: unknown[] = [];
  readonly #dead: string[] = [];
  #members: Member[] = [];
  #hired = 0;
  #next = 0;
  kills = 0;
  stills = 0;

  constructor(sandbox: Sandbox, url: string, sql: Sql) {
    this.#sandbox = sandbox;
    this.#url = url;
    this.#sql = sql;
  }

  hire(): void {
    this.#hired += 1;
    const owner = `daemon ${this.#hired}`;
    const { url, token, tenant } = this.#sandbox;
    const order = { url, token, now: tenant.now, mailboxes: mailboxesOf(this.#sandbox) };
    const child = new Child(
      './daemon.ts',
      { tenant: order, url: this.#url, owner },
      ({ event, ...facts }) => {
        if (event === 'failed') this.#failures.push(facts);
        if (event === 'round') member.quiet = isQuiet(Round.parse(facts)) ? member.quiet + 1 : 0;
      },
    );
    const member: Member = { owner, child, quiet: 0 };
    this.#members.push(member);
  }

  /** In turn: one is killed and another takes its place, or one is held still until somebody has its work. */
  async disturb(): Promise<void> {
    const member = this.#members[this.#next % this.#members.length];
    this.#next += 1;
    if (member === undefined) return;
    if (this.#next % 2 === 0) return this.#holdStill(member);
    await member.child.kill();
    this.#members = this.#members.filter((other) => other !== member);
    this.#dead.push(member.owner);
    this.kills += 1;
    await this.#outlive([member.owner]);
    this.hire();
  }

  /** Like a machine that was put to sleep: it wakes up in the middle of a page, and does not know how late it is. */
  async #holdStill({ child, owner }: Member): Promise<void> {
    const deadline = performance.now() + DISTURB_EVERY_MS;
    const isInTime = () => performance.now() < deadline;
    let held: unknown[] = [];
    for (; held.length === 0 && isInTime(); await wait(5)) {
      child.signal('SIGSTOP');
      held = (await this.#sql(LEASED, [owner])).map(({ id }) => id);
      if (held.length === 0) child.signal('SIGCONT');
    }
    if (held.length === 0) return;
    await this.#outlive([owner]);
    while (isInTime() && (await this.#sql(TAKEN, [owner, held])).length === 0);
    child.signal('SIGCONT');
    this.stills += 1;
  }

  /** Lets the time of their leases pass. */
  async #outlive(owners: readonly string[]): Promise<void> {
    await this.#sql(
      `update touchpoint.feeds set lease_until = clock_timestamp() - interval '1 second' where lease_owner = any($1)`,
      [owners],
    );
  }

  /** Waits until each of them has twice in a row found nothing to do: the second round began after the last change. */
  async settle(): Promise<void> {
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    for (const member of this.#members) member.quiet = 0;
    while (this.#members.some(({ quiet }) => quiet < 2)) {
      // what a dead one had asked the server for may have been done after it was gone
      await this.#outlive(this.#dead);
      if (performance.now() > deadline) throw new Error(`not at rest: ${JSON.stringify(this.#failures)}`);
      await wait(50);
    }
  }

  async dismiss(): Promise<void> {
    for (const { child } of this.#members) child.tell('stop');
    await Promise.all(this.#members.map(({ child }) => child.ended));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#members.map(({ child }) => child.kill().catch(() => undefined)));
  }
}

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
      // the window that the cursors are frozen to is that of the first day
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
