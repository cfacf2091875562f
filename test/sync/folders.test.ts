import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { listFeeds } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { anna, bruno, HOUR, jane, type SmallTenant, smallTenant, write } from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { stored, syncDeps } from '../support/sync.ts';

/** Folders that are no more: deleted by their owner, or made anew, with or without their mailbox. */

let store: PgliteStore;
let small: SmallTenant;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  small = await smallTenant({ clients: [] });
});
afterEach(() => small.sandbox.close());
afterAll(() => store.close());

const pass = () => syncPass(syncDeps(small.sandbox, store), small.config);
const titles = async () => (await stored(store)).map(({ title }) => title).sort();
/** Folders are looked up once an hour. */
const later = () => {
  small.sandbox.tenant.now += 2 * HOUR;
};

it('of a mailbox that was made anew under its old address are read anew, and the old ones let go', async () => {
  const { tenant } = small.sandbox;
  write(small.sandbox, 'Only Anna had it', [jane, anna]);
  write(small.sandbox, 'Bruno has it too', [jane, anna, bruno]);
  expect((await pass()).problems).toEqual([]);
  tenant.removeMailbox(anna.address);
  later();
  await pass();
  expect(await titles()).toEqual(['Bruno has it too', 'Only Anna had it']);
  tenant.addMailbox({ ...anna, title: 'Manager', city: 'Perth', zone: 'Australia/Perth' });
  write(small.sandbox, 'New', [jane, anna]);
  later();
  expect((await pass()).problems).toEqual([]);
  expect(await titles()).toEqual(['Bruno has it too', 'New']);
  expect(await listFeeds(store, [anna.address])).toHaveLength(4);
  const idle = await pass();
  expect(idle.requests).toBe(8);
});

/** Anna's archive, with one mail in it that she alone has. */
async function archived() {
  const { tenant } = small.sandbox;
  const id = write(small.sandbox, 'Filed', [jane, anna]);
  tenant.moveMail(id, anna.address, 'archive');
  await pass();
  expect(await titles()).toEqual(['Filed']);
  const { folders } = tenant.mailbox(anna.address);
  const at = folders.findIndex(({ wellKnown }) => wellKnown === 'archive');
  const folder = folders[at];
  if (folder === undefined || at !== folders.length - 1)
    throw new Error('the archive is not the last folder');
  return { folders, at, folder };
}

it('are let go, with the mail in them, when their owner deleted them', async () => {
  const { folders } = await archived();
  folders.pop();
  await pass();
  expect(await titles()).toEqual(['Filed']);
  later();
  expect((await pass()).problems).toEqual([]);
  expect(await titles()).toEqual([]);
  expect(await listFeeds(store, [anna.address])).toHaveLength(3);
});

it('are read on when they only bear another name', async () => {
  const { folders, at, folder } = await archived();
  folders[at] = { ...folder, wellKnown: null, displayName: 'Old things' };
  later();
  expect((await pass()).problems).toEqual([]);
  expect(await titles()).toEqual(['Filed']);
});

it('are not let go while nobody can say whether they are there', async () => {
  const { folders } = await archived();
  folders.pop();
  later();
  small.sandbox.faults.add({ match: { kind: 'folder', mailbox: anna.address }, effect: { type: 'denied' } });
  expect((await pass()).problems).not.toEqual([]);
  expect(await titles()).toEqual(['Filed']);
});
