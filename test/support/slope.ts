/** How a series of measurements goes on: by least squares, so that one odd value does not decide. */
export interface Trend {
  readonly mean: number;
  /** Growth from one value to the next. */
  readonly slope: number;
  /** Growth over the whole series by the slope, as a share of the mean. */
  readonly growth: number;
}

/** @throws {RangeError} for fewer than two values */
export function trendOf(values: readonly number[]): Trend {
  const count = values.length;
  if (count < 2) throw new RangeError('a trend needs two values');
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const middle = (count - 1) / 2;
  let [above, below] = [0, 0];
  for (const [at, value] of values.entries()) {
    above += (at - middle) * (value - mean);
    below += (at - middle) ** 2;
  }
  const slope = above / below;
  return { mean, slope, growth: (slope * (count - 1)) / mean };
}
