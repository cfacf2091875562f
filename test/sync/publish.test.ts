import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Config } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { packagePath } from '../../src/core/paths.ts';
import { commitPage } from '../../src/store/pages.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { putSkips } from '../../src/store/privacy.ts';
import { collect } from '../../src/sync/dashboard.ts';
import { publish } from '../../src/sync/publish.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import { copy, type Feed, newFeed, page, touchpoint } from '../store/contract/fixtures.ts';
import { CLIENT, createDashboard, dropDashboard, fillDashboard, refreshes } from '../support/dashboard.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { testConfig } from '../support/sync.ts';
import { labelTagger } from '../support/tagger.ts';

const NOW = Date.UTC(2026, 2, 1);
let store: PgliteStore;
let config: Config;
beforeAll(async () => {
  store = await memoryStore();
  config = await testConfig({ internal_domains: ['team.example'] });
});
beforeEach(async () => {
  await emptyStore(store);
  await createDashboard(store.sql);
});
afterEach(() => dropDashboard(store.sql));
afterAll(() => store.close());

const deps = (now = NOW) => ({ store, clock: systemClock(now), log: silentLog });

type Targets = Partial<Config['dashboard']['publish']>;
const run = (targets: Targets, now = NOW) =>
  publish(deps(now), {
    ...config,
    dashboard: { ...config.dashboard, publish: { ...config.dashboard.publish, ...targets } },
  });

const tag = (labels: Parameters<typeof labelTagger>[0], version = 'v1') =>
  tagPending({ ...deps(), tagger: labelTagger(labels, version) });

const SENTIMENT = {
  sentiment: { negative: 0.8, mixed: 0.9 },
  topic: { 'upgrades & fixes': 0.9, 'value & pricing': 0.6 },
};

async function collected() {
  await fillDashboard(store.sql);
  await collect(deps(), config);
  await refreshes(store.sql);
}

describe('auto_category of actions', () => {
  const wanted = { action_categories: 'on' } as const;
  const categories = async () =>
    (
      await store.sql(
        `select "Action_ID" as id, auto_category as value from public.actions where "Action_ID" is not null order by 1`,
      )
    ).map(({ id, value }) => [id, value]);

  it('is filled in one statement, and an idle pass fires no trigger', async () => {
    await collected();
    await tag({ action: { billing: 0.7, technical: 0.2 } });
    expect((await run(wanted)).tally.reasons).toEqual({ 'written: action_categories published': 3 });
    expect(await categories()).toEqual([
      ['A-1', 'billing'],
      ['A-2', 'billing'],
      ['A-3', 'billing'],
    ]);
    expect(await refreshes(store.sql)).toEqual(['actions UPDATE']);
    expect((await run(wanted)).tally.fetched).toBe(0);
    expect(await refreshes(store.sql)).toEqual([]);
    // that the dashboard's row changed by our hand is no news
    expect((await collect(deps(), config)).tally.fetched).toBe(0);
  });

  it('leaves the category beside it alone, and a person`s own entry stays, an emptied one too', async () => {
    await collected();
    await store.sql(`update public.actions set auto_category = 'mine' where "Action_ID" = 'A-1'`);
    await tag({ action: { billing: 0.7 } });
    await run(wanted);
    await store.sql(`update public.actions set auto_category = null where "Action_ID" = 'A-2'`);
    await tag({ action: { technical: 0.7 } }, 'v2');
    expect((await run(wanted)).tally.reasons).toEqual({
      'written: action_categories published': 1,
      "skipped: action_categories somebody's own": 2,
    });
    expect(await categories()).toEqual([
      ['A-1', 'mine'],
      ['A-2', null],
      ['A-3', 'technical'],
    ]);
    expect(await store.sql(`select "Category" as c from public.actions where "Action_ID" = 'A-1'`)).toEqual([
      { c: 'Commercial' },
    ]);
  });

  it('that is not there is said so, and nothing else stops', async () => {
    await collected();
    await store.sql('alter table public.actions drop column auto_category');
    const { problems } = await run({ ...wanted, nps_topics: 'on' });
    expect(problems).toEqual([
      { source: 'action_categories', reason: 'actions has no column auto_category' },
    ]);
  });

  it('is written by nobody while it is switched off', async () => {
    await collected();
    await tag({ action: { billing: 0.7 } });
    expect((await run({})).tally.fetched).toBe(0);
    expect(await refreshes(store.sql)).toEqual([]);
  });
});

