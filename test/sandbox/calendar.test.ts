import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { immutableId } from '../../src/sandbox/ids.ts';
import type { Meeting } from '../../src/sandbox/model.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import {
  AMELIA,
  ANCHOR,
  ask,
  calendar,
  DAY,
  DEV,
  errorOf,
  Item,
  instances,
  json,
  Page,
  start,
  WINDOW,
  walk,
} from './support.ts';

const HOUR = 3_600_000;
const me = { name: 'Amelia Hartigan', address: AMELIA };
const dev = { name: 'Dev Raman', address: DEV, type: 'required' } as const;
const priya = { name: 'Priya Nair', address: 'priya.nair@sahealth.example', type: 'required' } as const;

function series(sandbox: Sandbox, count = 4): Meeting {
  const start = ANCHOR + DAY;
  return sandbox.tenant.createMeeting({
    title: 'Series',
    start,
    end: start + HOUR,
    organizer: me,
    attendees: [dev, priya],
    zone: 'Australia/Perth',
    series: { every: 'week', interval: 1, count },
  });
}

function single(sandbox: Sandbox, start = ANCHOR + DAY): Meeting {
  return sandbox.tenant.createMeeting({
    title: 'Single',
    start,
    end: start + HOUR,
    organizer: me,
    attendees: [dev],
    zone: 'Australia/Perth',
  });
}

/** What one mailbox's delta shows after a change. */
async function changes(sandbox: Sandbox, mailbox: string, act: () => void, window = WINDOW): Promise<Item[]> {
  const { deltaLink } = await walk(sandbox, calendar(mailbox, window));
  act();
  return (await walk(sandbox, deltaLink)).items;
}

const Full = z.looseObject({
  id: z.string(),
  type: z.string(),
  iCalUId: z.string(),
  uid: z.string(),
  start: z.object({ dateTime: z.string(), timeZone: z.string() }),
  originalStart: z.string().optional(),
});

describe('an initial round', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await start({ scale: 1 });
  });
  afterAll(() => sandbox.close());

  test('sends occurrences bare and everything else in full', async () => {
    const { items } = await walk(sandbox, calendar(AMELIA));
    const bare = items.filter(({ type }) => type === 'occurrence');
    expect(bare.length).toBeGreaterThan(20);
    for (const item of bare)
      expect(Object.keys(item).sort()).toEqual([
        '@odata.etag',
        '@odata.type',
        'end',
        'id',
        'seriesMasterId',
        'start',
        'type',
      ]);
    for (const item of items.filter(({ type }) => type !== 'occurrence'))
      expect(item).toMatchObject({
        iCalUId: expect.any(String),
        sensitivity: expect.any(String),
        transactionId: null,
      });
  });

  test('gives masters the times of their very first occurrence, some of them after their occurrences and some not at all', async () => {
    const placed = new Set<string>();
    for (const { address } of sandbox.tenant.mailboxes) {
      const { items } = await walk(sandbox, calendar(address, { from: ANCHOR, to: ANCHOR + 60 * DAY }));
      for (const id of new Set(items.flatMap(({ seriesMasterId }) => seriesMasterId ?? []))) {
        const master = items.findIndex((item) => item.id === id);
        const first = items.findIndex(({ seriesMasterId }) => seriesMasterId === id);
        placed.add(master === -1 ? 'absent' : master < first ? 'before' : 'after');
        const full = Full.parse(await json(sandbox, `users/${address}/events/${id}`));
        expect(Date.parse(`${full.start.dateTime.slice(0, 19)}Z`)).toBeLessThan(ANCHOR);
        expect(full).toMatchObject({
          type: 'seriesMaster',
          recurrence: { pattern: expect.any(Object) },
          seriesMasterId: null,
        });
      }
    }
    expect([...placed].sort()).toEqual(['absent', 'after', 'before']);
  });

  test('may begin with an empty page that has a nextLink', async () => {
    const first = Page.parse(await json(sandbox, calendar(DEV)));
    expect(first.value).toEqual([]);
    expect(first['@odata.nextLink']).toContain('$skiptoken=');
    expect((await walk(sandbox, first['@odata.nextLink'] ?? '')).items.length).toBeGreaterThan(30);
  });

  test('keeps pages to the size preferred, 10 when nothing is', async () => {
    const { pages } = await walk(sandbox, calendar(AMELIA), 7);
    expect(pages.slice(0, -1).every((page) => page.length === 7)).toBe(true);
    expect(Page.parse(await json(sandbox, calendar(AMELIA))).value).toHaveLength(10);
  });

  test('freezes the window inside the token', async () => {
    const week = { from: ANCHOR, to: ANCHOR + 7 * DAY };
    const items = await changes(sandbox, AMELIA, () => void single(sandbox, ANCHOR + 30 * DAY), week);
    expect(items.filter((item) => item['@removed'] === undefined)).toEqual([]);
  });

  test.each([
    '$select=subject',
    '$filter=isAllDay eq true',
    '$orderby=start',
    '$expand=attachments',
    '$search=x',
  ])('refuses %s', async (option) => {
    expect(await errorOf(await ask(sandbox, `${calendar(AMELIA)}&${option}`))).toMatchObject({
      status: 400,
      code: 'ErrorInvalidUrlQuery',
    });
  });

  test('refuses a request without a window, or with one that ends before it starts', async () => {
    expect((await ask(sandbox, `users/${AMELIA}/calendarView/delta`)).status).toBe(400);
    expect((await ask(sandbox, calendar(AMELIA, { from: ANCHOR, to: ANCHOR - DAY }))).status).toBe(400);
  });

  test('sends explicit nulls on an ordinary event', async () => {
    const { items } = await walk(sandbox, calendar(AMELIA));
    const ordinary = items.find(
      (item) => item.type === 'singleInstance' && item['isOnlineMeeting'] === false,
    );
    expect(ordinary).toMatchObject({
      seriesMasterId: null,
      onlineMeeting: null,
      transactionId: null,
      recurrence: null,
      occurrenceId: null,
      onlineMeetingUrl: null,
    });
  });
});

