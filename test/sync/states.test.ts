import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, reasonOf } from '../../src/core/errors.ts';
import type { FaultRule } from '../../src/sandbox/faults.ts';
import { sandboxGroupId } from '../../src/sandbox/users.ts';
import { listFeeds, listMailboxes, readStatus } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { dirtyFeeds } from '../../src/sync/mailboxes.ts';
import { type PassOptions, syncPass } from '../../src/sync/pass.ts';
import { hasFailed } from '../../src/sync/problem.ts';
import { CIRCUIT } from '../../src/sync/states.ts';
import { anna, bruno, HOUR, meet, type SmallTenant, smallTenant, write } from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { stored, syncDeps } from '../support/sync.ts';

/** How mailboxes stand, through real passes over the sandbox with its faults. */

const MINUTE = 60_000;

let store: PgliteStore;
let tenant: SmallTenant;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  tenant = await smallTenant({ clients: [], internal_domains: [] });
});
afterEach(() => tenant.sandbox.close());
afterAll(() => store.close());

const pass = (options: PassOptions = {}) => syncPass(syncDeps(tenant.sandbox, store), tenant.config, options);
const fail = (...rules: FaultRule[]) => tenant.sandbox.faults.add(...rules);
const heal = () => tenant.sandbox.faults.clear();
const wait = (ms: number) => {
  tenant.sandbox.tenant.now += ms;
};
const standing = async (address = anna.address) => {
  const row = (await listMailboxes(store)).find((mailbox) => mailbox.address === address);
  if (row === undefined) throw new Error('no such mailbox');
  return { ...row, refused: row.refusals.map(({ kind, state }) => `${kind} ${state}`) };
};
/** Requests of one pass by mailbox. */
const asked = async (options: PassOptions = {}) => {
  tenant.sandbox.clearRequests();
  const result = await pass(options);
  const of = ({ address }: { address: string }) =>
    tenant.sandbox.requests().filter(({ mailbox }) => mailbox === address);
  // folders are looked up once an hour, which is beside the point
  const deltas = of(bruno).filter(({ kind }) => kind !== 'folder');
  return { result, anna: of(anna).length, bruno: deltas.length, kinds: of(anna).map(({ kind }) => kind) };
};
const titles = async () => (await stored(store)).map(({ title }) => title).sort();
const cursors = async () =>
  (await listFeeds(store, [anna.address])).map(({ id, cursor_version, delta_link, next_link }) => ({
    id,
    cursor_version,
    delta_link,
    next_link,
  }));

const noCalendar: FaultRule = {
  match: { mailbox: anna.address, area: 'calendar' },
  effect: { type: 'denied' },
};
const noMail: FaultRule = { match: { area: 'mail' }, effect: { type: 'denied' } };