describe('classifications of NPS responses', () => {
  const wanted = { nps_topics: 'on' } as const;
  const rows = async () =>
    (
      await store.sql(
        `select response_id, topic_name, sentiment, confidence_score::text as score, insight, model_version
         from public.nps_topic_classifications order by 1, 2`,
      )
    ).map((row) => Object.values(row).join(' | '));

  it('are rows of ours, in the table`s spelling', async () => {
    await collected();
    await store.sql(`insert into public.nps_topic_classifications (response_id, topic_name, sentiment, model_version)
      values ('2', 'Value & Pricing', 'positive', 'claude')`);
    await tag(SENTIMENT);
    expect((await run(wanted)).tally.reasons).toEqual({ 'written: nps_topics published': 4 });
    expect(await rows()).toEqual([
      '1 | Upgrade/Fix Delivery | negative | 0.90 |  | touchpoint:v1',
      '1 | Value & Pricing | negative | 0.60 |  | touchpoint:v1',
      '2 | Value & Pricing | positive |  |  | claude',
      '6 | Upgrade/Fix Delivery | negative | 0.90 |  | touchpoint:v1',
      '6 | Value & Pricing | negative | 0.60 |  | touchpoint:v1',
    ]);
    expect((await run(wanted)).tally.fetched).toBe(0);
  });

  it('follow the labels, and go when their response does or somebody else classifies it', async () => {
    await collected();
    await tag(SENTIMENT);
    await run(wanted);
    await tag({ sentiment: { positive: 0.7 }, topic: { 'value & pricing': 0.6 } }, 'v2');
    await store.sql(`insert into public.nps_topic_classifications (response_id, topic_name, sentiment, model_version)
      values ('2', 'User Experience', 'positive', null)`);
    await store.sql('delete from public.nps_responses where id = 6');
    await collect(deps(), config);
    expect((await run(wanted)).tally.reasons).toEqual({
      'written: nps_topics published': 1,
      'written: nps_topics withdrawn': 5,
    });
    expect(await rows()).toEqual([
      '1 | Value & Pricing | positive | 0.60 |  | touchpoint:v2',
      '2 | User Experience | positive |  |  | ',
    ]);
  });
});

