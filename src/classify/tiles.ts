/**
 * Products of many rows with few heads, forth and back: what fitting spends its time on. Four rows and two labels at a
 * time, so that each number that is fetched is used several times: half the time of one row and one label.
 */

/** Rows at a time. */
export const TILE = 4;

export interface Tiles {
  /** Of four rows by labels: row r, label l stands at `r * (labels + 1) + l`. */
  readonly logits: Float64Array;
  /** The same for the loss's derivatives; what lies between the rows must stay 0. */
  readonly rates: Float64Array;
  /** Log-odds of the four rows from `row` on. */
  forward(point: Float64Array, row: number): void;
  /** Adds what the rates of these rows contribute. */
  backward(gradient: Float64Array, row: number): void;
}

/**
 * @param rows row by row, `width` numbers each; as many rows as a multiple of four
 * @param labels heads in `point` and `gradient`, each of `width` weights and a bias
 */
export function tilesOf(rows: Float32Array, width: number, labels: number): Tiles {
  const stride = width + 1;
  const slots = labels + 1;
  const logits = new Float64Array(TILE * slots);
  const rates = new Float64Array(TILE * slots);

  function forward(point: Float64Array, row: number): void {
    const r0 = row * width;
    const r1 = r0 + width;
    const r2 = r1 + width;
    const r3 = r2 + width;
    for (let label = 0; label < labels; label += 2) {
      const a = label * stride;
      // an odd last one goes with itself, into the slot that nobody reads
      const b = label + 1 < labels ? a + stride : a;
      let a0 = point[a + width] ?? 0;
      let b0 = point[b + width] ?? 0;
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b1 = b0;
      let b2 = b0;
      let b3 = b0;
      for (let at = 0; at < width; at++) {
        const v = point[a + at] ?? 0;
        const w = point[b + at] ?? 0;
        const x0 = rows[r0 + at] ?? 0;
        const x1 = rows[r1 + at] ?? 0;
        const x2 = rows[r2 + at] ?? 0;
        const x3 = rows[r3 + at] ?? 0;
        a0 += v * x0;
        a1 += v * x1;
        a2 += v * x2;
        a3 += v * x3;
        b0 += w * x0;
        b1 += w * x1;
        b2 += w * x2;
        b3 += w * x3;
      }
      logits[label] = a0;
      logits[label + 1] = b0;
      logits[label + slots] = a1;
      logits[label + slots + 1] = b1;
      logits[label + 2 * slots] = a2;
      logits[label + 2 * slots + 1] = b2;
      logits[label + 3 * slots] = a3;
      logits[label + 3 * slots + 1] = b3;
    }
  }

  function backward(gradient: Float64Array, row: number): void {
    for (let label = 0; label < labels; label += 2) addPair(gradient, row, label);
    for (let label = 0; label < labels; label++) {
      const bias = label * stride + width;
      for (let at = label; at < rates.length; at += slots)
        gradient[bias] = (gradient[bias] ?? 0) + (rates[at] ?? 0);
    }
  }

  function addPair(gradient: Float64Array, row: number, label: number): void {
    const a = label * stride;
    const b = label + 1 < labels ? a + stride : a;
    const r0 = row * width;
    const r1 = r0 + width;
    const r2 = r1 + width;
    const r3 = r2 + width;
    const a0 = rates[label] ?? 0;
    const b0 = rates[label + 1] ?? 0;
    const a1 = rates[label + slots] ?? 0;
    const b1 = rates[label + slots + 1] ?? 0;
    const a2 = rates[label + 2 * slots] ?? 0;
    const b2 = rates[label + 2 * slots + 1] ?? 0;
    const a3 = rates[label + 3 * slots] ?? 0;
    const b3 = rates[label + 3 * slots + 1] ?? 0;
    for (let at = 0; at < width; at++) {
      const x0 = rows[r0 + at] ?? 0;
      const x1 = rows[r1 + at] ?? 0;
      const x2 = rows[r2 + at] ?? 0;
      const x3 = rows[r3 + at] ?? 0;
      gradient[a + at] = (gradient[a + at] ?? 0) + a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3;
      gradient[b + at] = (gradient[b + at] ?? 0) + b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3;
    }
  }

  return { logits, rates, forward, backward };
}
