import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { Child } from './child.ts';
import type { Sql } from './report.ts';
import { mailboxesOf } from './truth.ts';

/** Daemon processes on one database, and what may happen to them. */

/** How long one may be held still, and how long it is watched until it holds a feed: it does so for moments. */
const STILL_MS = 1_500;
const WATCH_MS = 4_000;
const SETTLED_WITHIN_MS = 60_000;

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
export class Crew {
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
    // the day at which the calendars' windows are frozen stays the same, however far the changes take the tenant's clock
    const order = { url, token, now: tenant.anchor, mailboxes: mailboxesOf(this.#sandbox) };
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
    const leased = async () => (await this.#sql(LEASED, [owner])).map(({ id }) => id);
    const watched = performance.now() + WATCH_MS;
    let held: unknown[] = [];
    for (; held.length === 0 && performance.now() < watched; await wait(1)) {
      if ((await leased()).length === 0) continue;
      child.signal('SIGSTOP');
      held = await leased();
      if (held.length === 0) child.signal('SIGCONT');
    }
    if (held.length === 0) return;
    await this.#outlive([owner]);
    const deadline = performance.now() + STILL_MS;
    while (performance.now() < deadline && (await this.#sql(TAKEN, [owner, held])).length === 0);
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
