import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { ANCHOR } from '../support/sync.ts';
import { Child } from './child.ts';
import type { Orders, StoreOrder } from './orders.ts';
import { quietPort } from './ports.ts';
import { Report } from './report.ts';
import { isTold, type Point, type Scenario, tell } from './scenarios.ts';
import type { Shelf } from './shelves.ts';
import { compared, mailboxesOf, untruths } from './truth.ts';

/** Runs one killing after the other on stores of one driver, and says how the restarted service's store differs. */

export interface Outcome {
  /** It died at work, not before and not after it. */
  readonly atWork: boolean;
  /** Empty: the store equals the truth and the store of a service that nobody killed. */
  readonly differences: readonly string[];
}

/** The work when nobody kills it: how much there is to interrupt, and what it comes to. */
interface Undisturbed {
  readonly effects: number;
  readonly milliseconds: number;
  readonly report: Report;
}

const Worked = z.object({ effects: z.number() });
const Done = z.object({ report: Report });

const SCALE = 0.1;
const NEVER = { at: null, moment: 'before', counts: 'all' } as const;

interface Scene {
  readonly sandbox: Sandbox;
  readonly scenario: Scenario;
  readonly store: StoreOrder;
}

export class Lane {
  readonly #shelf: Shelf;
  /** Cursors are good for one address alone, so that every sandbox of the lane has the same. */
  readonly #ports: { readonly sandbox: number; readonly webhooks: number };
  readonly #undisturbed = new Map<string, Promise<Undisturbed>>();
  #synced: Promise<StoreOrder> | undefined;

  constructor(shelf: Shelf, ports: { readonly sandbox: number; readonly webhooks: number }) {
    this.#shelf = shelf;
    this.#ports = ports;
  }

  static async open(shelf: Shelf): Promise<Lane> {
    return new Lane(shelf, { sandbox: await quietPort(), webhooks: await quietPort() });
  }

  async run(point: Point): Promise<Outcome> {
    const { scenario } = point;
    const undisturbed = await this.#measure(scenario);
    return this.#scene(scenario, async (scene) => {
      const atWork = await this.#kill(scene, point, undisturbed);
      const leases = await this.#shelf.outlive(scene.store, 'killed');
      if (!isTold(scenario)) scene.sandbox.mutate();
      const report = await this.#restart(scene);
      const differences = [
        ...leases,
        ...report.wrong,
        ...(await untruths(scene.sandbox, report)),
        ...compared('a service that nobody killed', undisturbed.report.lines, report.lines),
      ];
      return { atWork, differences };
    });
  }

  close(): Promise<void> {
    return this.#shelf.close();
  }

  /** @returns whether the process died before it had done its work */
  async #kill(scene: Scene, point: Point, { effects, milliseconds }: Undisturbed): Promise<boolean> {
    const at = point.how === 'effect' ? Math.floor(point.place * effects) + 1 : null;
    const fuse = { at, moment: point.moment, counts: scene.scenario.counts };
    const child = this.#start(scene, { fuse, owner: 'killed' });
    await child.next(isTold(scene.scenario) ? 'ready' : 'started');
    const steered = this.#steer(scene, child);
    if (at === null) await Promise.race([wait(point.place * milliseconds), child.ended]);
    else await child.next('worked');
    const worked = child.has('worked');
    await child.kill();
    await steered;
    return !worked;
  }

  async #restart(scene: Scene): Promise<Report> {
    const work = isTold(scene.scenario) ? 'marked' : 'none';
    const child = this.#start(scene, { work, owner: 'restarted' });
    if (work === 'marked') {
      await child.expect('ready');
      // Graph goes on trying what was not accepted
      await scene.sandbox.deliver();
      child.tell('finish');
    }
    await child.expect('worked');
    return this.#complete(child);
  }

  #measure(scenario: Scenario): Promise<Undisturbed> {
    const known =
      this.#undisturbed.get(scenario.name) ?? this.#scene(scenario, (scene) => this.#undisturb(scene));
    this.#undisturbed.set(scenario.name, known);
    return known;
  }

  async #undisturb(scene: Scene): Promise<Undisturbed> {
    const { sandbox, scenario } = scene;
    const child = this.#start(scene, { fuse: { ...NEVER, counts: scenario.counts }, owner: 'undisturbed' });
    await child.expect(isTold(scenario) ? 'ready' : 'started');
    const startedAt = performance.now();
    await this.#steer(scene, child);
    const { effects } = Worked.parse(await child.expect('worked'));
    const milliseconds = performance.now() - startedAt;
    if (!isTold(scenario)) sandbox.mutate();
    const report = await this.#complete(child);
    const differences = [...report.wrong, ...(await untruths(sandbox, report))];
    if (differences.length > 0) {
      throw new Error(`${scenario.name}, with nobody killed:\n${differences.join('\n')}`);
    }
    return { effects, milliseconds, report };
  }

  /** What happens outside while the process works. */
  async #steer({ sandbox, scenario }: Scene, child: Child): Promise<void> {
    if (!isTold(scenario)) return;
    await tell(sandbox, mailboxesOf(sandbox));
    child.tell('finish');
  }

  async #complete(child: Child): Promise<Report> {
    child.tell('complete');
    const { report } = Done.parse(await child.expect('done'));
    await child.ended;
    return report;
  }

  /** A tenant and a store of its own for each. */
  async #scene<T>(scenario: Scenario, act: (scene: Scene) => Promise<T>): Promise<T> {
    const store = await (scenario.from === 'nothing' ? this.#shelf.empty() : this.#copy());
    const sandbox = await this.#sandbox();
    try {
      scenario.before(sandbox);
      return await act({ sandbox, scenario, store });
    } finally {
      await sandbox.close();
      await this.#shelf.discard(store);
    }
  }

  async #copy(): Promise<StoreOrder> {
    this.#synced ??= this.#prepare();
    return this.#shelf.copy(await this.#synced);
  }

  async #prepare(): Promise<StoreOrder> {
    const store = await this.#shelf.empty();
    await using sandbox = await this.#sandbox();
    const scene = { sandbox, store, scenario: { work: 'pass', tagger: 'quick@1' } } as const;
    const child = this.#start(scene, { owner: 'first' });
    await child.expect('worked');
    await this.#complete(child);
    return store;
  }

  #sandbox(): Promise<Sandbox> {
    return startSandbox({ anchor: ANCHOR, scale: SCALE, port: this.#ports.sandbox });
  }

  #start(
    {
      sandbox,
      scenario,
      store,
    }: { sandbox: Sandbox; store: StoreOrder; scenario: Pick<Scenario, 'work' | 'tagger'> },
    rest: Pick<Orders, 'owner'> & Partial<Orders>,
  ): Child {
    const { url, token, tenant } = sandbox;
    const orders: Orders = {
      tenant: { url, token, now: tenant.now, mailboxes: mailboxesOf(sandbox) },
      store,
      work: scenario.work,
      tagger: scenario.tagger,
      cacheDir: path.join(tmpdir(), 'touchpoint-crash-heads'),
      port: this.#ports.webhooks,
      fuse: NEVER,
      ...rest,
    };
    return new Child('./service.ts', orders);
  }
}