describe('what a meeting looks like', () => {
  test('iCalUId holds the original date of an occurrence, zeros for singles and masters; uid never does', async () => {
    await using sandbox = await start();
    const meeting = series(sandbox);
    const page = Page.parse(await json(sandbox, instances(AMELIA, masterId(sandbox, meeting, AMELIA))));
    const [first] = page.value.map((value) => Full.parse(value));
    // 10 February 2026, 09:00 in Perth: 07EA 02 0A.
    expect(first?.iCalUId.slice(32, 40)).toBe('07EA020A');
    expect(first?.uid).toBe(meeting.uid);
    expect(meeting.uid.slice(0, 40)).toBe('040000008200E00074C5B7101A82E00800000000');
    const devs = Page.parse(await json(sandbox, instances(DEV, masterId(sandbox, meeting, DEV))));
    expect(devs.value.map((value) => Full.parse(value).iCalUId)).toEqual(
      page.value.map((value) => Full.parse(value).iCalUId),
    );
    expect(devs.value.map((value) => Full.parse(value).id)).not.toEqual(
      page.value.map((value) => Full.parse(value).id),
    );
  });

  test('an exception comes in full, with its original start and an iCalUId of its own', async () => {
    await using sandbox = await start();
    const meeting = series(sandbox);
    const original = meeting.series?.starts[1] ?? 0;
    const items = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.moveOccurrence(meeting.uid, original, original + 2 * DAY),
    );
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      type: 'exception',
      subject: 'Series',
      originalStart: new Date(original).toISOString().replace('.000', ''),
      seriesMasterId: masterId(sandbox, meeting, AMELIA),
    });
    expect(items[0]?.['iCalUId']).not.toBe(meeting.uid);
    expect(items[0]?.start?.dateTime).toBe(
      `${new Date(original + 2 * DAY).toISOString().slice(0, 19)}.0000000`,
    );
  });

  test('start and end follow the preferred time zone, by Windows or IANA name, through daylight saving', async () => {
    await using sandbox = await start();
    const at = Date.parse('2026-03-30T22:00:00Z');
    const meeting = sandbox.tenant.createMeeting({
      title: 'Weekly',
      start: at,
      end: at + HOUR,
      organizer: me,
      attendees: [],
      zone: 'Australia/Sydney',
      series: { every: 'week', interval: 1, count: 2 },
    });
    const path = instances(AMELIA, masterId(sandbox, meeting, AMELIA));
    const times = async (zone: string) =>
      Page.parse(await json(sandbox, path, `outlook.timezone="${zone}", IdType="ImmutableId"`)).value.map(
        (value) => Full.parse(value).start,
      );
    // Sydney leaves daylight saving on 5 April 2026: the wall clock stays, UTC moves.
    expect(await times('AUS Eastern Standard Time')).toEqual(
      ['2026-03-31', '2026-04-07'].map((day) => ({
        dateTime: `${day}T09:00:00.0000000`,
        timeZone: 'AUS Eastern Standard Time',
      })),
    );
    expect((await times('UTC')).map(({ dateTime }) => dateTime.slice(0, 16))).toEqual([
      '2026-03-30T22:00',
      '2026-04-06T23:00',
    ]);
    expect((await times('Australia/Perth')).map(({ dateTime }) => dateTime.slice(11, 16))).toEqual([
      '06:00',
      '07:00',
    ]);
    expect((await ask(sandbox, path, { prefer: 'outlook.timezone="Nowhere Standard Time"' })).status).toBe(
      400,
    );
  });

  test('all-day meetings are midnight in every zone', async () => {
    await using sandbox = await start();
    const day = Date.parse('2026-02-12T00:00:00Z');
    sandbox.tenant.createMeeting({
      title: 'Off',
      start: day,
      end: day + DAY,
      organizer: me,
      attendees: [],
      allDay: true,
    });
    const { items } = await walk(sandbox, calendar(AMELIA, { from: day, to: day + DAY }));
    expect(items.find(({ subject }) => subject === 'Off')).toMatchObject({
      isAllDay: true,
      start: { dateTime: '2026-02-12T00:00:00.0000000', timeZone: 'UTC' },
    });
    const local = Page.parse(
      await json(sandbox, `users/${AMELIA}/events?$top=1000`, 'outlook.timezone="Pacific/Auckland"'),
    ).value.map((value) => Item.parse(value));
    expect(local.find(({ subject }) => subject === 'Off')?.start).toEqual({
      dateTime: '2026-02-12T00:00:00.0000000',
      timeZone: 'Pacific/Auckland',
    });
  });

  test('bodies are HTML with a Teams block, or text when that is preferred', async () => {
    await using sandbox = await start();
    const meeting = sandbox.tenant.createMeeting({
      title: 'Online',
      text: 'Agenda & notes',
      start: ANCHOR,
      end: ANCHOR + HOUR,
      organizer: me,
      attendees: [],
      online: true,
    });
    const path = `users/${AMELIA}/events/${masterId(sandbox, meeting, AMELIA)}`;
    const html = await json(sandbox, path);
    expect(html).toMatchObject({
      isOnlineMeeting: true,
      onlineMeeting: { joinUrl: expect.stringContaining('teams.microsoft.com') },
      body: { contentType: 'html', content: expect.stringContaining('Join the meeting now') },
    });
    const text = await json(sandbox, path, 'outlook.body-content-type="text"');
    expect(text).toMatchObject({
      body: {
        contentType: 'text',
        content: expect.stringMatching(/^Agenda & notes\r\n[\s\S]*Meeting ID: \d{3} \d{3}/),
      },
    });
    expect(JSON.stringify(text['body'])).not.toContain('<div');
  });
});

