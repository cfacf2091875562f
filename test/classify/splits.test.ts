import { describe, expect, test } from 'vitest';
import { type Entry, nearPairs, normalised, place } from '../../src/classify/splits.ts';

const entry = (id: string, text: string, more: Partial<Entry> = {}): Entry => ({ id, text, ...more });

test('texts that differ in case, punctuation and spacing alone are the same', () => {
  expect(normalised('The  QBR, at last!')).toBe(normalised('the qbr at LAST'));
  expect(normalised('👍')).not.toBe(normalised('👎'));
});

test('pairs that share half of their words are found, and no others', () => {
  const texts = [
    'the report is slow again today',
    'the report is slow again',
    'our sponsor left the company',
    'the sponsor left',
    'nothing in common here',
    'Nothing, in common: HERE!',
  ];
  const jaccard = (a: string, b: string) => {
    const [first, second] = [a, b].map((text) => new Set(normalised(text).split(' ')));
    const both = [...(first ?? [])].filter((word) => second?.has(word)).length;
    return both / ((first?.size ?? 0) + (second?.size ?? 0) - both);
  };
  const expected = texts.flatMap((a, i) =>
    texts.flatMap((b, j) => (i < j && jaccard(a, b) >= 0.5 ? [`${i}-${j}`] : [])),
  );
  expect([...nearPairs(texts)].map((pair) => pair.join('-')).sort()).toEqual(expected.sort());
  expect(expected).toEqual(['0-1', '2-3', '4-5']);
});

describe('placing items', () => {
  const many = Array.from({ length: 2000 }, (_, at) =>
    entry(`item-${at}`, `word${at} other${at} third${at}`),
  );

  test('draws about 80, 10 and 10 of a hundred, the same each time', () => {
    const placed = place(many);
    const share = (split: string) => placed.filter((one) => one?.split === split).length / many.length;
    expect(share('train')).toBeCloseTo(0.8, 1);
    expect(share('dev')).toBeCloseTo(0.1, 1);
    expect(share('test')).toBeCloseTo(0.1, 1);
    expect(place(many)).toEqual(placed);
    expect(place(many.toReversed()).toReversed()).toEqual(placed);
  });

  test('keeps near-duplicates and given groups together, as far as they touch', () => {
    const placed = place([
      ...many,
      entry('x', 'the tea was cold this morning'),
      entry('y', 'the tea was cold this evening', { group: 'g' }),
      entry('z', 'something else altogether', { group: 'g' }),
    ]).slice(-3);
    expect(new Set(placed.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(placed[0]?.group).toBe('x');
  });

  test('never moves what has a split, sends its likes there too, and leaves out what stands between two', () => {
    const [old, new_] = place([
      entry('a', 'the tea was cold this morning', { group: 'a', split: 'test' }),
      entry('b', 'the tea was cold this evening'),
    ]);
    expect(old).toEqual({ group: 'a', split: 'test' });
    expect(new_).toEqual({ group: 'a', split: 'test' });
    const torn = place([
      entry('a', 'one two three four', { group: 'a', split: 'test' }),
      entry('b', 'five six seven eight', { group: 'b', split: 'train' }),
      entry('c', 'one two three four five six seven eight'),
    ]);
    expect(torn).toEqual([{ group: 'a', split: 'test' }, { group: 'b', split: 'train' }, null]);
  });
});