describe('rows of unified_meetings', () => {
  const wanted = { meetings: 'on' } as const;
  const organizer = { name: 'Anna Berg', address: 'anna@team.example', role: 'organizer' } as const;
  const guest = { name: '', address: 'cio@barwonhealth.example', role: 'required' } as const;
  const point = (rest: Parameters<typeof touchpoint>[1] = {}) =>
    touchpoint('uid-1', {
      title: 'Service review',
      people: [organizer, guest],
      occurredAt: '2026-03-10T22:30:00.000Z',
      endsAt: '2026-03-10T23:15:00.000Z',
      timeZone: 'Australia/Melbourne',
      details: { status: 'scheduled' },
      ...rest,
    });
  const meetings = (columns = '*') =>
    store.sql(`select ${columns} from public.unified_meetings order by outlook_event_id`);

  /** Two mailboxes with a copy each, the organiser's own second. */
  async function twoCopies(meeting = point()): Promise<[Feed, Feed]> {
    const [first, second] = [await newFeed(store), await newFeed(store)];
    const client = (await store.sql(`select id from touchpoint.clients where name = 'Barwon Health'`))[0]?.[
      'id'
    ];
    const match = { client: client === undefined ? null : String(client), method: 'domain', confidence: 1 };
    await commitPage(store, page(first, 0, { copies: [copy('ev-guest', meeting, { match })] }));
    await commitPage(
      store,
      page(second, 0, { copies: [copy('ev-own', meeting, { match, authoritative: true })] }),
    );
    return [first, second];
  }

  it('are one per meeting, as their readers expect them', async () => {
    await collected();
    await twoCopies();
    expect((await run(wanted)).tally.reasons).toEqual({ 'written: meetings inserted': 1 });
    const [row] = await meetings('*, meeting_date::text as meeting_date');
    expect(row).toMatchObject({
      meeting_id: 'OUTLOOK-ev-own',
      outlook_event_id: 'ev-own',
      title: 'Service review',
      client_name: 'Barwon Health',
      client_uuid: CLIENT.barwon,
      organizer: 'Anna Berg',
      attendees: ['cio@barwonhealth.example'],
      // UTC + 11 in daylight saving time: the next morning
      meeting_date: '2026-03-11',
      meeting_time: '09:30',
      duration: 45,
      status: 'scheduled',
      is_internal: false,
      deleted: false,
      meeting_type: null,
      topics: null,
      risks: null,
    });
    expect(row?.['cse_name']).toMatch(/^m\d+@example\.test$/);
    expect((await run(wanted)).tally.fetched).toBe(0);
  });

  it('follow the meeting and the clock, and keep what a person wrote meanwhile', async () => {
    const [first, second] = await twoCopies();
    await run(wanted);
    await store.sql(
      `update public.unified_meetings set title = 'My title', meeting_type = 'QBR', duration = null`,
    );
    const moved = point({
      title: 'Renamed',
      occurredAt: '2026-04-06T22:30:00.000Z',
      endsAt: '2026-04-07T00:00:00.000Z',
    });
    await commitPage(store, page(second, 1, { copies: [copy('ev-own', moved, { authoritative: true })] }));
    await commitPage(store, page(first, 1, { copies: [copy('ev-guest', moved)] }));
    expect((await run(wanted)).tally.reasons).toEqual({ 'written: meetings updated': 1 });
    const columns = 'title, meeting_date::text as meeting_date, meeting_time, duration, meeting_type, status';
    // UTC + 10 again
    const row = {
      title: 'My title',
      meeting_date: '2026-04-07',
      meeting_time: '08:30',
      duration: null,
      meeting_type: 'QBR',
    };
    expect(await meetings(columns)).toEqual([{ ...row, status: 'scheduled' }]);
    await run(wanted, Date.UTC(2026, 4, 1));
    expect(await meetings(columns)).toEqual([{ ...row, status: 'completed' }]);
  });

  it('that an older import made for any copy are taken on: no second one, and only what is empty is filled', async () => {
    await store.sql(`insert into public.unified_meetings (meeting_id, outlook_event_id, title, meeting_time, meeting_type, status)
      values ('OUTLOOK-ev-guest', 'ev-guest', 'Old title', '22:30', 'Other', 'scheduled')`);
    const [first, second] = await twoCopies();
    expect((await run(wanted)).tally.reasons).toEqual({ 'written: meetings updated': 1 });
    expect(await meetings('outlook_event_id, title, meeting_time, meeting_type, duration, deleted')).toEqual([
      {
        outlook_event_id: 'ev-guest',
        title: 'Old title',
        meeting_time: '22:30',
        meeting_type: 'Other',
        duration: 45,
        deleted: false,
      },
    ]);
    // it is not ours to delete
    await commitPage(store, page(first, 1, { removed: ['ev-guest'] }));
    await commitPage(store, page(second, 1, { removed: ['ev-own'] }));
    await run(wanted);
    expect(await meetings('deleted')).toEqual([{ deleted: false }]);
  });

  it('of ours are marked deleted with their meeting, and restored with it; one that a person deleted stays so', async () => {
    const feed = await newFeed(store);
    const both = [copy('a', point()), copy('b', touchpoint('uid-2', { title: 'Second' }))];
    await commitPage(store, page(feed, 0, { copies: both }));
    await run(wanted);
    await store.sql(`update public.unified_meetings set deleted = true where outlook_event_id = 'b'`);
    await commitPage(store, page(feed, 1, { removed: ['a', 'b'] }));
    await run(wanted);
    expect(await meetings('deleted')).toEqual([{ deleted: true }, { deleted: true }]);
    await commitPage(store, page(feed, 2, { copies: both }));
    await run(wanted);
    expect(await meetings('outlook_event_id, deleted')).toEqual([
      { outlook_event_id: 'a', deleted: false },
      { outlook_event_id: 'b', deleted: true },
    ]);
    await store.sql(`delete from public.unified_meetings where outlook_event_id = 'a'`);
    await commitPage(store, page(feed, 3, { copies: [copy('a', point({ title: 'Changed' }))] }));
    expect((await run(wanted)).tally.reasons).toEqual({ "skipped: meetings somebody's own": 1 });
    expect(await meetings('outlook_event_id')).toEqual([{ outlook_event_id: 'b' }]);
  });

  it('of ours name nobody any more once their meeting is erased, and come back with it', async () => {
    const feed = await newFeed(store);
    await commitPage(store, page(feed, 0, { copies: [copy('a', point())] }));
    await run(wanted);
    await putSkips(store, new Date(NOW).toISOString(), [{ mailbox: feed.mailbox, graphId: 'a' }]);
    await run(wanted);
    expect(await meetings('title, organizer, attendees, cse_name, deleted')).toEqual([
      { title: '(removed)', organizer: null, attendees: [], cse_name: null, deleted: true },
    ]);
    expect((await run(wanted)).tally.fetched).toBe(0);
    await commitPage(store, page(feed, 1, { copies: [copy('a', point())] }));
    await run(wanted);
    expect(await meetings('title, organizer, deleted')).toEqual([
      { title: 'Service review', organizer: 'Anna Berg', deleted: false },
    ]);
  });

  it('stay one when the event becomes another meeting, or the first copy goes', async () => {
    const [first, second] = await twoCopies();
    await run(wanted);
    await commitPage(store, page(second, 1, { removed: ['ev-own'] }));
    await run(wanted);
    expect(await meetings('outlook_event_id, deleted')).toEqual([
      { outlook_event_id: 'ev-own', deleted: false },
    ]);
    const other = { ...point({ title: 'Another occurrence' }), sourceKey: 'uid-9' };
    await commitPage(store, page(second, 2, { copies: [copy('ev-own', other)] }));
    await commitPage(store, page(first, 1, { copies: [copy('ev-guest', other)] }));
    await run(wanted);
    expect(await meetings('outlook_event_id, title, deleted')).toEqual([
      { outlook_event_id: 'ev-own', title: 'Another occurrence', deleted: false },
    ]);
  });

  it('that the table refuses cost themselves only', async () => {
    await store.sql(`alter table public.unified_meetings add check (title <> 'Refused')`);
    const feed = await newFeed(store);
    const both = [copy('a', point({ title: 'Refused' })), copy('b', touchpoint('uid-2'))];
    await commitPage(store, page(feed, 0, { copies: both }));
    expect((await run(wanted)).tally.reasons).toEqual({
      'failed: meetings refused (23514)': 1,
      'written: meetings inserted': 1,
    });
  });

  it('carry the intent in a column of ours, whoever made the row', async () => {
    await store.sql(
      `insert into public.unified_meetings (outlook_event_id, meeting_type) values ('ev-guest', 'Other')`,
    );
    await twoCopies();
    await tag({ intent: { qbr: 0.9, training: 0.5 } });
    await run({ meeting_types: 'on' });
    expect(await meetings('meeting_type, meeting_type_auto')).toEqual([
      { meeting_type: 'Other', meeting_type_auto: 'QBR' },
    ]);
    const views = await store.sql(
      'select outlook_event_id, meeting_type_auto, model_version from public.touchpoint_meeting_types order by 1',
    );
    expect(views).toEqual(
      ['ev-guest', 'ev-own'].map((event) => ({
        outlook_event_id: event,
        meeting_type_auto: 'QBR',
        model_version: 'touchpoint:v1',
      })),
    );
  });
});

