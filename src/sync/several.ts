import pLimit from 'p-limit';

/**
 * Works on several items at once, in order of the list. After a failure nothing new is begun, and the first error is
 * thrown once nothing runs any more: whoever catches it may close what the work was using.
 */
export async function several<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const queue = pLimit(limit);
  const failures: unknown[] = [];
  const results: R[] = [];
  await queue.map(items, async (item, index) => {
    if (failures.length > 0) return;
    try {
      results[index] = await work(item);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return results;
}
