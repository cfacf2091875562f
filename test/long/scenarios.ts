import type { Sandbox } from '../../src/sandbox/server.ts';
import { jane, meet, write } from '../support/small-tenant.ts';
import { MOMENTS } from './fuse.ts';
import type { Orders } from './orders.ts';

/** What the service is doing when it is killed, and the plan of where each of the killings falls. */

export interface Scenario {
  readonly name: string;
  /** The store before: empty, or one that knows the tenant as it was at first. */
  readonly from: 'nothing' | 'synced';
  readonly work: Orders['work'];
  /** The synced store was tagged by quick@1: any other has everything to tag anew. */
  readonly tagger: Orders['tagger'];
  readonly counts: Orders['fuse']['counts'];
  /** What happens in the tenant before the work. */
  readonly before: (sandbox: Sandbox) => void;
}

const STEPS = 5;

export const nothing = () => undefined;

function mutated(sandbox: Sandbox): void {
  for (let step = 0; step < STEPS; step++) sandbox.mutate();
}

function troubled(sandbox: Sandbox): void {
  mutated(sandbox);
  sandbox.faults.add(
    { match: { token: true }, effect: { type: 'replay', changes: 3 } },
    { match: { probability: 0.3 }, effect: { type: 'reorder' } },
    { match: { probability: 0.3 }, effect: { type: 'duplicate', stale: true } },
    { match: { probability: 0.05 }, effect: { type: 'refuse', status: 503, retryAfter: 1 } },
    { match: { probability: 0.05 }, effect: { type: 'cut' } },
  );
}

function lost(sandbox: Sandbox): void {
  mutated(sandbox);
  sandbox.faults.invalidateTokens();
}

const usual = { from: 'synced', tagger: 'quick@1', counts: 'all', before: nothing } as const;

const SCENARIOS: readonly Scenario[] = [
  { ...usual, name: 'first round', from: 'nothing', work: 'pass' },
  { ...usual, name: 'delta round', work: 'pass', before: troubled },
  { ...usual, name: 'reset', work: 'pass', before: lost },
  { ...usual, name: 'sweep', work: 'resync', before: mutated, counts: 'sweeps' },
  { ...usual, name: 'tagging', work: 'tags', tagger: 'quick@2' },
  { ...usual, name: 'tagging by the model', work: 'tags', tagger: 'model' },
  { ...usual, name: 'notifications', work: 'notifications' },
];

/** The changes are told to the process at work; otherwise they lie there before it starts. */
export function isTold(scenario: Scenario): boolean {
  return scenario.work === 'notifications';
}

/**
 * One change in each calendar and each inbox, told one after the other as each is answered. No feed is told of twice: what
 * one lost notification said would be known from nothing else.
 */
export async function tell(sandbox: Sandbox, mailboxes: readonly string[]): Promise<void> {
  for (const address of mailboxes) {
    const person = { name: 'Somebody', address };
    meet(sandbox, `A meeting that ${address} is told of`, [person]);
    await sandbox.deliver();
    write(sandbox, `A mail that ${address} is told of`, [jane, person]);
    await sandbox.deliver();
  }
}

/** One killing. */
export interface Point {
  readonly number: number;
  readonly driver: 'pglite' | 'postgres';
  readonly scenario: Scenario;
  /** At a counted effect, or at some time. */
  readonly how: 'effect' | 'time';
  /** Where in the work, 0..1 of its effects or of its time. */
  readonly place: number;
  readonly moment: (typeof MOMENTS)[number];
}

// The model takes its time: it has every second turn.
const TURNS = [...SCENARIOS, ...SCENARIOS.filter(({ tagger }) => tagger !== 'model')];
const DRIVERS = ['pglite', 'postgres'] as const;
// Multiples of it, without their whole part, lie evenly spread however many there are.
const GOLDEN = 0.618_033_988_749_895;

/** Half of the points on each driver, half of each at counted effects, all scenarios in turn. */
export function planPoints(total: number): Point[] {
  const met = new Map<string, number>();
  return Array.from({ length: total }, (_, number) => {
    const lane = number % DRIVERS.length;
    const turn = Math.floor(number / DRIVERS.length);
    const driver = DRIVERS[lane] ?? 'pglite';
    // the lanes start apart: few points still meet every scenario
    const scenario = TURNS[(turn + lane * 3) % TURNS.length];
    if (scenario === undefined) throw new RangeError('no scenario');
    const how = (turn + lane) % 2 === 0 ? 'effect' : 'time';
    const key = `${scenario.name} ${how}`;
    const before = met.get(key) ?? 0;
    met.set(key, before + 1);
    const moment = MOMENTS[number % MOMENTS.length] ?? 'before';
    return { number, driver, scenario, how, place: ((before + 0.7) * GOLDEN) % 1, moment };
  });
}
