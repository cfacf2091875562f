import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/core/errors.ts';
import { putFeedback } from '../../src/store/feedback.ts';
import { importTouchpoints } from '../../src/store/pages.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { exportTouchpoints } from '../../src/store/search.ts';
import type { Store } from '../../src/store/store.ts';
import { type ForgetTarget, forget } from '../../src/sync/forget.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { resync } from '../../src/sync/resync.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import {
  anna,
  bruno,
  jane,
  kim,
  lars,
  meet,
  type SmallTenant,
  smallTenant,
  write,
} from '../support/small-tenant.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { syncDeps } from '../support/sync.ts';
import { quickTagger } from '../support/tagger.ts';

let store: PgliteStore;
let small: SmallTenant;
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  small = await smallTenant();
});
afterEach(() => small.sandbox.close());
afterAll(() => store.close());

const pass = () => syncPass(syncDeps(small.sandbox, store), small.config);
const tag = () => tagPending({ ...syncDeps(small.sandbox, store), tagger: quickTagger() });
const erase = (target: ForgetTarget, dryRun = false, into: Store = store) =>
  forget({ ...syncDeps(small.sandbox, into), store: into }, small.config, { ...target, dryRun });

async function titles(): Promise<string[]> {
  const found: string[] = [];
  for await (const { title } of exportTouchpoints(store, { deleted: true })) found.push(title);
  return found.sort();
}

/** True when a text stands anywhere in any row of any table. */
async function holds(text: string): Promise<boolean> {
  const tables = [
    'touchpoints',
    'copies',
    'feeds',
    'mailboxes',
    'clients',
    'client_names',
    'client_domains',
    'runs',
    'tags',
    'skips',
    'forgotten',
    'classification_feedback',
  ];
  const any = tables.map(
    (table) => `exists (select from touchpoint.${table} r where strpos(lower(r::text), lower($1)) > 0)`,
  );
  const [row] = await store.sql(`select ${any.join(' or ')} as found`, [text]);
  return row?.['found'] === true;
}

const everything = async () => [
  await titles(),
  await store.sql('select version::int from touchpoint.privacy'),
];

describe('forgetting a person', () => {
  const person = { kind: 'person', value: ' Jane.ODell@acme.example' } as const;

  beforeEach(async () => {
    const { sandbox } = small;
    meet(sandbox, 'Only with Jane', [anna, jane]);
    meet(sandbox, 'Called by Jane', [jane, anna, kim]);
    meet(sandbox, "Review with Jane O'Dell", [anna, jane, kim], {
      text: 'Jane.ODell@acme.example brings figures',
    });
    write(sandbox, 'From Jane', [jane, anna]);
    write(sandbox, 'Acme: Jane is leaving', [kim, anna], { html: "<p>Thank you, Jane O'Dell, for all</p>" });
    write(sandbox, 'Acme figures', [kim, anna]);
    await pass();
    await tag();
  });

  it('says first what would go, and changes nothing', async () => {
    const before = await everything();
    expect(await erase(person, true)).toMatchObject({ dry_run: true, touchpoints: 3, redacted: 2 });
    expect(await everything()).toEqual(before);
  });

  it('erases what was theirs and takes them out of the rest, which is embedded anew', async () => {
    expect(await erase(person)).toMatchObject({ kind: 'person', touchpoints: 3, redacted: 2 });
    expect(await titles()).toEqual(['Acme figures', 'Acme: Jane is leaving', 'Review with [forgotten]']);
    expect(await holds('jane.odell')).toBe(false);
    expect(await holds("O'Dell")).toBe(false);
    const [due] = await store.sql(
      'select count(*)::int as due from touchpoint.touchpoints where embedding is null',
    );
    expect(due).toEqual({ due: 2 });
    expect(await tag()).toEqual({ tagged: 2, failed: 0 });
    expect(await erase(person)).toMatchObject({ touchpoints: 0, redacted: 0 });
  });

  it('takes them out of what was said of labels, and leaves what was said', async () => {
    const [kept, gone] = ['Acme figures', 'Only with Jane'].map((title) =>
      store.sql('select id from touchpoint.touchpoints where title = $1', [title]),
    );
    const say = async (rows: typeof kept, by: string, comment: string) =>
      putFeedback(
        store,
        { intent: { labels: [{ id: 'qbr' }] } },
        {
          id: String((await rows)?.[0]?.['id']),
          now: '2026-03-01T00:00:00.000Z',
          ...{ verdict: 'labels', task: 'intent', labels: ['qbr'], by, comment },
        },
      );
    await say(kept, 'Jane.ODell@acme.example', 'mine');
    await say(kept, 'anna', "Jane O'Dell said so");
    await say(kept, 'anna', 'plain');
    await say(gone, 'anna', 'plain');
    expect(await erase(person, true)).toMatchObject({ comments: 2 });
    expect(await erase(person)).toMatchObject({ comments: 2 });
    expect(
      await store.sql('select said_by, comment, labels from touchpoint.classification_feedback order by id'),
    ).toEqual([
      { said_by: null, comment: 'mine', labels: ['qbr'] },
      { said_by: 'anna', comment: null, labels: ['qbr'] },
      { said_by: 'anna', comment: 'plain', labels: ['qbr'] },
    ]);
    expect(await holds('jane.odell')).toBe(false);
    expect(await erase(person)).toMatchObject({ comments: 0 });
  });

  it('is not undone by later syncs or a resync, which find nothing to write', async () => {
    await erase(person);
    await tag();
    const before = await titles();
    const { tally } = await resync(syncDeps(small.sandbox, store), small.config);
    expect(tally.counts.written).toBe(0);
    expect(tally.reasons).toMatchObject({ 'skipped: forgotten person': 3, 'unchanged: same content': 3 });
    expect(await titles()).toEqual(before);
    expect(await tag()).toEqual({ tagged: 0, failed: 0 });
    const later = meet(small.sandbox, "Again with Jane O'Dell", [anna, jane, kim]);
    await pass();
    small.sandbox.tenant.updateMeeting(later, { text: "Jane O'Dell again" });
    await pass();
    expect(await titles()).toEqual(['Again with [forgotten]', ...before].sort());
    expect(await holds("O'Dell")).toBe(false);
  });

  it('erases soft-deleted rows too', async () => {
    await store.sql('update touchpoint.touchpoints set deleted_at = now()');
    expect(await erase(person)).toMatchObject({ touchpoints: 3, redacted: 2 });
    expect(await holds('jane.odell')).toBe(false);
  });

  it('holds against a pass that began before it', async () => {
    meet(small.sandbox, 'Another only with Jane', [anna, jane]);
    let forgotten = false;
    const slow: Store = {
      ...store,
      async call(name, payload) {
        if (name === 'touchpoint_page_commit' && !forgotten) {
          forgotten = true;
          await erase(person);
        }
        return store.call(name, payload);
      },
    };
    const { problems } = await syncPass({ ...syncDeps(small.sandbox, store), store: slow }, small.config);
    expect(problems).toEqual([]);
    expect(await holds('jane.odell')).toBe(false);
    expect(forgotten).toBe(true);
    expect(await titles()).not.toContain('Another only with Jane');
  });

  it('reads again when a touchpoint changes under it', async () => {
    let changed = false;
    const racing: Store = {
      ...store,
      async call(name, payload) {
        if (name === 'touchpoint_forget' && !changed) {
          changed = true;
          await store.sql(
            `update touchpoint.touchpoints set content_hash = 'other' where title like 'Review%'`,
          );
        }
        return store.call(name, payload);
      },
    };
    expect(await erase(person, false, racing)).toMatchObject({ touchpoints: 3, redacted: 2 });
    expect(await holds('jane.odell')).toBe(false);
  });

  it.each(['', 'jane', 'a b@c.example'])('refuses %j, which is no address', async (value) => {
    await expect(erase({ kind: 'person', value })).rejects.toThrow(ConfigError);
  });
});

