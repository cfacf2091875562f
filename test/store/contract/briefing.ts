import { beforeEach, describe, expect, it } from 'vitest';
import type { Person, Touchpoint } from '../../../src/core/touchpoint.ts';
import {
  countMeetings,
  getTouchpoint,
  type MeetingPage,
  type MeetingQuestion,
  readMeetings,
} from '../../../src/store/briefing.ts';
import { putClients } from '../../../src/store/feeds.ts';
import { commitPage, importTouchpoints } from '../../../src/store/pages.ts';
import { readUntagged, saveTags } from '../../../src/store/tags.ts';
import { emptyStore } from '../../support/store.ts';
import { copy, direction, item, newFeed, page, touchpoint, VERSIONS } from './fixtures.ts';
import type { Harness } from './harness.ts';

export const TODAY = '2026-03-10T01:00:00.000Z';

export interface Meeting extends Partial<Touchpoint> {
  readonly key: string;
  readonly client?: string;
  /** Per task; the first label is the surest. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly uncertain?: readonly string[];
}

/** Imports and tags touchpoints; those without `labels` stay untagged. */
export async function arrange({ store }: Harness, meetings: readonly Meeting[]): Promise<void> {
  const names = [...new Set(meetings.flatMap(({ client }) => client ?? []))];
  const clients = await putClients(
    store,
    'configuration',
    names.map((name) => ({ name, aliases: [`${name} Ltd`], domains: [] })),
  );
  const rows = meetings.map(({ key, client, labels, uncertain, ...rest }) => {
    const id = clients.find(({ name }) => name === client)?.id ?? null;
    const match = {
      client: id,
      method: id === null ? null : 'domain',
      confidence: id === null ? null : 0.95,
    };
    return item(touchpoint(key, { title: key, endsAt: null, ...rest }), match);
  });
  await importTouchpoints(store, '2026-03-01T00:00:00.000Z', rows);
  await tagAll({ store }, meetings);
}

/** Tags what is untagged as the meetings of the same keys say. */
export async function tagAll(
  { store }: Pick<Harness, 'store'>,
  meetings: readonly Meeting[],
  versions = VERSIONS,
): Promise<void> {
  const wanted = new Map(meetings.map((meeting) => [meeting.title ?? meeting.key, meeting]));
  const untagged = await readUntagged(store, { ...versions, limit: 1000, after: null });
  const rows = untagged.flatMap(({ id, title, text_hash }) => {
    const meeting = wanted.get(title);
    if (meeting?.labels === undefined) return [];
    const tags = Object.entries(meeting.labels).flatMap(([task, labels]) =>
      labels.map((label, place) => ({ task, label, score: 0.9 - 0.1 * place })),
    );
    const { uncertain = [] } = meeting;
    return [{ id, textHash: text_hash, vector: direction(0), uncertain, tags }];
  });
  await saveTags(store, { ...versions, now: TODAY, rows, failed: [] });
}

export const person = (address: string, role: Person['role'] = 'required'): Person => ({
  name: address.split('@')[0] ?? '',
  address,
  role,
});

/** The Briefing Room: what is on a page, and how many there are. */
export function briefingContract(harness: () => Harness): void {
  const read = (question: Partial<MeetingQuestion & MeetingPage> = {}) =>
    readMeetings(harness().store, { now: TODAY, ...question });
  const keys = async (question: Partial<MeetingQuestion & MeetingPage> = {}) =>
    (await read(question)).rows.map(({ source_key }) => source_key);
  const sorted = async (question: Partial<MeetingQuestion & MeetingPage> = {}) =>
    (await keys(question)).sort();
  const count = (question: Partial<MeetingQuestion> = {}) =>
    countMeetings(harness().store, { now: TODAY, ...question });
  beforeEach(() => emptyStore(harness()));

  describe('the Briefing Room of an empty store', () => {
    it('shows nothing and counts nothing', async () => {
      expect(await read({ facets: true })).toEqual({
        rows: [],
        next: null,
        previous: null,
        zone: 'UTC',
        facets: {
          total: 0,
          status: {},
          meeting_type: {},
          intent: {},
          internal: {},
          recurring: {},
          client: [],
        },
      });
    });
  });

  describe('a line of the Briefing Room', () => {
    it('says all that is known of a meeting', async () => {
      await arrange(harness(), [
        {
          key: 'review',
          title: 'Quarterly review',
          body: 'Agenda:\n\n  figures',
          client: 'Acme',
          occurredAt: '2026-03-12T22:30:00.000Z',
          endsAt: '2026-03-12T23:30:00.000Z',
          timeZone: 'Australia/Perth',
          people: [
            person('ana@vendor.test', 'organizer'),
            person('bo@acme.test'),
            person('cy@acme.test', 'optional'),
            person('room@vendor.test', 'resource'),
          ],
          details: {
            joinUrl: 'https://teams.example/1',
            location: 'Level 3',
            status: 'scheduled',
            minutes: 60,
          },
          labels: { intent: ['qbr', 'training'], topic: ['value & pricing'] },
          uncertain: ['topic'],
        },
      ]);
      const [row] = (await read({ zone: 'Australia/Sydney', internal_domains: ['vendor.test'] })).rows;
      const by = { origin: 'model', version: 'taxonomy@1' };
      expect(row).toMatchObject({
        kind: 'meeting',
        source_key: 'review',
        title: 'Quarterly review',
        snippet: 'Agenda: figures',
        all_day: false,
        time_zone: 'Australia/Perth',
        local_date: '2026-03-13',
        local_time: '09:30',
        minutes: 60,
        organiser: { name: 'ana', address: 'ana@vendor.test' },
        attendees: 2,
        join_url: 'https://teams.example/1',
        location: 'Level 3',
        client: { name: 'Acme' },
        client_method: 'domain',
        client_confidence: 0.95,
        status: 'scheduled',
        recurring: false,
        internal: false,
        meeting_type_auto: 'qbr',
        meeting_type_confidence: 0.9,
        labels: [
          { task: 'intent', label: 'qbr', score: 0.9, ...by },
          { task: 'intent', label: 'training', score: 0.8, ...by },
          { task: 'topic', label: 'value & pricing', score: 0.9, ...by },
        ],
        uncertain: ['topic'],
        tagged: true,
      });
      expect(new Date(row?.occurred_at ?? '').toISOString()).toBe('2026-03-12T22:30:00.000Z');
    });

    it('shows the words that were searched for', async () => {
      const filler = 'nothing of note '.repeat(20);
      await arrange(harness(), [{ key: 'a', body: `${filler} the Renewal of the contract ${filler}` }]);
      const [row] = (await read({ text: 'renewal' })).rows;
      expect(row?.snippet).toContain('the Renewal of the contract');
    });
  });

  describe('each filter', () => {
    const MEETINGS: readonly Meeting[] = [
      {
        key: 'past',
        client: 'Acme',
        occurredAt: '2026-03-09T00:00:00.000Z',
        endsAt: '2026-03-09T01:00:00.000Z',
        body: 'pathology interface',
        labels: { intent: ['qbr', 'training'], topic: ['value & pricing'] },
        people: [person('ana@vendor.test', 'organizer'), person('bo@acme.test')],
      },
      {
        key: 'running',
        client: 'Bolt',
        occurredAt: '2026-03-10T00:30:00.000Z',
        endsAt: '2026-03-10T01:30:00.000Z',
        labels: { intent: ['training', 'qbr'] },
        people: [person('ana@vendor.test', 'organizer'), person('cy@au.vendor.test')],
      },
      {
        key: 'off',
        occurredAt: '2026-03-09T02:00:00.000Z',
        details: { status: 'cancelled' },
        labels: { intent: [] },
        uncertain: ['intent'],
        people: [person('ana@notvendor.test', 'organizer')],
      },
      { key: 'soon', occurredAt: '2026-03-20T00:00:00.000Z' },
      { key: 'mail', kind: 'email', occurredAt: '2026-03-08T00:00:00.000Z', labels: { intent: ['qbr'] } },
    ];
    beforeEach(() => arrange(harness(), MEETINGS));

    it.each<[string, Partial<MeetingQuestion>, string[]]>([
      ['none: meetings', {}, ['off', 'past', 'running', 'soon']],
      ['kinds', { kinds: ['email', 'meeting'] }, ['mail', 'off', 'past', 'running', 'soon']],
      [
        'withheld kinds',
        { kinds: ['email', 'meeting'], withhold: ['email'] },
        ['off', 'past', 'running', 'soon'],
      ],
      ['only withheld kinds', { kinds: ['email'], withhold: ['email'] }, []],
      ['scheduled', { status: ['scheduled'] }, ['running', 'soon']],
      ['completed', { status: ['completed'] }, ['past']],
      ['cancelled', { status: ['cancelled'] }, ['off']],
      ['several states', { status: ['completed', 'cancelled'] }, ['off', 'past']],
      ['no state', { status: [] }, []],
      ['a state, which mail has none of', { kinds: ['email'], status: ['completed'] }, []],
      ['the primary intent', { meeting_types: ['training'] }, ['running']],
      ['the primary intent or none', { meeting_types: ['training', 'none'] }, ['off', 'running']],
      ['any intent', { intents: ['training'] }, ['past', 'running']],
      ['no intent', { intents: ['none'] }, ['off']],
      ['not yet tagged', { intents: ['untagged'] }, ['soon']],
      ['an unknown intent', { intents: ['nothing'] }, []],
      ['intent of no value', { intents: [] }, []],
      ['since', { since: '2026-03-10T00:30:00Z' }, ['running', 'soon']],
      ['until', { until: '2026-03-09T02:00:00Z' }, ['past']],
      ['my clients', { clients: ['acme', 'Bolt Ltd'] }, ['past', 'running']],
      ['a client that nobody knows', { clients: ['Zeta'] }, []],
      ['with a client', { with_client: true }, ['past', 'running']],
      ['without a client', { with_client: false }, ['off', 'soon']],
      ['people', { people: ['Bo@acme.test', 'cy@au.vendor.test'] }, ['past', 'running']],
      ['people, one of whom is unknown', { people: ['nobody@acme.test'] }, []],
      ['internal, on label boundaries', { internal: true, internal_domains: ['vendor.test'] }, ['running']],
      ['external', { internal: false, internal_domains: ['vendor.test'] }, ['off', 'past']],
      ['internal, not knowing what that is', { internal: true }, []],
      ['uncertain', { uncertain: true }, ['off']],
      ['any topic', { topics: ['value & pricing', 'nothing'] }, ['past']],
      ['a topic that is an intent', { topics: ['qbr'] }, []],
      ['cancelled', { cancelled: true }, ['off']],
      ['not cancelled', { cancelled: false }, ['past', 'running', 'soon']],
      ['words', { text: 'pathology' }, ['past']],
      ['words of title and body together', { text: 'interface past' }, ['past']],
      ['beginnings of words', { text: 'patho inter' }, ['past']],
      ['all words', { text: 'pathology running' }, []],
      [
        'several filters',
        { text: 'path', clients: ['Acme'], status: ['completed'], intents: ['qbr'] },
        ['past'],
      ],
    ])('%s', async (_, question, expected) => {
      expect(await sorted(question)).toEqual(expected);
      expect((await count(question)).total).toBe(expected.length);
    });

    it('by id of the client', async () => {
      const [row] = (await read({ clients: ['Acme'] })).rows;
      expect(await keys({ clients: [row?.client?.id ?? ''] })).toEqual(['past']);
    });

    it('by department: whose mailboxes hold a copy; their domains are our own', async () => {
      const { store } = harness();
      const [first, second] = [await newFeed(store), await newFeed(store)];
      await commitPage(
        store,
        page(first, 0, { copies: [copy('a', touchpoint('one')), copy('b', touchpoint('two'))] }),
      );
      const inside = touchpoint('three', { people: [person('x@example.test', 'organizer')] });
      await commitPage(store, page(second, 0, { copies: [copy('c', touchpoint('two')), copy('d', inside)] }));
      expect(await sorted({ department: [first.mailbox.toUpperCase()] })).toEqual(['one', 'two']);
      expect(await sorted({ department: [second.mailbox] })).toEqual(['three', 'two']);
      expect(await sorted({ department: [first.mailbox, second.mailbox] })).toEqual(['one', 'three', 'two']);
      expect(await keys({ department: [] })).toEqual([]);
      expect(await keys({ internal: true })).toEqual(['three']);
    });

    it('leaves the deleted out', async () => {
      await harness().sql(`update touchpoint.touchpoints set deleted_at = now() where source_key <> 'past'`);
      expect(await keys()).toEqual(['past']);
      expect((await count()).total).toBe(1);
    });
  });

  describe('searching', () => {
    it.each([
      ['traini', true],
      ['training', true],
      ['trainings', true],
      ['trainer', false],
      ["o'brien & (sons)", true],
      ['O’Brien', true],
      ['zürich', true],
      ['züri', true],
      ['the', true],
      ['', true],
      ['!!! ??? :* & | <->', true],
      ["'; drop table touchpoint.touchpoints; --", false],
      ['\\', true],
      ['zürich:* & !training', true],
      ['50%', true],
      ['🙂', true],
      ['%', true],
    ])('for %j', async (text, isFound) => {
      await arrange(harness(), [
        { key: 'a', title: "Training for O’Brien and O'Brien & Sons in Zürich", body: 'the 50% discount 🙂' },
      ]);
      expect(await keys({ text })).toEqual(isFound ? ['a'] : []);
    });

    it('for a very long text', async () => {
      await arrange(harness(), [{ key: 'a', title: 'word' }]);
      expect(await keys({ text: 'word '.repeat(100_000) })).toEqual(['a']);
      expect(await keys({ text: 'x'.repeat(100_000) })).toEqual([]);
    });
  });

  describe('recurring meetings', () => {
    const recurring = async () => sorted({ recurring: true });

    it('have three occurrences with one title, whatever date and number is in it', async () => {
      const titles = ['WIP 3/3', 'WIP – 10 March 2026', 'wip #7'];
      await arrange(
        harness(),
        titles.map((title, n) => ({ key: `w${n}`, title, client: 'Acme' })),
      );
      expect(await recurring()).toEqual(['w0', 'w1', 'w2']);
      expect((await read()).rows.map((row) => row.recurring)).toEqual([true, true, true]);
      expect((await count()).recurring).toEqual({ recurring: 3 });
    });

    it('are apart for each client, and for each organiser where there is no client', async () => {
      const by = (key: string, address: string) => ({
        key,
        title: 'WIP',
        people: [person(address, 'organizer')],
      });
      await arrange(harness(), [
        { key: 'a1', title: 'WIP', client: 'Acme' },
        { key: 'a2', title: 'WIP', client: 'Acme' },
        { key: 'b1', title: 'WIP', client: 'Bolt' },
        by('x1', 'x@vendor.test'),
        by('x2', 'x@vendor.test'),
        by('y1', 'y@vendor.test'),
        { key: 'n1', title: '1' },
        { key: 'n2', title: '2' },
        { key: 'n3', title: '3' },
      ]);
      expect(await recurring()).toEqual([]);
      await arrange(harness(), [by('x3', 'x@vendor.test'), { key: 'a3', title: 'WIP', client: 'Acme' }]);
      expect(await recurring()).toEqual(['a1', 'a2', 'a3', 'x1', 'x2', 'x3']);
      expect((await count()).recurring).toEqual({ recurring: 6, single: 5 });
      expect(await sorted({ recurring: false })).toEqual(['b1', 'n1', 'n2', 'n3', 'y1']);
    });

    it('go by the series where Graph names one', async () => {
      const { store } = harness();
      const feed = await newFeed(store);
      const of = (series: string, ...names: string[]) =>
        names.map((key) => copy(`id ${key}`, touchpoint(key, { title: key }), { series }));
      const same = ['p', 'q'].map((key) =>
        copy(`id ${key}`, touchpoint(key, { title: 'Same' }), { series: 'two' }),
      );
      await commitPage(store, page(feed, 0, { copies: [...of('three', 'a', 'b', 'c'), ...same] }));
      await arrange(harness(), [{ key: 'r', title: 'Same' }]);
      expect(await recurring()).toEqual(['a', 'b', 'c', 'r']);
      expect((await count()).recurring).toEqual({ recurring: 4, single: 2 });
      await commitPage(store, page(feed, 1, { removed: ['id c'] }));
      expect(await recurring()).toEqual(['r']);
    });
  });

  describe('pages', () => {
    const at = (key: string, occurredAt: string): Meeting => ({ key, occurredAt });
    const tied = Array.from({ length: 7 }, (_, n) => at(`t${n}`, '2026-03-05T00:00:00.000Z'));

    it.each(['asc', 'desc'] as const)('go on over ties, forth and back, %s', async (order) => {
      await arrange(harness(), [
        at('early', '2026-03-01T00:00:00.000Z'),
        ...tied,
        at('late', '2026-03-09T00:00:00.123Z'),
      ]);
      const all = await keys({ order });
      expect(all).toHaveLength(9);
      expect(all.indexOf('late')).toBe(order === 'asc' ? 8 : 0);
      const first = await read({ order, limit: 4 });
      expect(first.previous).toBeNull();
      const second = await read({ order, limit: 4, after: first.next ?? '' });
      const third = await read({ order, limit: 4, after: second.next ?? '' });
      expect(third.next).toBeNull();
      const seen = [first, second, third].flatMap(({ rows }) => rows.map((row) => row.source_key));
      expect(seen).toEqual(all);
      expect(await read({ order, limit: 4, before: third.previous ?? '' })).toEqual(second);
      const back = await read({ order, limit: 4, before: second.previous ?? '' });
      expect(back.rows).toEqual(first.rows);
      expect(back.previous).toBeNull();
    });

    it('filter before they are cut', async () => {
      const wanted = { key: 'wanted', client: 'Acme', occurredAt: '2026-01-01T00:00:00.000Z' };
      await arrange(harness(), [...tied, wanted]);
      expect(await read({ clients: ['Acme'], limit: 1 })).toMatchObject({
        rows: [{ source_key: 'wanted' }],
        next: null,
      });
    });

    it('end exactly at the limit', async () => {
      await arrange(harness(), tied);
      expect((await read({ limit: 7 })).next).toBeNull();
      expect((await read({ limit: 6 })).next).not.toBeNull();
    });

    it('mix kinds by time, and leave out what has none', async () => {
      await arrange(harness(), [
        at('m1', '2026-03-01T00:00:00.000Z'),
        { ...at('e2', '2026-03-02T00:00:00.000Z'), kind: 'email' },
        at('m3', '2026-03-03T00:00:00.000Z'),
        { key: 'never', kind: 'email', occurredAt: null },
      ]);
      expect(await keys({ kinds: ['meeting', 'email'], limit: 2 })).toEqual(['m3', 'e2']);
      expect(await keys({ kinds: ['meeting', 'email'] })).toEqual(['m3', 'e2', 'm1']);
    });

    it.each<[string, object]>([
      ['a key that is none', { after: 'x' }],
      ['a key with SQL in it', { before: "1_00000000-0000-0000-0000-000000000000'; select 1" }],
      [
        'both directions',
        { after: '1_00000000-0000-0000-0000-000000000000', before: '1_00000000-0000-0000-0000-000000000000' },
      ],
      ['an order', { order: 'sideways' }],
      ['a limit', { limit: 0 }],
      ['kinds that are no list', { kinds: 'meeting' }],
      ['a list of withheld kinds that is none', { withhold: 'email' }],
      ['withheld kinds of null', { withhold: null }],
      ['withheld kinds that are no texts', { withhold: [['email']] }],
      ['a flag', { internal: 'yes' }],
      ['a missing now', { now: undefined }],
    ])('refuse %s', async (_, question) => {
      await expect(
        harness().store.call('touchpoint_meetings', { now: TODAY, ...question }),
      ).rejects.toMatchObject({
        code: 'PT400',
      });
    });
  });

  describe('zones', () => {
    it.each([
      ['Australia/Sydney', '2026-04-04T15:59:00.000Z', '2026-04-05', '02:59'],
      ['Australia/Sydney', '2026-04-04T16:00:00.000Z', '2026-04-05', '02:00'],
      ['Australia/Sydney', '2026-10-03T15:59:00.000Z', '2026-10-04', '01:59'],
      ['Australia/Sydney', '2026-10-03T16:00:00.000Z', '2026-10-04', '03:00'],
      ['Pacific/Guam', '2026-02-28T14:00:00.000Z', '2026-03-01', '00:00'],
      ['Australia/Perth', '2026-02-28T15:59:00.000Z', '2026-02-28', '23:59'],
      ['Pacific/Auckland', '2026-12-31T11:00:00.000Z', '2027-01-01', '00:00'],
      ['America/Argentina/Buenos_Aires', '2026-03-01T02:59:00.000Z', '2026-02-28', '23:59'],
    ])('%s at %s', async (zone, occurredAt, date, time) => {
      await arrange(harness(), [{ key: 'a', occurredAt }]);
      expect((await read({ zone })).rows).toMatchObject([{ local_date: date, local_time: time }]);
    });

    it.each([
      ['Australia/Sydney', '2026-03-01T13:00:00Z', '2026-03-02T13:00:00Z'],
      ['Pacific/Guam', '2026-03-01T14:00:00Z', '2026-03-02T14:00:00Z'],
      ['America/Los_Angeles', '2026-03-02T08:00:00Z', '2026-03-03T08:00:00Z'],
    ])('%s: an all-day meeting is on its own day and no other', async (zone, since, until) => {
      const day = (key: string, date: number) => ({
        key,
        allDay: true,
        occurredAt: `2026-03-0${date}T00:00:00.000Z`,
        endsAt: `2026-03-0${date + 1}T00:00:00.000Z`,
      });
      await arrange(harness(), [day('before', 1), day('same', 2), day('after', 3)]);
      const { rows } = await read({ zone, since, until });
      expect(rows).toMatchObject([{ source_key: 'same', local_date: '2026-03-02', local_time: null }]);
      // and it is over at the end of that day
      const status = async (now: string) =>
        (await read({ zone, since, until, now })).rows.map((row) => row.status);
      const end = Date.parse(until);
      expect(await status(new Date(end - 1).toISOString())).toEqual(['scheduled']);
      expect(await status(new Date(end).toISOString())).toEqual(['completed']);
      expect(
        await keys({ zone, since, until, now: new Date(end - 1).toISOString(), status: ['scheduled'] }),
      ).toEqual(['same']);
    });

    it.each(['Sydney', 'AEST', 'FOO+3', 'Foo/Bar3', 'Australia/Nowhere', '+10:00', '', "'; select 1"])(
      'refuses %j',
      async (zone) => {
        await expect(read({ zone })).rejects.toMatchObject({ code: 'PT400' });
      },
    );
  });

  describe('facets', () => {
    beforeEach(() =>
      arrange(harness(), [
        { key: 'a', client: 'Acme', labels: { intent: ['qbr', 'training'] } },
        { key: 'b', client: 'Acme', labels: { intent: ['training'] }, details: { status: 'cancelled' } },
        { key: 'c', client: 'Bolt', labels: { intent: [] } },
        { key: 'd', occurredAt: '2026-04-01T00:00:00.000Z', people: [person('x@vendor.test')] },
      ]),
    );

    it('count every value', async () => {
      expect(await count({ internal_domains: ['vendor.test'] })).toMatchObject({
        total: 4,
        status: { completed: 2, cancelled: 1, scheduled: 1 },
        meeting_type: { qbr: 1, training: 1, none: 1, untagged: 1 },
        intent: { qbr: 1, training: 2, none: 1, untagged: 1 },
        internal: { internal: 1, unknown: 3 },
        recurring: { single: 4 },
        client: [
          { name: 'Acme', n: 2 },
          { name: 'Bolt', n: 1 },
        ],
      });
    });

    it('apply all filters but their own', async () => {
      expect(await count({ status: ['completed'], clients: ['Acme'] })).toMatchObject({
        total: 1,
        status: { completed: 1, cancelled: 1 },
        meeting_type: { qbr: 1 },
        client: [
          { name: 'Acme', n: 1 },
          { name: 'Bolt', n: 1 },
        ],
      });
      expect(await count({ meeting_types: ['training'] })).toMatchObject({
        total: 1,
        meeting_type: { qbr: 1, training: 1, none: 1, untagged: 1 },
        status: { cancelled: 1 },
      });
      expect((await count({ since: '2026-03-15T00:00:00Z' })).meeting_type).toEqual({ untagged: 1 });
    });

    it('come with the page when they are asked for', async () => {
      const { facets } = await read({ facets: true, clients: ['Acme'], limit: 1 });
      expect(facets).toEqual(await count({ clients: ['Acme'] }));
    });
  });

  describe('one touchpoint', () => {
    it('comes with everything, by id or by kind and key', async () => {
      await arrange(harness(), [
        {
          key: 'a',
          client: 'Acme',
          labels: { intent: ['qbr'] },
          people: [person('x@acme.test')],
          body: 'long text',
        },
      ]);
      const whole = await getTouchpoint(harness().store, { kind: 'meeting', source_key: 'a' });
      expect(whole).toMatchObject({
        kind: 'meeting',
        source_key: 'a',
        text: 'long text',
        client: { name: 'Acme' },
        people: [{ address: 'x@acme.test' }],
        copies: [],
        tags: [{ task: 'intent', label: 'qbr', origin: 'model' }],
        current: [{ label: 'qbr' }],
        settled: [],
        feedback: [],
        encoder: VERSIONS.encoder,
        taxonomy: VERSIONS.taxonomy,
        embedded: true,
        deleted_at: null,
      });
      expect(await getTouchpoint(harness().store, { id: whole.id.toUpperCase() })).toEqual(whole);
    });

    it('is not there when it is withheld, deleted or unknown, and each looks the same', async () => {
      await arrange(harness(), [{ key: 'a' }, { key: 'gone' }]);
      await harness().sql(`update touchpoint.touchpoints set deleted_at = now() where source_key = 'gone'`);
      const missing = [
        { kind: 'meeting', source_key: 'a', withhold: ['meeting'] },
        { kind: 'meeting', source_key: 'gone' },
        { kind: 'meeting', source_key: 'never' },
        { kind: 'email', source_key: 'a' },
        { id: '00000000-0000-0000-0000-000000000000' },
        { id: "x' or true" },
        {},
      ];
      for (const name of missing) {
        await expect(harness().store.call('touchpoint_get', name)).rejects.toMatchObject({ code: 'PT404' });
      }
      const gone = { kind: 'meeting', source_key: 'gone', deleted: true } as const;
      expect((await getTouchpoint(harness().store, gone)).deleted_at).not.toBeNull();
    });
  });
}
