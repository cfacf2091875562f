import { shortHash } from '../core/hash.ts';
import type { Split } from './examples.ts';

/**
 * Which items train, which choose and which judge. Items that say nearly the same stay together: otherwise a figure
 * would measure memory.
 */

/** Two texts are near-duplicates from this share of common words on (Jaccard index of their sets of words). */
export const NEAR = 0.5;

export interface Entry {
  readonly id: string;
  readonly text: string;
  /** Contrast pairs and the like, known beforehand. */
  readonly group?: string;
  /** Given before: it stays. */
  readonly split?: Split;
}

export interface Placed {
  readonly group: string;
  readonly split: Split;
}

/** Lower-case words alone (a text without any: itself): texts equal in this are duplicates. */
export function normalised(text: string): string {
  return wordsOf(text).join(' ') || text.replace(/\s+/g, '');
}

function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/**
 * A group and a split for every entry, in order: near-duplicates and given groups, joined as far as they touch, form
 * a group, and its name's hash decides (80 % train, 10 % dev, 10 % test). A split given before is kept by the whole
 * group; `null` where a new entry would join groups of different splits: it belongs nowhere and must be left out.
 */
export function place(entries: readonly Entry[]): readonly (Placed | null)[] {
  const members = new Map<number, number[]>();
  for (const [at, cluster] of clusters(entries).entries()) {
    const ats = members.get(cluster);
    if (ats === undefined) members.set(cluster, [at]);
    else ats.push(at);
  }
  const placed: (Placed | null)[] = entries.map(() => null);
  for (const ats of members.values()) {
    const settle = settled(ats.flatMap((at) => entries[at] ?? []));
    for (const at of ats) {
      const entry = entries[at];
      placed[at] = entry === undefined ? null : settle(entry);
    }
  }
  return placed;
}

/** Where the members of one group go. */
function settled(together: readonly Entry[]): (entry: Entry) => Placed | null {
  const old = together.filter(({ split }) => split !== undefined);
  const first = together.map(({ id }) => id).toSorted()[0] ?? '';
  const group = old[0]?.group ?? first;
  if (new Set(old.map(({ split }) => split)).size > 1)
    return ({ id, group: own, split }) => (split === undefined ? null : { group: own ?? id, split });
  const split = old[0]?.split ?? drawn(group);
  return () => ({ group, split });
}

/** Eighty of a hundred train, ten choose, ten judge. */
function drawn(group: string): Split {
  const hundredth = Number.parseInt(shortHash(group).slice(0, 8), 16) % 100;
  if (hundredth < 80) return 'train';
  return hundredth < 90 ? 'dev' : 'test';
}

/** For each entry the index of its cluster's first. */
function clusters(entries: readonly Entry[]): readonly number[] {
  const parent = entries.map((_, at) => at);
  const root = (at: number): number => {
    let top = at;
    for (let next = parent[top] ?? top; next !== top; next = parent[top] ?? top) top = next;
    parent[at] = top;
    return top;
  };
  const join = (a: number, b: number) => {
    const [low, high] = [root(a), root(b)].toSorted((x, y) => x - y);
    if (low !== undefined && high !== undefined) parent[high] = low;
  };
  const firstOf = new Map<string, number>();
  for (const [at, { group }] of entries.entries()) {
    if (group === undefined) continue;
    const first = firstOf.get(group);
    if (first === undefined) firstOf.set(group, at);
    else join(first, at);
  }
  for (const [a, b] of nearPairs(entries.map(({ text }) => text))) join(a, b);
  return entries.map((_, at) => root(at));
}

/**
 * All pairs of texts whose sets of words overlap by `NEAR` or more, by index. Exact: two such sets share one of their
 * rarest words, so only those few are looked up (prefix filtering).
 */
export function* nearPairs(texts: readonly string[]): Generator<readonly [number, number]> {
  const sets = texts.map((text) => [...new Set(wordsOf(text))]);
  const frequency = new Map<string, number>();
  for (const set of sets) for (const word of set) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const rarity = (word: string) => frequency.get(word) ?? 0;
  const seen = new Map<string, number[]>();
  for (const [at, words] of sets.entries()) {
    words.sort((a, b) => rarity(a) - rarity(b) || (a < b ? -1 : 1));
    const rarest = words.slice(0, words.length - Math.ceil(NEAR * words.length) + 1);
    const candidates = new Set(rarest.flatMap((word) => seen.get(word) ?? []));
    const own = new Set(words);
    for (const other of candidates) {
      const theirs = sets[other] ?? [];
      // sets of very different sizes cannot overlap enough, however much they share
      const isComparable = Math.min(own.size, theirs.length) >= NEAR * Math.max(own.size, theirs.length);
      if (isComparable && overlap(own, theirs) >= NEAR) yield [other, at];
    }
    for (const word of rarest) {
      const list = seen.get(word);
      if (list === undefined) seen.set(word, [at]);
      else list.push(at);
    }
  }
}

function overlap(a: ReadonlySet<string>, b: readonly string[]): number {
  const shared = b.reduce((sum, word) => sum + (a.has(word) ? 1 : 0), 0);
  return shared / (a.size + b.length - shared);
}
