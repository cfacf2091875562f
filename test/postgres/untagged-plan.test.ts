import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ENCODER, fillCrowd } from '../support/crowd.ts';
import { type Explained, openExplained } from '../support/explained.ts';
import { createDatabase, openSql } from '../support/postgres.ts';

/** How many rows are read to learn what waits for tags, told by auto_explain: as many as wait, not as many as there are. */

const ROWS = 3000;
const VERSION = { encoder: ENCODER, taxonomy: 'v' };

let client: Explained['client'];
let plans: Explained['plans'];
beforeAll(async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const admin = openSql(url);
  await fillCrowd(admin.sql, ROWS);
  await admin.close();
  ({ client, plans } = await openExplained(url));
}, 300_000);
afterAll(() => client?.end());

/** What waits for `version`, and the rows of touchpoints that were read for it. */
async function waiting(version: object, limit = 50) {
  plans.length = 0;
  const { rows } = await client.query('select public.touchpoint_untagged($1::jsonb) as page', [
    JSON.stringify({ ...version, attempts: 3, limit }),
  ]);
  const scans = plans
    .join('\n')
    .matchAll(/Scan .*?on touchpoints.*?\(actual time=\S+ rows=(\d+) loops=(\d+)\)(?:\n\s+(?!->).*){0,4}/g);
  const read = [...scans].map(([text, given, loops]) => {
    const removed = /Rows Removed by (?:Index )?(?:Filter|Recheck): (\d+)/.exec(text)?.[1] ?? 0;
    return (Number(given) + Number(removed)) * Number(loops);
  });
  const keys: string[] = rows[0].page.map(({ id }: { id: string }) => id);
  return { keys, read: read.reduce((sum, count) => sum + count, 0) };
}

describe('what waits for tags', () => {
  it('is found without reading what does not, when nothing waits', async () => {
    const { keys, read } = await waiting(VERSION);
    expect(keys).toEqual([]);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(10);
  });

  it('is found among many: a changed text, tags of an older taxonomy, a vector of another encoder', async () => {
    const changed = await client.query(`update touchpoint.touchpoints t set
        text_hash = case n.place when 1 then 'other' else text_hash end,
        taxonomy = case n.place when 2 then 'older' else taxonomy end,
        encoder = case n.place when 3 then 'another@1' else encoder end,
        attempts = case n.place when 4 then 3 else 0 end, tagged_hash = case n.place when 4 then null else tagged_hash end
      from (select id, row_number() over (order by id) as place from touchpoint.touchpoints) n
      where n.id = t.id and n.place <= 4 returning t.id, n.place`);
    const due = changed.rows.filter(({ place }) => place !== '4').map(({ id }) => id);
    const { keys, read } = await waiting(VERSION);
    expect(keys.toSorted()).toEqual(due.toSorted());
    expect(read).toBeLessThan(30);
  });

  it('is read a page at a time, and nothing that lies between', async () => {
    const waits =
      await client.query(`update touchpoint.touchpoints t set tagged_hash = null, taxonomy = null, encoder = null
      from (select id, row_number() over (order by id) as place from touchpoint.touchpoints) n
      where n.id = t.id and n.place % 30 = 0 returning t.id`);
    const { keys, read } = await waiting(VERSION);
    expect(keys).toHaveLength(50);
    expect(waits.rows.length).toBe(ROWS / 30);
    // twice found, once looked up
    expect(read).toBeLessThan(300);
  });

  it('is everything for another version, a page at a time', async () => {
    const { keys, read } = await waiting({ ...VERSION, taxonomy: 'newer' });
    expect(keys).toHaveLength(50);
    expect(keys).toEqual(keys.toSorted());
    expect(read).toBeLessThan(400);
  });
});