describe('a kind that is not consented to', () => {
  it('is left out alone: the other kind and the other mailboxes go on, and no cursor is touched', async () => {
    await pass();
    const before = await cursors();
    fail(noCalendar);
    meet(tenant.sandbox, 'Hidden', [anna]);
    meet(tenant.sandbox, 'Seen', [bruno]);
    write(tenant.sandbox, 'Mail', [anna]);
    const { result } = await asked();
    expect(result.problems).toEqual([
      {
        feed: `${anna.address} calendar`,
        reason: expect.stringContaining('no consent to read it: Graph answered 403 ErrorAccessDenied'),
        transient: false,
        state: 'no consent',
      },
    ]);
    expect(hasFailed(result.problems)).toBe(false);
    expect(await titles()).toEqual(['Mail', 'Seen']);
    expect(await standing()).toMatchObject({ state: 'active', refused: ['meeting no consent'] });
    const [calendar] = (await listFeeds(store, [anna.address])).filter(({ kind }) => kind === 'meeting');
    expect((await cursors()).find(({ id }) => id === calendar?.id)).toEqual(
      before.find(({ id }) => id === calendar?.id),
    );
  });

  it('is asked about once an hour, and is back by itself with all that it missed', async () => {
    await pass();
    fail(noCalendar);
    await pass();
    meet(tenant.sandbox, 'Missed', [anna]);
    for (const minutes of [1, 30, 28]) {
      wait(minutes * MINUTE);
      const { kinds, result } = await asked();
      expect(kinds).not.toContain('calendar delta');
      // a state is reported for as long as it lasts
      expect(result.problems).toMatchObject([{ state: 'no consent' }]);
    }
    wait(MINUTE);
    expect((await asked()).kinds.filter((kind) => kind === 'calendar delta')).toHaveLength(1);
    heal();
    expect((await asked()).kinds).not.toContain('calendar delta');
    wait(HOUR);
    expect((await pass()).problems).toEqual([]);
    expect(await standing()).toMatchObject({ state: 'active', refused: [] });
    expect(await titles()).toEqual(['Missed']);
  });

  it('is asked about at once when somebody asks for the mailbox', async () => {
    await pass();
    fail(noCalendar);
    await pass();
    heal();
    expect((await pass({ mailbox: anna.address })).problems).toEqual([]);
    expect(await standing()).toMatchObject({ refused: [] });
  });

  it('costs one request a mailbox and an hour when nobody consented to mail from the start', async () => {
    fail(noMail);
    meet(tenant.sandbox, 'Planned', [anna, bruno]);
    const first = await asked();
    expect(first.kinds.sort()).toEqual(['calendar delta', 'folder']);
    expect(first.result.problems.map(({ feed, state }) => `${feed}: ${state}`)).toEqual([
      `${anna.address} mail: no consent`,
      `${bruno.address} mail: no consent`,
    ]);
    expect(await titles()).toEqual(['Planned']);
    expect((await asked()).kinds).toEqual(['calendar delta']);
    heal();
    wait(HOUR);
    write(tenant.sandbox, 'Mail', [anna]);
    expect((await pass()).problems).toEqual([]);
    expect(await titles()).toEqual(['Mail', 'Planned']);
  });

  it('stays as it was known when the other kind alone is asked for', async () => {
    await pass();
    fail(noCalendar);
    await pass();
    expect((await pass({ kind: 'email' })).problems).toEqual([]);
    expect(await standing()).toMatchObject({ refused: ['meeting no consent'] });
  });
});

describe('a mailbox that is refused as a whole', () => {
  it.each(['ErrorAccessDenied', 'extensionError'] as const)(
    'is blocked when others can be read (%s)',
    async (code) => {
      await pass();
      fail({ match: { mailbox: anna.address }, effect: { type: 'denied', code } });
      const { problems } = await pass();
      expect(problems).toMatchObject([{ feed: anna.address, transient: false, state: 'blocked' }]);
      expect(await standing()).toMatchObject({
        state: 'blocked',
        state_reason: expect.stringContaining(code),
      });
      expect(await asked()).toMatchObject({ anna: 0 });
      heal();
      wait(HOUR);
      expect((await pass()).problems).toEqual([]);
      expect(await standing()).toMatchObject({ state: 'active', state_reason: null });
    },
  );

  it('lacks consent when none can be read', async () => {
    fail({ effect: { type: 'denied' } });
    const { problems } = await pass();
    expect(problems).toMatchObject([
      { feed: anna.address, state: 'no consent' },
      { feed: bruno.address, state: 'no consent' },
    ]);
    expect(hasFailed(problems)).toBe(false);
    expect(await standing()).toMatchObject({ state: 'no consent' });
  });

  it('is blocked, too, when it is asked for alone and the store knows that others work', async () => {
    await pass();
    fail({ match: { mailbox: anna.address }, effect: { type: 'denied' } });
    expect((await pass({ mailbox: anna.address })).problems).toMatchObject([{ state: 'blocked' }]);
  });

  it.each([
    ['MailboxNotEnabledForRESTAPI', 'on-premise'],
    ['MailboxNotFound', 'gone'],
    ['ErrorInvalidUser', 'gone'],
    ['ResourceNotFound', 'gone'],
  ] as const)('is, with %s, %s: asked once an hour, and back when it is', async (code, state) => {
    fail({ match: { mailbox: anna.address }, effect: { type: 'no mailbox', code } });
    const first = await asked();
    // one folder by name, then by the list of folders, and the rest is taken as said
    expect(first.kinds.sort()).toEqual(['folder', 'folders']);
    expect(first.result.problems).toMatchObject([{ feed: anna.address, transient: false, state }]);
    expect(await standing()).toMatchObject({ state, refused: [`meeting ${state}`, `email ${state}`].sort() });
    wait(HOUR - MINUTE);
    expect(await asked()).toMatchObject({ anna: 0 });
    heal();
    wait(MINUTE);
    meet(tenant.sandbox, 'Back', [anna]);
    expect((await pass()).problems).toEqual([]);
    expect(await standing()).toMatchObject({ state: 'active', refused: [] });
    expect(await titles()).toEqual(['Back']);
  });

  it('shows in the status, with what the last pass said of it', async () => {
    fail({ match: { mailbox: anna.address }, effect: { type: 'no mailbox' } });
    await pass();
    const { mailboxes, last_run } = await readStatus(store);
    expect(mailboxes).toMatchObject([{ mailbox: anna.address, state: 'on-premise' }, { state: 'active' }]);
    expect(last_run?.errors).toMatchObject([{ feed: anna.address }]);
  });
});