describe('forgetting a mailbox', () => {
  it('takes what only it held, and it is not read again', async () => {
    const { sandbox } = small;
    meet(sandbox, 'Both', [anna, bruno, kim]);
    meet(sandbox, 'Bruno alone', [bruno, kim]);
    write(sandbox, 'To Bruno', [kim, bruno]);
    await pass();
    expect(await erase({ kind: 'mailbox', value: bruno.address })).toMatchObject({
      mailboxes: 1,
      feeds: 4,
      touchpoints: 2,
      copies: 3,
    });
    expect(await titles()).toEqual(['Both']);
    sandbox.clearRequests();
    await pass();
    expect(sandbox.requests().filter(({ mailbox }) => mailbox === bruno.address)).toEqual([]);
    expect(await titles()).toEqual(['Both']);
  });
});

describe('forgetting a client', () => {
  beforeEach(async () => {
    const { sandbox } = small;
    meet(sandbox, 'Monthly', [anna, kim]);
    meet(sandbox, 'Acme renewal', [anna, bruno]);
    meet(sandbox, 'Forum', [anna, kim, lars]);
    meet(sandbox, 'Beta', [anna, lars]);
    write(sandbox, 'Invoice', [kim, anna]);
    await pass();
    await tag();
  });

  it('takes its touchpoints, names and domains, and they stay away', async () => {
    const report = await erase({ kind: 'client', value: 'acme' });
    expect(report).toMatchObject({
      touchpoints: 4,
      copies: 5,
      clients: 1,
      names: 1,
      domains: 1,
      redacted: 0,
    });
    expect(report.tags).toBeGreaterThan(0);
    expect(await titles()).toEqual(['Beta']);
    const { tally } = await resync(syncDeps(small.sandbox, store), small.config);
    expect(tally.reasons).toMatchObject({ 'skipped: forgotten client': 5 });
    meet(small.sandbox, 'Another for Acme', [anna, bruno]);
    await pass();
    expect(await titles()).toEqual(['Beta']);
    expect(await holds('acme')).toBe(false);
    // configured or not, it is known no more; asked for once again there is nothing left
    small.config = { ...small.config, clients: [] };
    expect(await erase({ kind: 'client', value: 'Acme Hospital' })).toMatchObject({
      touchpoints: 0,
      clients: 0,
    });
  });

  it('refuses a client that nobody knows', async () => {
    await expect(erase({ kind: 'client', value: 'Gamma' })).rejects.toThrow(
      '--client: there is no client "Gamma"',
    );
  });

  it('takes what was imported for it as well', async () => {
    const [acme] = await store.sql(`select id from touchpoint.clients where name = 'Acme Hospital'`);
    const touchpoint = {
      kind: 'nps',
      sourceKey: 'n1',
      title: 'Slow',
      body: '',
      people: [],
      occurredAt: null,
      endsAt: null,
      allDay: false,
      timeZone: 'UTC',
      details: {},
    } as const;
    await importTouchpoints(store, '2026-03-01T00:00:00.000Z', [
      { touchpoint, match: { client: String(acme?.['id']), method: 'given', confidence: 1 } },
    ]);
    expect(await erase({ kind: 'client', value: 'Acme Hospital' }, true)).toMatchObject({ touchpoints: 5 });
  });
});
