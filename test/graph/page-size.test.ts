import { expect, it } from 'vitest';
import { firstPageSize, nextPageSize } from '../../src/graph/page-size.ts';

const message = (units: number) => ({ id: 'a', body: { contentType: 'html', content: 'x'.repeat(units) } });
const page = (units: number) => Array.from({ length: 50 }, () => message(units));

it('begins with fifty, or fewer where fewer are allowed', () => {
  expect([firstPageSize(200), firstPageSize(3)]).toEqual([50, 3]);
});

it('asks for as many small items as are allowed', () => {
  expect(nextPageSize(page(100), { size: 50, most: 200 })).toBe(200);
  expect(nextPageSize(page(100), { size: 50, most: 3 })).toBe(3);
});

it('asks for fewer where they are large, and never for fewer than the first page has', () => {
  expect(nextPageSize(page(30_000), { size: 200, most: 200 })).toBe(100);
  expect(nextPageSize(page(1_000_000), { size: 200, most: 200 })).toBe(50);
});

it('counts what is new of a reply beside the whole', () => {
  const replies = page(10_000).map((item) => ({ ...item, uniqueBody: { content: 'y'.repeat(10_000) } }));
  expect(nextPageSize(replies, { size: 50, most: 200 })).toBe(150);
});

it('goes on as before after an empty page, and takes items without a body for small', () => {
  expect(nextPageSize([], { size: 120, most: 200 })).toBe(120);
  expect(
    nextPageSize([null, 'text', {}, { body: null }, { body: { content: null } }], { size: 50, most: 200 }),
  ).toBe(200);
});
