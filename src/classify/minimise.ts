/** Loss at `point`; writes the gradient there into `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

/** Steps remembered for the curvature; more gain nothing on problems of this size. */
const MEMORY = 8;
/** Armijo's condition: the loss falls by at least this share of what the slope promises. */
const SUFFICIENT = 1e-4;
/** Halvings of a step before it is given up. */
const HALVINGS = 30;

interface Step {
  readonly move: Float64Array;
  readonly turn: Float64Array;
  readonly curvature: number;
}

/**
 * Minimum of a smooth convex function by L-BFGS (Nocedal & Wright, algorithm 7.4) with a backtracking line search.
 * Deterministic; stops when the loss falls by less than `tolerance` of itself or after `iterations`.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  { iterations = 200, tolerance = 1e-4 }: { iterations?: number; tolerance?: number } = {},
): Float64Array {
  let point: Float64Array = Float64Array.from(start);
  let gradient: Float64Array = new Float64Array(start.length);
  let loss = objective(point, gradient);
  const steps: Step[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const direction = downhill(gradient, steps);
    const slope = inner(direction, gradient);
    if (!(slope < 0)) break;
    const next = search(objective, { point, loss, direction, slope, first: steps.length === 0 });
    if (next === null) break;
    const move = difference(next.point, point);
    const turn = difference(next.gradient, gradient);
    const curvature = inner(move, turn);
    if (curvature > 1e-12) steps.push({ move, turn, curvature });
    if (steps.length > MEMORY) steps.shift();
    const gain = loss - next.loss;
    ({ point, gradient, loss } = next);
    if (gain < tolerance * Math.abs(loss)) break;
  }
  return point;
}

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function downhill(gradient: Float64Array, steps: readonly Step[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { move, turn, curvature } of steps.toReversed()) {
    const share = inner(move, direction) / curvature;
    add(direction, turn, -share);
    shares.push(share);
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / inner(last.turn, last.turn);
    for (let at = 0; at < direction.length; at++) direction[at] = (direction[at] ?? 0) * scale;
  }
  for (const { move, turn, curvature } of steps) {
    const share = shares.pop() ?? 0;
    add(direction, move, share - inner(turn, direction) / curvature);
  }
  return direction;
}

function search(
  objective: Objective,
  from: { point: Float64Array; loss: number; direction: Float64Array; slope: number; first: boolean },
): { point: Float64Array; gradient: Float64Array; loss: number } | null {
  // Before any curvature is known the gradient's length says nothing: begin with a step of length one.
  let size = from.first ? 1 / Math.sqrt(-from.slope) : 1;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const point = Float64Array.from(from.point);
    add(point, from.direction, size);
    const gradient = new Float64Array(point.length);
    const loss = objective(point, gradient);
    if (loss <= from.loss + SUFFICIENT * size * from.slope) return { point, gradient, loss };
    size /= 2;
  }
  return null;
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let at = 0; at < to.length; at++) to[at] = (to[at] ?? 0) + times * (what[at] ?? 0);
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, at) => value - (b[at] ?? 0));
}
