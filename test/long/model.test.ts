import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reasonOf } from '../../src/core/errors.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { type Step, setup, steps } from './model/steps.ts';
import { type Setup, World } from './model/world.ts';

/**
 * Random histories of a tenant and of the service that follows it: whatever happened, once it is calm the store equals
 * the truth, nothing was asked without a reason, and a further pass finds nothing to do.
 * FC_SEED and FC_PATH, as a failure prints them, run that one history again.
 */

const LONG = process.env['LONG'] === '1';
// The short form is the same every time, the long one another each time.
const SEED = 20_260_301;
const SEQUENCES = LONG ? 500 : 25;

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());

/** @throws with what happened step by step */
async function live(how: Setup, sequence: readonly Step[]): Promise<void> {
  await emptyStore(store);
  await using world = await World.begin(how, store);
  try {
    for (const step of sequence) await step.run(world);
    await world.settle();
  } catch (cause) {
    // its own words are in the message already
    const where =
      cause instanceof Error ? cause.stack?.split('\n').find((line) => line.includes('/test/')) : '';
    throw new Error(`${reasonOf(cause)}\n${where ?? ''}\n\n${world.diary.join('\n')}\n`);
  }
}

it(`holds after each of ${SEQUENCES} random histories`, { timeout: 60 * 60_000 }, async () => {
  const { FC_SEED: seed, FC_PATH: path } = process.env;
  let equal = 0;
  const history = fc.asyncProperty(setup, steps, async (how, sequence) => {
    await live(how, sequence);
    equal += 1;
  });
  const details = await fc.check(history, {
    numRuns: SEQUENCES,
    seed: seed === undefined ? (LONG ? Date.now() & 0x7fff_ffff : SEED) : Number(seed),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  });
  console.log(`model: ${details.numRuns} sequences, ${equal} equal (FC_SEED=${details.seed})`);
  if (!details.failed) return;
  const { counterexample, counterexamplePath, numShrinks, errorInstance } = details;
  const [how] = counterexample ?? [];
  const replay = `FC_SEED=${details.seed} FC_PATH=${counterexamplePath} (shrunk ${numShrinks} times)`;
  expect.fail(`${replay}\n${JSON.stringify(how)}\n${reasonOf(errorInstance)}`);
});
