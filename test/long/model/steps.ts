import fc from 'fast-check';
import { DAY, HOUR } from '../../support/small-tenant.ts';
import { faults } from './faults.ts';
import { mailChanges } from './mail-changes.ts';
import { meetingChanges } from './meeting-changes.ts';
import { carla, type PassPlan, type Setup, TEAM, type World } from './world.ts';

/** What can happen next. A step that does not fit the moment does nothing. */

const NOTHING = 'nothing';

export class Step {
  readonly #text: string;
  readonly #act: (world: World) => Promise<unknown>;

  constructor(text: string, act: (world: World) => Promise<unknown>) {
    this.#text = text;
    this.#act = act;
  }

  async run(world: World): Promise<void> {
    if (this.#text !== NOTHING) world.diary.push(this.#text);
    await this.#act(world);
  }

  [fc.toStringMethod](): string {
    return this.#text;
  }
}

export const setup: fc.Arbitrary<Setup> = fc.record({
  seriesEcho: fc.constantFrom('all' as const, 'master' as const),
  omitMasters: fc.boolean(),
  pageSize: fc.constantFrom(50, 3),
  concurrency: fc.constantFrom(1, 1, 1, 6),
});

const changes = fc
  .oneof({ weight: 3, arbitrary: meetingChanges }, { weight: 2, arbitrary: mailChanges })
  .map(({ text, act }) => new Step(text, (world) => world.change(() => act(world))));

const people = fc.constantFrom('joins', 'leaves', 'leaves').map(
  (what) =>
    new Step(`Carla ${what}`, (world) =>
      world.change((tenant) => {
        const isHere = world.active.includes(carla.address);
        if (what === 'joins' && !isHere) world.join(carla);
        if (what === 'leaves' && isHere) tenant.removeMailbox(carla.address);
      }),
    ),
);

const lostTokens = fc.option(fc.nat(2)).map(
  (which) =>
    new Step(
      `Graph forgets the cursors of ${TEAM[which ?? 3]?.address ?? 'all'}`,
      async ({ tenant, sandbox }) => {
        const address = TEAM[which ?? 3]?.address;
        const number = tenant.mailboxes.findLast((mailbox) => mailbox.address === address)?.number;
        sandbox.faults.invalidateTokens(number);
      },
    ),
);

const time = fc
  .constantFrom(
    ['5 minutes', 5 / 60],
    ['59 minutes', 59 / 60],
    ['3 hours', 3],
    ['a day', 24],
    ['3 days', 72],
    ['9 days', 216],
    ['25 days', 600],
  )
  .map(
    ([name, hours]) =>
      new Step(`${name} go by`, ({ tenant }) => {
        tenant.now += Number(hours) * HOUR;
        return Promise.resolve();
      }),
  );

const skew = fc
  .constantFrom(
    ['right again', 0],
    ['20 minutes slow', -HOUR / 3],
    ['30 hours slow', -1.25 * DAY],
    ['an hour fast', HOUR],
  )
  .map(
    ([name, ms]) =>
      new Step(`the service's clock is ${name}`, (world) => {
        world.skew = Number(ms);
        return Promise.resolve();
      }),
  );

const deliveryFaults = fc.constantFrom('off', 'duplicate', 'reorder', 'delay', 'well').map(
  (mode) =>
    new Step(`notifications go ${mode}`, ({ sandbox }) => {
      sandbox.faults.clear();
      if (mode !== 'well') sandbox.faults.add({ effect: { type: 'delivery', mode } });
      return Promise.resolve();
    }),
);

const service = fc.oneof(
  fc.constant(new Step('the service restarts', (world) => world.restart())),
  fc.constant(new Step('subscriptions are looked after', (world) => world.lookAfterSubscriptions())),
  fc.constant(new Step('held notifications come', ({ sandbox }) => sandbox.deliver())),
);

const scopes: fc.Arbitrary<PassPlan['options']> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.constant({ only: 'dirty' as const }) },
  { weight: 1, arbitrary: fc.constantFrom('meeting' as const, 'email' as const).map((kind) => ({ kind })) },
  { weight: 1, arbitrary: fc.constantFrom(...TEAM).map(({ address: mailbox }) => ({ mailbox })) },
);

const passes = fc
  .record({
    options: scopes,
    faults: fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(faults, { minLength: 1, maxLength: 2 }) },
    ),
    interruption: fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      {
        weight: 1,
        arbitrary: fc.record({
          after: fc.integer({ min: 1, max: 60 }),
          how: fc.constantFrom('stop' as const, 'kill' as const),
        }),
      },
    ),
  })
  .map((plan) => new Step(described(plan), (world) => world.pass(plan)));

function described({ options, faults: rules, interruption }: PassPlan): string {
  const words = [
    `a pass ${JSON.stringify(options)}`,
    ...rules.map((rule) => `with ${JSON.stringify(rule)}`),
    ...(interruption === null ? [] : [`interrupted (${interruption.how}) at effect ${interruption.after}`]),
  ];
  return words.join(' ');
}

const nothing = fc.constant(new Step(NOTHING, () => Promise.resolve()));

/** A step shrinks to nothing at all. */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { withCrossShrink: true },
    { weight: 0, arbitrary: nothing },
    { weight: 30, arbitrary: changes },
    { weight: 14, arbitrary: passes },
    { weight: 5, arbitrary: time },
    { weight: 1, arbitrary: skew },
    { weight: 1, arbitrary: people },
    { weight: 2, arbitrary: lostTokens },
    { weight: 2, arbitrary: deliveryFaults },
    { weight: 3, arbitrary: service },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);