describe('changes of a calendar', () => {
  test('a deleted single is a tombstone with nothing but its id', async () => {
    await using sandbox = await start();
    const meeting = single(sandbox);
    const items = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.deleteMeeting(meeting.uid, AMELIA),
    );
    expect(items).toEqual([
      {
        '@odata.type': '#microsoft.graph.event',
        id: masterId(sandbox, meeting, AMELIA),
        '@removed': { reason: 'deleted' },
      },
    ]);
    expect((await ask(sandbox, `users/${AMELIA}/events/${items[0]?.id}`)).status).toBe(404);
    expect(
      (await walk(sandbox, calendar(DEV))).items.some(({ id }) => id === masterId(sandbox, meeting, DEV)),
    ).toBe(true);
  });

  test('a deleted occurrence has no tombstone: the master reappears with the remaining ones, or alone', async () => {
    await using sandbox = await start();
    const meeting = series(sandbox);
    const [, second = 0, third = 0] = meeting.series?.starts ?? [];
    const all = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.deleteOccurrence(meeting.uid, second),
    );
    expect(all.map(({ type }) => type)).toEqual(['seriesMaster', 'occurrence', 'occurrence', 'occurrence']);
    sandbox.habits.seriesEcho = 'master';
    const alone = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.deleteOccurrence(meeting.uid, third),
    );
    expect(alone.map(({ type }) => type)).toEqual(['seriesMaster']);
    expect(
      Page.parse(await json(sandbox, instances(AMELIA, masterId(sandbox, meeting, AMELIA)))).value,
    ).toHaveLength(2);
  });

  test('a deleted series is the tombstone of its master, with or without those of its occurrences', async () => {
    await using sandbox = await start();
    const sizes: number[] = [];
    for (const meeting of [series(sandbox), series(sandbox)]) {
      const items = await changes(sandbox, AMELIA, () => void sandbox.tenant.deleteMeeting(meeting.uid));
      expect(items.every((item) => item['@removed'] !== undefined)).toBe(true);
      sizes.push(items.length);
    }
    expect(sizes.sort()).toEqual([1, 5]);
  });

  test('a cancelled occurrence stays with attendees as a cancelled exception and leaves the organiser', async () => {
    await using sandbox = await start();
    const meeting = series(sandbox);
    const original = meeting.series?.starts[2] ?? 0;
    const { deltaLink } = await walk(sandbox, calendar(DEV));
    const mine = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.cancelOccurrence(meeting.uid, original),
    );
    expect(mine.map(({ type }) => type)).toEqual(['seriesMaster', 'occurrence', 'occurrence', 'occurrence']);
    const his = (await walk(sandbox, deltaLink)).items;
    expect(his).toHaveLength(1);
    expect(his[0]).toMatchObject({ type: 'exception', isCancelled: true, subject: 'Canceled: Series' });
  });

  test('a cancelled meeting leaves the organiser and stays, cancelled, with the others', async () => {
    await using sandbox = await start();
    const meeting = single(sandbox);
    const { deltaLink } = await walk(sandbox, calendar(DEV));
    const mine = await changes(sandbox, AMELIA, () => void sandbox.tenant.cancelMeeting(meeting.uid));
    expect(mine[0]?.['@removed']).toEqual({ reason: 'deleted' });
    expect((await walk(sandbox, deltaLink)).items[0]).toMatchObject({
      isCancelled: true,
      subject: 'Canceled: Single',
    });
  });

  test('what moves out of the window is a tombstone, even by two moves between rounds', async () => {
    await using sandbox = await start();
    const window = { from: ANCHOR, to: ANCHOR + 7 * DAY };
    for (const meeting of [single(sandbox), single(sandbox)]) {
      const move = (days: number) =>
        void sandbox.tenant.updateMeeting(meeting.uid, {
          start: ANCHOR + days * DAY,
          end: ANCHOR + days * DAY + HOUR,
        });
      const items = await changes(sandbox, AMELIA, () => [20, 40].forEach(move), window);
      expect(items.map((item) => [item.id, item['@removed']?.reason])).toEqual([
        [masterId(sandbox, meeting, AMELIA), 'deleted'],
      ]);
    }
  });

  test('tombstones also come for events outside the window that nobody was told of', async () => {
    await using sandbox = await start();
    const window = { from: ANCHOR, to: ANCHOR + 7 * DAY };
    const far = [single(sandbox, ANCHOR + 30 * DAY), single(sandbox, ANCHOR + 30 * DAY)];
    const items = await changes(
      sandbox,
      AMELIA,
      () => far.forEach(({ uid }) => void sandbox.tenant.updateMeeting(uid, { title: 'Renamed' })),
      window,
    );
    expect(items).toHaveLength(1);
    expect(items[0]?.['@removed']).toEqual({ reason: 'deleted' });
  });

  test('a restored meeting comes back under its old id', async () => {
    await using sandbox = await start();
    const meeting = series(sandbox);
    await changes(sandbox, AMELIA, () => void sandbox.tenant.deleteMeeting(meeting.uid, AMELIA));
    const items = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.restoreMeeting(meeting.uid, AMELIA),
    );
    expect(items.map(({ type }) => type)).toEqual(['seriesMaster', ...Array(4).fill('occurrence')]);
    expect(items[0]?.id).toBe(masterId(sandbox, meeting, AMELIA));
  });

  test('a series that ends earlier loses its later occurrences without tombstones', async () => {
    await using sandbox = await start();
    const meeting = series(sandbox);
    const items = await changes(
      sandbox,
      AMELIA,
      () => void sandbox.tenant.endSeries(meeting.uid, meeting.series?.starts[2] ?? 0),
    );
    expect(items.map(({ type }) => type)).toEqual(['seriesMaster', 'occurrence', 'occurrence']);
    expect(items[0]).toMatchObject({ recurrence: { range: { numberOfOccurrences: 2 } } });
  });
});

test('instances are paged and in full, and a single has none', async () => {
  await using sandbox = await start();
  const meeting = series(sandbox, 15);
  const path = instances(AMELIA, masterId(sandbox, meeting, AMELIA)).replace('$top=1000', '$top=6');
  const sizes: number[] = [];
  for (let link: string | undefined = path; link !== undefined; ) {
    const page: z.infer<typeof Page> = Page.parse(await json(sandbox, link));
    sizes.push(page.value.length);
    for (const value of page.value) expect(Full.parse(value).type).toBe('occurrence');
    link = page['@odata.nextLink'];
  }
  expect(sizes).toEqual([6, 6, 3]);
  expect((await ask(sandbox, instances(AMELIA, masterId(sandbox, single(sandbox), AMELIA)))).status).toBe(
    400,
  );
});

function masterId(sandbox: Sandbox, meeting: Meeting, mailbox: string): string {
  const { number } = sandbox.tenant.mailbox(mailbox);
  return immutableId({ kind: 'event', mailbox: number, serial: meeting.serial, original: null, folder: 0 });
}
