import { z } from 'zod';

/** How many items to ask for on a page of a round: few large ones, many small ones. */

/** Asked for as long as nothing is known of the items. */
const FIRST = 50;

/**
 * UTF-16 units of the bodies on a page, both as sent and without what is quoted. What is kept of them is less than half,
 * so that a page stays well below the 2 MB that a hosted database takes at once.
 */
const PAGE_UNITS = 3_000_000;

const Part = z.object({ content: z.string() });

export function firstPageSize(most: number): number {
  return Math.min(FIRST, most);
}

/** As many as would fit if they were like the last page's; never fewer than the first page may have. */
export function nextPageSize(
  items: readonly unknown[],
  { size, most }: { readonly size: number; readonly most: number },
): number {
  if (items.length === 0) return size;
  const units = items.reduce((sum: number, item) => sum + unitsOf(item), 0) / items.length;
  return Math.max(firstPageSize(most), Math.min(most, Math.floor(PAGE_UNITS / Math.max(1, units))));
}

function unitsOf(item: unknown): number {
  if (typeof item !== 'object' || item === null) return 0;
  const parts = ['body' in item ? item.body : null, 'uniqueBody' in item ? item.uniqueBody : null];
  return parts.reduce((sum: number, part) => sum + (Part.safeParse(part).data?.content.length ?? 0), 0);
}
