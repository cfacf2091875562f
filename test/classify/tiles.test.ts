import { expect, it } from 'vitest';
import { TILE, tilesOf } from '../../src/classify/tiles.ts';
import { numbers } from './made-up.ts';

/** Against the plain double loop. */

const WIDTH = 5;
const near = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a).toHaveLength(b.length);
  for (let at = 0; at < a.length; at++) expect(a[at]).toBeCloseTo(b[at] ?? Number.NaN, 12);
};

it.each([1, 2, 3, 8])('are the products of rows and %i labels, forth and back', (labels) => {
  const random = numbers(labels);
  const made = (length: number) => Float64Array.from({ length }, () => random());
  const rows = Float32Array.from(made(3 * TILE * WIDTH));
  const [point, gradient] = [made(labels * (WIDTH + 1)), made(labels * (WIDTH + 1))];
  const wanted = Float64Array.from(gradient);
  const tiles = tilesOf(rows, WIDTH, labels);
  for (let row = 0; row < 3 * TILE; row += TILE) {
    tiles.forward(point, row);
    const rates = made(TILE * labels);
    for (let inner = 0; inner < TILE; inner++) {
      for (let label = 0; label < labels; label++) {
        const base = label * (WIDTH + 1);
        const rate = rates[inner * labels + label] ?? 0;
        let logit = point[base + WIDTH] ?? 0;
        for (let at = 0; at < WIDTH; at++) {
          const value = rows[(row + inner) * WIDTH + at] ?? 0;
          logit += (point[base + at] ?? 0) * value;
          wanted[base + at] = (wanted[base + at] ?? 0) + rate * value;
        }
        wanted[base + WIDTH] = (wanted[base + WIDTH] ?? 0) + rate;
        expect(tiles.logits[inner * (labels + 1) + label]).toBeCloseTo(logit, 12);
        tiles.rates[inner * (labels + 1) + label] = rate;
      }
    }
    tiles.backward(gradient, row);
  }
  near(gradient, wanted);
});
