import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../../src/core/config.ts';
import type { FaultRule } from '../../../src/sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.ts';
import type { Tenant } from '../../../src/sandbox/tenant.ts';
import { listFeeds, listMailboxes } from '../../../src/store/feeds.ts';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { type PassOptions, type PassResult, syncPass } from '../../../src/sync/pass.ts';
import { keepSubscriptions } from '../../../src/sync/subscriptions.ts';
import { windowAt } from '../../../src/sync/window.ts';
import { anna, bruno, DAY, HOUR } from '../../support/small-tenant.ts';
import { ANCHOR, testConfig } from '../../support/sync.ts';
import { excess, miscounted } from './bounds.ts';
import { type Compared, contradictions, differences, readHeld } from './compare.ts';
import { History } from './history.ts';
import { type Interruption, Service } from './service.ts';
import { Witness } from './witness.ts';

/** A tenant of three people, a service that follows it, and what is known of both. */

export const carla = { name: 'Carla Diaz', address: 'carla@team.example' };
export const TEAM = [anna, bruno, carla] as const;

export interface Setup {
  readonly seriesEcho: 'all' | 'master';
  readonly omitMasters: boolean;
  readonly pageSize: number;
  /** Feeds walked at once. */
  readonly concurrency: number;
}

export interface PassPlan {
  readonly options: PassOptions;
  readonly faults: readonly FaultRule[];
  readonly interruption: Interruption | null;
}

const URL_OF_OURS = 'https://touchpoint.example';

