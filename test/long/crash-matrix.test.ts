import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { Lane } from './lane.ts';
import { type Point, planPoints } from './scenarios.ts';
import { embeddedShelf, nativeShelf } from './shelves.ts';

/** The service is killed at any instant of anything it does; whoever starts it again finds nothing lost and nothing doubled. */

const POINTS = process.env['LONG'] === '1' ? 200 : 12;
/** Numbers of points (`POINT=7,11`), to look at those that went wrong. */
const ONLY = process.env['POINT']?.split(',').map(Number);
const MINUTES = 60_000;

let postgres: Postgres;
let lanes: Readonly<Record<Point['driver'], Lane>>;
beforeAll(async () => {
  postgres = await startPostgres();
  lanes = {
    pglite: await Lane.open(await embeddedShelf()),
    postgres: await Lane.open(nativeShelf(postgres)),
  };
}, 5 * MINUTES);
afterAll(async () => {
  await Promise.allSettled(Object.values(lanes ?? {}).map((lane) => lane.close()));
  await postgres?.stop();
});

interface Ran {
  readonly name: string;
  readonly atWork: boolean;
  readonly differences: readonly string[];
}

async function runAll(lane: Lane, points: readonly Point[]): Promise<Ran[]> {
  const ran: Ran[] = [];
  for (const point of points) {
    const { number, driver, scenario, how, place, moment } = point;
    const where = how === 'time' ? 'at' : `${moment} the effect at`;
    const name = `point ${number}: ${driver}, ${scenario.name}, ${where} ${(place * 100).toFixed(1)} %`;
    ran.push({ name, ...(await lane.run(point)) });
  }
  return ran;
}

it(
  `a service that is killed at ${POINTS} points comes to the same as one that is not`,
  async () => {
    const points = planPoints(POINTS).filter(({ number }) => ONLY?.includes(number) !== false);
    const both = await Promise.allSettled(
      Object.entries(lanes).map(([driver, lane]) =>
        runAll(
          lane,
          points.filter((point) => point.driver === driver),
        ),
      ),
    );
    const ran = both.flatMap((lane) => {
      if (lane.status === 'rejected') throw lane.reason;
      return lane.value;
    });
    const unequal = ran.filter(({ differences }) => differences.length > 0);
    console.log(`crash matrix: ${ran.length} points, ${ran.length - unequal.length} equal`);
    expect(unequal).toEqual([]);
    expect(ran).toHaveLength(points.length);
    // a killing that comes too late shows nothing: the odd one may, when the work was faster than the one before
    expect(ran.filter(({ atWork }) => atWork).length).toBeGreaterThanOrEqual(ran.length * 0.8);
  },
  30 * MINUTES,
);
