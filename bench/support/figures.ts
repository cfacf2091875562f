import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { packagePath } from '../../src/core/paths.ts';

/** What a benchmark says, and how it is shown, kept and checked. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `x` for a ratio, or MB, requests, ms and so on. */
  readonly unit: string;
  readonly target?: { readonly least: number } | { readonly most: number };
  /** What the value is made of. */
  readonly detail: string;
}

export type Bench = () => Promise<readonly Figure[]>;

/** True also where there is no target. */
export function isMet({ value, target }: Figure): boolean {
  if (target === undefined) return true;
  return 'least' in target ? value >= target.least : value <= target.most;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

/**
 * Measures several ways of the same work in turn, so that what else the machine does weighs on all of them alike.
 * @returns the medians in ms, and of each way the median over the rounds of how much longer it took than the first
 */
export async function interleaved<K extends string>(
  ways: Readonly<Record<K, () => Promise<number>>>,
  rounds: number,
): Promise<Readonly<Record<K, { readonly ms: number; readonly ratio: number }>>> {
  const names = Object.keys(ways) as K[];
  const times = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // the order turns: nobody always comes after the same neighbour
    for (let at = 0; at < names.length; at += 1) {
      const name = names[(at + round) % names.length];
      if (name !== undefined) times.get(name)?.push(await ways[name]());
    }
  }
  const [first] = names;
  const base = first === undefined ? [] : (times.get(first) ?? []);
  const of = (name: K) => {
    const own = times.get(name) ?? [];
    return { ms: median(own), ratio: median(own.map((ms, round) => ms / (base[round] ?? ms))) };
  };
  return Object.fromEntries(names.map((name) => [name, of(name)])) as ReturnType<typeof of> extends infer R
    ? Record<K, R>
    : never;
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 2 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function table(title: string, figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { value, unit, name, target, detail } = figure;
    const wanted = target === undefined ? '' : 'least' in target ? `>= ${target.least}` : `<= ${target.most}`;
    const mark = target === undefined ? '' : isMet(figure) ? 'met' : 'MISSED';
    return [`${value.toFixed(value >= 100 ? 0 : 2)} ${unit}`, wanted, mark, name, detail];
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [`${title} (${machine()})`, ...lines, ''].join('\n');
}

function machine(): string {
  const load = loadavg()[0] ?? 0;
  return `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, node ${process.version}, load ${load.toFixed(1)}`;
}

/** Beside the others, for whoever compares runs. */
export async function save(name: string, figures: readonly Figure[]): Promise<void> {
  const folder = packagePath('bench', 'results');
  await mkdir(folder, { recursive: true });
  const result = { at: new Date().toISOString(), machine: machine(), figures };
  await writeFile(`${folder}/${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}
