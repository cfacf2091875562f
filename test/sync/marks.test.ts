import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultRule } from '../../src/sandbox/faults.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { anna, HOUR, jane, kim, type SmallTenant, smallTenant, write } from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { stored, syncDeps } from '../support/sync.ts';

/** Which mail is private is asked beside its page: what if that cannot be asked? */

let store: PgliteStore;
let small: SmallTenant;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  small = await smallTenant();
  const { config } = small;
  const mail = { ...config.mail, folders: ['inbox'] };
  small.config = { ...config, clients: [], mailboxes: [anna.address], mail };
  write(small.sandbox, 'Plain', [jane, anna]);
  small.sandbox.tenant.createMail({
    subject: 'Secret',
    html: '<p>Between us</p>',
    from: kim,
    to: [anna],
    sentAt: small.sandbox.tenant.now - HOUR,
    sensitivity: 'private',
  });
});
afterEach(() => small.sandbox.close());
afterAll(() => store.close());

const pass = () => syncPass(syncDeps(small.sandbox, store), small.config, { kind: 'email' });
const titles = async () => (await stored(store)).map(({ title }) => title).sort();

describe('a page of mail', () => {
  it.each<[string, FaultRule['effect']]>([
    ['access is withdrawn', { type: 'denied' }],
    ['the mailbox is taken away', { type: 'no mailbox' }],
    ['the mailbox is taken away (in other words)', { type: 'no mailbox', code: 'ResourceNotFound' }],
  ])('is not taken for unmarked when %s before its marks are read', async (_, effect) => {
    const { faults, tenant } = small.sandbox;
    faults.add(
      { match: { kind: 'messages' }, effect },
      { match: { kind: 'messages delta', nth: 2, count: 1000 }, effect },
    );
    expect((await pass()).problems).toHaveLength(1);
    expect(await titles()).toEqual([]);
    faults.clear();
    tenant.now += 2 * HOUR;
    expect((await pass()).problems).toEqual([]);
    expect(await titles()).toEqual(['Plain']);
  });

  it.each<FaultRule['effect']>([{ type: 'denied' }, { type: 'no mailbox', code: 'ResourceNotFound' }])(
    'is read all the same where a server answers the question with $type, and everything else as ever',
    async (effect) => {
      small.sandbox.faults.add({ match: { kind: 'messages' }, effect });
      expect((await pass()).problems).toEqual([]);
      expect(await titles()).toContain('Plain');
    },
  );
});