describe('a mailbox that gives no answer', () => {
  const throttled = (rest: FaultRule['match'] = {}): FaultRule => ({
    match: { mailbox: anna.address, ...rest },
    effect: { type: 'refuse', status: 429, retryAfter: 1 },
  });

  it.each([429, 503] as const)('is left alone ever longer (%i), at no cost to the others', async (status) => {
    await pass();
    const healthy = (await asked()).bruno;
    fail({ match: { mailbox: anna.address }, effect: { type: 'refuse', status } });
    for (let failures = 1; failures <= CIRCUIT.failures; failures += 1) {
      wait(5 * MINUTE);
      const { result, ...requests } = await asked();
      expect(requests.anna).toBeGreaterThan(0);
      expect(requests.bruno).toBe(healthy);
      expect(hasFailed(result.problems)).toBe(true);
      expect(await standing()).toMatchObject({ state: 'active', failures });
    }
    for (const minutes of [5, 10, 20, 40, 60, 60]) {
      wait(minutes * MINUTE - 1);
      const left = await asked();
      expect(left).toMatchObject({ anna: 0, bruno: healthy });
      expect(left.result.problems).toMatchObject([
        { feed: anna.address, transient: true, state: null, reason: expect.stringContaining('in a row') },
      ]);
      wait(1);
      // one feed, or the folders, speaks for all of the mailbox
      const trial = await asked();
      expect(trial.anna).toBeGreaterThan(0);
      expect(trial.anna).toBeLessThanOrEqual(12);
      expect(trial.bruno).toBe(healthy);
    }
    heal();
    meet(tenant.sandbox, 'Later', [anna]);
    wait(60 * MINUTE);
    expect((await pass()).problems).toEqual([]);
    expect(await standing()).toMatchObject({ failures: 0, retry_at: null });
    expect(await titles()).toEqual(['Later']);
  });

  it('is asked again no sooner than it wants to be', async () => {
    await pass();
    fail({ match: { mailbox: anna.address }, effect: { type: 'refuse', status: 503, retryAfter: 3 * 3600 } });
    for (let count = 0; count < CIRCUIT.failures; count += 1) await pass();
    wait(2.9 * HOUR);
    expect(await asked()).toMatchObject({ anna: 0 });
    wait(0.1 * HOUR);
    expect((await asked()).anna).toBeGreaterThan(0);
  });

  it('goes on with what works of it', async () => {
    await pass();
    fail(throttled({ area: 'calendar' }));
    for (let count = 0; count < CIRCUIT.failures; count += 1) await pass();
    write(tenant.sandbox, 'Mail', [anna]);
    const { kinds } = await asked();
    expect(kinds).not.toContain('calendar delta');
    expect(await titles()).toEqual(['Mail']);
    expect(await standing()).toMatchObject({ failures: CIRCUIT.failures });
  });

  it('keeps its calendar when only its mail has failed since the very start', async () => {
    fail(throttled({ area: 'mail' }));
    meet(tenant.sandbox, 'Planned', [anna]);
    for (let count = 0; count < CIRCUIT.failures + 1; count += 1) await pass();
    expect(await titles()).toEqual(['Planned']);
    meet(tenant.sandbox, 'Soon', [anna]);
    await pass();
    expect(await titles()).toEqual(['Planned', 'Soon']);
  });

  it('is asked at once by name, and forgiven when it answers', async () => {
    await pass();
    fail(throttled());
    for (let count = 0; count < CIRCUIT.failures; count += 1) await pass();
    heal();
    expect((await pass({ mailbox: anna.address })).problems).toEqual([]);
    expect(await standing()).toMatchObject({ failures: 0, retry_at: null });
  });

  it('is not blamed for a network that is away', async () => {
    await pass();
    fail({ effect: { type: 'cut' } });
    for (let count = 0; count < CIRCUIT.failures; count += 1) {
      expect(hasFailed((await pass()).problems)).toBe(true);
    }
    expect(await standing()).toMatchObject({ failures: 0 });
    heal();
    expect((await pass()).problems).toEqual([]);
  });

  it('keeps a refusal that it was known for', async () => {
    await pass();
    const undo = fail(noCalendar);
    await pass();
    undo();
    fail(throttled({ area: 'calendar' }));
    wait(HOUR);
    await pass();
    expect(await standing()).toMatchObject({ refused: ['meeting no consent'], failures: 1 });
  });
});