export class World implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly store: PgliteStore;
  readonly config: Config;
  readonly history = new History();
  readonly witness = new Witness();
  /** Uids and message ids, in order of creation. */
  readonly meetings: string[] = [];
  readonly mails: string[] = [];
  /** What happened, for whoever reads of a failure. */
  readonly diary: string[] = [];
  /** How wrong the service's clock is, in ms. */
  skew = 0;
  readonly #posts = new Set<Promise<unknown>>();
  #service: Service;
  #lives = 0;
  #secrets = 0;

  constructor(parts: { readonly sandbox: Sandbox; readonly store: PgliteStore; readonly config: Config }) {
    this.sandbox = parts.sandbox;
    this.store = parts.store;
    this.config = parts.config;
    this.#service = this.#born();
  }

  static async begin(setup: Setup, store: PgliteStore): Promise<World> {
    let deliver: typeof fetch = () => Promise.reject(new Error('nobody listens yet'));
    const sandbox = await startSandbox({
      anchor: ANCHOR,
      scale: 0,
      fetch: (url, init) => deliver(url, init),
    });
    // the people that every sandbox has are not watched here
    for (const { address } of sandbox.tenant.mailboxes) sandbox.tenant.removeMailbox(address);
    sandbox.habits.seriesEcho = setup.seriesEcho;
    sandbox.habits.omitMasters = setup.omitMasters;
    const defaults = await testConfig();
    const world = new World({
      sandbox,
      store,
      config: {
        ...defaults,
        mailboxes: TEAM.map(({ address }) => address),
        internal_domains: ['team.example'],
        calendar: { ...defaults.calendar, past_days: 10, future_days: 20, roll_days: 3 },
        mail: { ...defaults.mail, past_days: 30 },
        graph: { ...defaults.graph, page_size: setup.pageSize, concurrency: setup.concurrency },
      },
    });
    for (const person of [anna, bruno]) world.join(person);
    deliver = (url, init) => world.#hear(url, init);
    return world;
  }

  get tenant(): Tenant {
    return this.sandbox.tenant;
  }

  /** What the service's clock shows. */
  now(): number {
    return this.tenant.now + this.skew;
  }

  get active(): string[] {
    return this.tenant.mailboxes.filter(({ active }) => active).map(({ address }) => address);
  }

  join(person: (typeof TEAM)[number]): void {
    this.tenant.addMailbox({ ...person, title: 'Manager', city: 'Perth', zone: 'Australia/Perth' });
  }

  /** Does something to the tenant; its notifications have come, or got lost, when this resolves. */
  async change(act: (tenant: Tenant) => void): Promise<void> {
    act(this.tenant);
    this.history.observe(this.tenant);
    await this.#quiet();
  }

  /** A new process, as an embedded store's owner begins: whatever was leased is a dead one's. */
  async restart(): Promise<void> {
    this.#service.die();
    this.#service = this.#born();
    await this.store.call('touchpoint_leases_clear', {});
  }

  async lookAfterSubscriptions(): Promise<void> {
    const { deps } = this.#service;
    const plan = { publicUrl: URL_OF_OURS, kinds: ['meeting', 'email'] as const, compare: true };
    const newSecret = () => `secret ${++this.#secrets}`;
    const mailboxes = (await listMailboxes(this.store)).map(({ address }) => address);
    await this.#service.work(null, () =>
      keepSubscriptions({ ...deps, newSecret }, { ...plan, mailboxes, now: this.now() }),
    );
    this.#service.webhooks.subscriptionsChanged();
    await this.#quiet();
  }

  /** One pass, with what it must hold to whatever happens in it. */
  async pass({ options, faults, interruption }: PassPlan): Promise<PassResult | null> {
    const service = this.#service;
    const { sandbox, witness } = this;
    witness.beginPass();
    sandbox.clearRequests();
    const folders = (await this.#dueMailboxes()) * this.config.mail.folders.length;
    const waited = service.waits;
    const calm = sandbox.faults.add(...faults);
    const result = await service.work(interruption, (signal) =>
      syncPass(service.deps, this.config, { ...options, signal }),
    );
    calm();
    if (service.isDead) await this.restart();
    this.history.hold(
      new Map(
        (await readHeld(this.store)).flatMap(({ copies, content }) => copies.map((copy) => [copy, content])),
      ),
    );
    if (result instanceof Error) {
      this.diary.push(`    the pass ended: ${result.message}`);
      if (interruption === null) throw result;
      return null;
    }
    const unauthorised = sandbox.requests().filter(({ status }) => status === 401).length;
    const allowance = {
      pageSize: this.config.graph.page_size,
      folders,
      waits: service.waits - waited,
      unauthorised,
    };
    this.#tell(result);
    throwAll([...excess(witness, result, allowance), ...miscounted(witness, result)]);
    return result;
  }

  /** Everything calms down: after one pass the store equals the truth, and a second finds nothing to do. */
  async settle(): Promise<void> {
    const calm: PassPlan = { options: {}, faults: [], interruption: null };
    this.sandbox.faults.clear();
    // longer than any mailbox that failed is left alone, also by a clock that was set back since
    this.tenant.now += 2 * HOUR + Math.max(0, -this.skew);
    await this.#quiet();
    await this.pass(calm);
    throwAll(await this.#verdict());
    const idle = await this.pass(calm);
    const asked = [...this.witness.account.byMailbox].filter(([mailbox]) => this.active.includes(mailbox));
    const feeds = (await listFeeds(this.store)).filter(({ mailbox }) => this.active.includes(mailbox));
    const count = asked.reduce((sum, [, requests]) => sum + requests, 0);
    throwAll([
      ...(count === feeds.length ? [] : [`an idle pass asked ${count} times for ${feeds.length} feeds`]),
      ...(idle?.tally.fetched === 0 ? [] : [`an idle pass fetched ${idle?.tally.fetched} items`]),
      ...(this.#service.stray === 0 ? [] : [`${this.#service.stray} effects after the end of a pass`]),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#service.die();
    await this.sandbox.close();
  }

  #born(): Service {
    this.#lives += 1;
    const { url: baseUrl, token } = this.sandbox;
    const { store, witness } = this;
    const owner = `life ${this.#lives}`;
    return new Service({ baseUrl, token, store, witness, owner, now: () => this.now() });
  }

  /** Notifications come in process; what the dead do not hear, Graph sends again. */
  #hear(url: Parameters<typeof fetch>[0], init: RequestInit | undefined): Promise<Response> {
    const path = new URL(String(url));
    const post = (async () => this.#service.webhooks.app.request(`${path.pathname}${path.search}`, init))();
    this.#posts.add(post);
    post.finally(() => this.#posts.delete(post)).catch(() => undefined);
    return post;
  }

  async #quiet(): Promise<void> {
    await setImmediate();
    while (this.#posts.size > 0) await Promise.allSettled(this.#posts);
  }

  /** Mailboxes whose folders are looked up in the next pass: not listed within the hour by the service's clock. */
  async #dueMailboxes(): Promise<number> {
    const known = await listMailboxes(this.store);
    return TEAM.filter(({ address }) => {
      const at = known.find((mailbox) => mailbox.address === address)?.folders_listed_at;
      return at == null || Math.abs(this.now() - Date.parse(at)) >= HOUR;
    }).length;
  }

  async #verdict(): Promise<string[]> {
    const feeds = await listFeeds(this.store);
    const compared: Compared = {
      history: this.history,
      witness: this.witness,
      feeds,
      held: await readHeld(this.store),
      reachable: new Set(this.active),
      mailFrom: this.now() - this.config.mail.past_days * DAY,
    };
    const today = Date.parse(windowAt(this.now(), this.config.calendar).start);
    const own = feeds.filter(({ mailbox }) => this.active.includes(mailbox));
    const unfinished = own.filter(({ next_link, delta_link }) => next_link !== null || delta_link === null);
    const behind = own.filter(({ kind, window_start }) => {
      const days = (today - Date.parse(window_start ?? '')) / DAY;
      return kind === 'meeting' && !(days >= 0 && days < this.config.calendar.roll_days);
    });
    return [
      ...differences(compared),
      ...(await contradictions(this.store)),
      ...unfinished.map(({ mailbox, name }) => `the walk of ${mailbox} ${name} is not at its end`),
      ...behind.map(({ mailbox, window_start }) => `the window of ${mailbox} begins at ${window_start}`),
    ];
  }

  #tell({ feeds, requests, tally, problems }: PassResult): void {
    const reasons = Object.entries(tally.reasons).map(([reason, count]) => `${count} ${reason}`);
    this.diary.push(`    ${feeds} feeds, ${requests} requests; ${reasons.join(', ')}`);
    this.diary.push(...problems.map(({ feed, reason }) => `    ${feed}: ${reason}`));
  }
}

function throwAll(complaints: readonly string[]): void {
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}
