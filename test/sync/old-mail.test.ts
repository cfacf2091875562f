import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { anna, bruno, DAY, jane, type SmallTenant, smallTenant, write } from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { stored, syncDeps } from '../support/sync.ts';

/** Old mail is not fetched; what was fetched while it was young stays, wherever people file it. */

let store: PgliteStore;
let small: SmallTenant;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  small = await smallTenant();
  const { config } = small;
  small.config = { ...config, clients: [], mail: { ...config.mail, past_days: 30 } };
});
afterEach(() => small.sandbox.close());
afterAll(() => store.close());

const pass = async () => {
  const { problems } = await syncPass(syncDeps(small.sandbox, store), small.config, { kind: 'email' });
  expect(problems).toEqual([]);
};
const titles = async () => (await stored(store)).map(({ title }) => title).sort();

it('is left out when it was old before anybody read it, and when it is moved after that', async () => {
  const id = write(small.sandbox, 'Old', [jane, anna], { days: -40 });
  await pass();
  small.sandbox.tenant.moveMail(id, anna.address, 'archive');
  await pass();
  expect(await titles()).toEqual([]);
});

it('stays when it has grown old and is filed in another folder that is read', async () => {
  const { tenant, faults } = small.sandbox;
  const id = write(small.sandbox, 'Filed', [jane, anna, bruno], { days: -1 });
  await pass();
  const before = await store.sql('select id from touchpoint.touchpoints');
  tenant.now += 40 * DAY;
  for (const { address } of [anna, bruno]) tenant.moveMail(id, address, 'archive');
  await pass();
  expect(await titles()).toEqual(['Filed']);
  expect(await store.sql('select id from touchpoint.touchpoints')).toEqual(before);
  faults.invalidateTokens();
  await pass();
  expect((await stored(store))[0]?.copies).toHaveLength(2);
});

it('goes when it is deleted, however old it is', async () => {
  const { tenant } = small.sandbox;
  const id = write(small.sandbox, 'Deleted', [jane, anna], { days: -1 });
  await pass();
  tenant.now += 40 * DAY;
  await pass();
  tenant.deleteMail(id);
  await pass();
  expect(await titles()).toEqual([]);
});