describe('mailboxes that are listed', () => {
  const listed = () => ({
    ...tenant.config,
    mailboxes: [],
    mailbox_group: sandboxGroupId,
    mail: { ...tenant.config.mail, enabled: false },
  });

  it('are the members of the group; who leaves is read no more, and who is back is read again', async () => {
    tenant.config = listed();
    await pass();
    expect((await listMailboxes(store)).map(({ address }) => address)).toContain(anna.address);
    const lists = () => tenant.sandbox.requests().filter(({ kind }) => kind === 'members').length;
    await asked();
    expect(lists()).toBe(0);
    tenant.sandbox.tenant.removeMailbox(anna.address);
    wait(HOUR);
    expect(await asked()).toMatchObject({ anna: 0, result: { problems: [] } });
    expect(lists()).toBe(1);
    expect(await standing()).toMatchObject({ state: 'left' });
    // neither the schedule nor a notification brings it back, and the list is not asked for every time
    expect(await asked()).toMatchObject({ anna: 0 });
    expect(lists()).toBe(0);
    await store.sql('update touchpoint.feeds set dirty_at = now() where mailbox = $1', [anna.address]);
    expect(await dirtyFeeds(store, tenant.config)).toEqual([]);
    const mailbox = tenant.sandbox.tenant.mailboxes.find(({ address }) => address === anna.address);
    if (mailbox !== undefined) mailbox.active = true;
    wait(HOUR);
    expect((await asked()).anna).toBeGreaterThan(0);
    expect(await standing()).toMatchObject({ state: 'active' });
  });

  it('must be listed once; later a list that fails leaves those that are known', async () => {
    tenant.config = listed();
    const undo = fail({
      match: { kind: 'members' },
      effect: { type: 'denied', code: 'Authorization_RequestDenied' },
    });
    const error = await pass().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    expect(reasonOf(error)).toMatch(/GroupMember.Read.All/);
    undo();
    await pass();
    fail({ match: { kind: 'members' }, effect: { type: 'refuse', status: 503 } });
    wait(HOUR);
    const { result, ...requests } = await asked();
    expect(requests.anna).toBeGreaterThan(0);
    expect(result.problems).toMatchObject([{ feed: 'list of mailboxes', transient: true, state: null }]);
  });
});

describe('a sign-in that fails', () => {
  it('ends the pass with what is to be mended, and is no fault of any mailbox', async () => {
    await pass();
    const deps = syncDeps(tenant.sandbox, store);
    let tries = 0;
    const graph = {
      ...deps.graph,
      request: async () => {
        tries += 1;
        throw new ConfigError('the client secret has expired');
      },
    };
    const error = await syncPass({ ...deps, graph }, tenant.config).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ConfigError);
    expect(tries).toBeLessThanOrEqual(tenant.config.graph.concurrency);
    expect(await standing()).toMatchObject({ state: 'active', failures: 0, refused: [] });
    const { last_run } = await readStatus(store);
    expect(last_run?.errors[0]?.reason).toContain('expired');
    expect((await pass()).problems).toEqual([]);
  });
});
