import { DIMENSIONS } from '../../src/classify/encoder-files.ts';
import { first, type Split } from '../../src/classify/examples.ts';
import type { Task } from '../../src/classify/taxonomy.ts';
import type { Sample } from '../../src/classify/training-problem.ts';

/** Numbers of -1 to 1, the same for the same seed (a linear congruence is random enough here). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  };
}

/** A unit vector: its label's own axis, drowned in noise as far as asked. */
export function vectorFor(axis: number, noise: number, random: () => number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSIONS }, () => (noise * random()) / 10);
  vector[axis] = (vector[axis] ?? 0) + 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export function madeUpTask(ids: readonly string[], change: Partial<Task> = {}): Task {
  return {
    kinds: ['risk'],
    multi: false,
    none: false,
    threshold: 0.5,
    floor: 0.5,
    scale: 10,
    bias: 0,
    labels: ids.map((id) => ({ id, name: id, description: id, primary: true, examples: [] })),
    ...change,
  };
}

/** Items of each label around its axis; every tenth is labelled wrongly, so that nothing can be perfect. */
export function madeUpSamples(ids: readonly string[], options: { each: number; noise: number }): Sample[] {
  const random = numbers(7);
  return Array.from({ length: options.each * ids.length }, (_, at) => {
    const axis = at % ids.length;
    const round = Math.floor(at / ids.length);
    const isWrong = round % 10 === 9;
    const split: Split = round % 5 === 4 ? 'dev' : 'train';
    const label = ids[(axis + (isWrong ? 1 : 0)) % ids.length] ?? '';
    return { vector: vectorFor(axis, options.noise, random), gold: first([label]), split, importance: 1 };
  });
}
