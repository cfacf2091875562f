import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { random } from '../../src/sandbox/random.ts';
import { vectorText } from '../../src/store/tags.ts';
import { type Crowd, ENCODER, fillCrowd } from '../support/crowd.ts';
import { type Explained, openExplained } from '../support/explained.ts';
import { createDatabase, openSql } from '../support/postgres.ts';

/** Which indexes searches read: what the planner really did inside the functions, told by auto_explain. */

let client: Explained['client'];
let plans: Explained['plans'];
let crowd: Crowd;
beforeAll(async () => {
  const url = await createDatabase(inject('postgresUrl'));
  const admin = openSql(url);
  crowd = await fillCrowd(admin.sql, 10_000);
  await admin.close();
  ({ client, plans } = await openExplained(url));
  await client.query('set role service_role');
}, 300_000);
afterAll(() => client?.end());

/** The plans of one call, those parts left out that never ran. */
async function plansOf(name: string, payload: object): Promise<string> {
  plans.length = 0;
  await client.query(`select public.${name}($1::jsonb)`, [JSON.stringify(payload)]);
  const lines = plans.join('\n').split('\n');
  return lines.filter((line) => !line.includes('(never executed)')).join('\n');
}

describe('the indexes of a search', () => {
  const asked = (filter: object = {}) => {
    const { query, vector } = crowd.question(random('plan'));
    return { query, embedding: vectorText(vector), encoder: ENCODER, limit: 10, ...filter };
  };

  it.each([{}, { withhold: ['nps'] }, { kinds: ['meeting'] }])(
    'are those of vectors and words, and no row is read that no index gave: %j',
    async (filter) => {
      const plan = await plansOf('touchpoint_search', asked(filter));
      expect(plan).toContain('Index Scan using touchpoints_embedding on touchpoints');
      expect(plan).toContain('Bitmap Index Scan on touchpoints_words');
      // counting what a filter keeps stops at the few that are worth it
      const scans = plan.split('\n').filter((line) => /Seq Scan on touchpoints/.test(line));
      for (const scan of scans) expect(Number(/rows=(\d+) loops/.exec(scan)?.[1])).toBeLessThanOrEqual(2001);
    },
  );

  it('are all that is read where a filter keeps so much that counting it would be in vain', async () => {
    const plan = await plansOf('touchpoint_search', asked({ kinds: ['email'] }));
    expect(plan).toContain('Index Scan using touchpoints_embedding on touchpoints');
    expect(plan).not.toMatch(/Seq Scan on touchpoints/);
  });

  it('give every answer where the planner takes few rows for many', async () => {
    await client.query('reset role; begin');
    // all but twelve are of another kind from now on, and the planner is not told
    const changed =
      await client.query(`update touchpoint.touchpoints set kind = 'risk' where kind = 'email' and id not in
      (select id from touchpoint.touchpoints where kind = 'email' limit 12)`);
    expect(changed.rowCount).toBeGreaterThan(4000);
    await client.query('set local role service_role');
    const { rows } = await client.query('select public.touchpoint_search($1::jsonb) as hits', [
      JSON.stringify(asked({ kinds: ['email'] })),
    ]);
    expect(rows[0].hits).toHaveLength(10);
    await client.query('rollback; set role service_role');
  });

  it('are those of the filter where it keeps few', async () => {
    const people = await plansOf('touchpoint_search', asked({ people: ['person.500@example.test'] }));
    expect(people).toContain('touchpoints_people');
    expect(people).not.toContain('Index Scan using touchpoints_embedding on');
    const client = await plansOf('touchpoint_search', asked({ client: 'Client 200' }));
    expect(client).toContain('touchpoints_client');
    expect(client).not.toMatch(/Seq Scan on touchpoints/);
  });

  it('of what is like a touchpoint are those of vectors', async () => {
    const plan = await plansOf('touchpoint_similar', { id: 'row 7', kind: undefined, limit: 10 });
    expect(plan).toContain('Index Scan using touchpoints_embedding on touchpoints');
  });
});