describe('what was published', () => {
  it('can be taken back as far as nobody changed it', async () => {
    await collected();
    const feed = await newFeed(store);
    await commitPage(
      store,
      page(feed, 0, { copies: [copy('a', touchpoint('uid-1')), copy('b', touchpoint('uid-2'))] }),
    );
    await tag({ action: { billing: 0.7 }, intent: { qbr: 0.9 }, ...SENTIMENT });
    await run({ meetings: 'on', meeting_types: 'on', action_categories: 'on', nps_topics: 'on' });
    await store.sql(`update public.unified_meetings set title = 'Mine' where outlook_event_id = 'b'`);
    expect(await store.call('touchpoint_dashboard_undo', {})).toEqual({
      meetings: 1,
      meeting_types: 2,
      action_categories: 3,
      nps_topics: 6,
    });
    expect(await store.sql('select title, meeting_type_auto from public.unified_meetings')).toEqual([
      { title: 'Mine', meeting_type_auto: null },
    ]);
    expect(await store.sql('select 1 from public.nps_topic_classifications')).toEqual([]);
  });

  it('goes with all that was collected, as the documentation says', async () => {
    await collected();
    await tag({ action: { billing: 0.7 } });
    await run({ action_categories: 'on' });
    const text = await readFile(packagePath('docs', 'dashboard.md'), 'utf8');
    const [, script = ''] = /```sql\n([\s\S]*?)```/.exec(text) ?? [];
    const statements = script
      .replace(/^--.*$/gm, '')
      .split(';')
      .filter((statement) => statement.trim() !== '');
    expect(statements).toHaveLength(4);
    for (const statement of statements) await store.sql(statement);
    for (const table of [
      'touchpoints',
      'clients',
      'dashboard_rows',
      'dashboard_published',
      'dashboard_clients',
    ])
      expect(await store.sql(`select * from touchpoint.${table}`)).toEqual([]);
    expect(await store.sql('select 1 from public.actions where auto_category is not null')).toEqual([]);
  });

  it('names nobody where it is remembered', async () => {
    const feed = await newFeed(store);
    await commitPage(
      store,
      page(feed, 0, { copies: [copy('a', touchpoint('uid-1', { title: 'Lunch with Anna Berg' }))] }),
    );
    await run({ meetings: 'on' });
    const remembered = await store.sql('select * from touchpoint.dashboard_published');
    expect(remembered).toHaveLength(1);
    expect(JSON.stringify(remembered)).not.toContain('Anna');
  });

  it('is in views for the server alone', async () => {
    const views = ['meeting_types', 'action_categories', 'nps_classifications', 'risk_categories'];
    for (const view of views) {
      const [rights] = await store.sql(
        `select has_table_privilege('anon', $1, 'select') as anon, has_table_privilege('authenticated', $1, 'select') as authenticated,
           has_table_privilege('service_role', $1, 'select') as server`,
        [`public.touchpoint_${view}`],
      );
      expect(rights).toEqual({ anon: false, authenticated: false, server: true });
    }
  });

  it('of risks is found by plan and by the hash of what they say', async () => {
    await collected();
    await tag({ risk: { relationship: 0.8 } });
    const risk = { title: 'Sponsor leaves', description: 'The CIO retires', risk_type: 'whatever' };
    const hash = await store.call('touchpoint_risk_hash', { risk });
    expect(
      await store.sql(
        'select plan_id, risk_category_auto from public.touchpoint_risk_categories where content_hash = $1',
        [hash],
      ),
    ).toEqual([{ plan_id: '00000000-0000-4000-8000-0000000000aa', risk_category_auto: 'relationship' }]);
  });
});
