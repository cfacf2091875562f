import { expect, test } from 'vitest';
import { contentHash } from '../../src/core/hash.ts';
import { mapEvent } from '../../src/graph/mapping.ts';
import { GraphEvent } from '../../src/graph/schemas.ts';
import { event, GUID, GUID_OF_MARCH_9, person, utc } from './support.ts';

function kept(item: GraphEvent, master: GraphEvent | null = null) {
  const mapped = mapEvent(item, master);
  if (mapped.outcome !== 'keep') throw new Error(`not kept: ${mapped.reason}`);
  return mapped;
}

test('a single meeting becomes a touchpoint', () => {
  const item = event({
    location: { displayName: ' Room 1 ' },
    isOnlineMeeting: true,
    onlineMeeting: { joinUrl: 'https://teams.microsoft.com/l/meetup-join/1' },
  });
  expect(mapEvent(item, null)).toEqual({
    outcome: 'keep',
    graphId: 'e-1',
    etag: 'W/"1"',
    series: null,
    modifiedAt: '2026-02-20T00:00:00.000Z',
    authoritative: true,
    touchpoint: {
      kind: 'meeting',
      sourceKey: GUID,
      title: 'Quarterly review',
      body: 'Agenda: outages',
      people: [
        { name: 'Anna', address: 'anna@vendor.example', role: 'organizer' },
        { name: 'Bob', address: 'bob@client.example', role: 'required' },
      ],
      occurredAt: '2026-03-02T01:00:00.000Z',
      endsAt: '2026-03-02T02:00:00.000Z',
      allDay: false,
      timeZone: 'Australia/Sydney',
      details: {
        joinUrl: 'https://teams.microsoft.com/l/meetup-join/1',
        location: 'Room 1',
        status: 'scheduled',
        minutes: 60,
        recurring: false,
        online: true,
      },
    },
  });
});

const master = event({
  id: 'master',
  type: 'seriesMaster',
  subject: 'Weekly check-in',
  lastModifiedDateTime: '2026-02-25T00:00:00Z',
  isOnlineMeeting: true,
});
const bare = event({
  id: 'o-1',
  type: 'occurrence',
  seriesMasterId: 'master',
  start: utc('2026-03-09T01:00:00'),
  end: utc('2026-03-09T01:30:00'),
});
const BARE = {
  id: 'o-1',
  '@odata.etag': 'W/"o"',
  type: 'occurrence',
  seriesMasterId: 'master',
  start: bare.start,
  end: bare.end,
};

test('a bare occurrence takes everything but its times from the master', () => {
  const { touchpoint, ...copy } = kept(GraphEvent.parse(BARE), master);
  expect(copy).toEqual({
    outcome: 'keep',
    graphId: 'o-1',
    etag: 'W/"o"',
    series: 'master',
    modifiedAt: '2026-02-25T00:00:00.000Z',
    authoritative: true,
  });
  expect(touchpoint).toMatchObject({
    sourceKey: `${GUID}|2026-03-09T01:00:00.000Z`,
    title: 'Weekly check-in',
    body: 'Agenda: outages',
    occurredAt: '2026-03-09T01:00:00.000Z',
    endsAt: '2026-03-09T01:30:00.000Z',
    timeZone: 'Australia/Sydney',
    details: { minutes: 30, recurring: true, online: true },
  });
  expect(touchpoint.people).toHaveLength(2);
  // the same occurrence as `instances` gives it
  const whole = event({
    ...BARE,
    subject: 'Weekly check-in',
    iCalUId: GUID_OF_MARCH_9,
    isOnlineMeeting: true,
  });
  expect(contentHash(kept(whole, master).touchpoint)).toBe(contentHash(touchpoint));
  expect(kept(whole, master).touchpoint.sourceKey).toBe(touchpoint.sourceKey);
  expect(mapEvent(GraphEvent.parse(BARE), null)).toEqual({
    outcome: 'fail',
    graphId: 'o-1',
    reason: 'series master missing',
  });
});

test('an exception keeps what is its own, empty values too, and borrows what it lacks', () => {
  const exception = event({
    id: 'x-1',
    type: 'exception',
    seriesMasterId: 'master',
    iCalUId: GUID_OF_MARCH_9,
    originalStart: '2026-03-09T01:00:00Z',
    start: utc('2026-03-11T05:00:00'),
    end: utc('2026-03-11T06:00:00'),
    subject: '',
    body: null,
    attendees: [],
    organizer: undefined,
  });
  const { touchpoint } = kept(exception, master);
  expect(touchpoint.sourceKey).toBe(`${GUID}|2026-03-09T01:00:00.000Z`);
  expect(touchpoint.occurredAt).toBe('2026-03-11T05:00:00.000Z');
  expect(touchpoint.title).toBe('');
  expect(touchpoint.body).toBe('Agenda: outages');
  expect(touchpoint.people.map(({ address }) => address)).toEqual(['anna@vendor.example']);
});

test('five copies of a meeting have the same content', () => {
  const attendees = [
    person('b@x.example', 'B'),
    person('C@x.example', 'C', 'optional'),
    person('B@X.example', 'B2'),
  ];
  const copies = [
    event({
      id: '1',
      attendees,
      responseStatus: { response: 'organizer' },
      showAs: 'busy',
      webLink: 'https://a',
    }),
    event({ id: '2', attendees: [...attendees].reverse().slice(1), isOrganizer: false, showAs: 'tentative' }),
    event({ id: '3', attendees, isOrganizer: false, categories: ['Red'], iCalUId: GUID.toLowerCase() }),
  ].map((copy) => kept(copy));
  expect(new Set(copies.map(({ touchpoint }) => contentHash(touchpoint))).size).toBe(1);
  expect(new Set(copies.map(({ touchpoint }) => touchpoint.sourceKey)).size).toBe(1);
  expect(copies.map(({ authoritative }) => authoritative)).toEqual([true, false, false]);
});

test.each(['private', 'Confidential', 'personal', 'somethingNew'])(
  '%s is left out and erased',
  (sensitivity) => {
    const skipped = { outcome: 'skip', graphId: 'e-1', reason: 'private', erase: true };
    expect(mapEvent(event({ sensitivity }), null)).toEqual(skipped);
    expect(mapEvent(event({ type: 'seriesMaster', sensitivity }), null)).toEqual(skipped);
  },
);

test('a private master makes its occurrences private', () => {
  const hidden = { ...master, sensitivity: 'private' };
  expect(mapEvent({ ...bare, sensitivity: null }, hidden)).toMatchObject({ reason: 'private', erase: true });
});

test('which marks are left out is the caller’s to say', () => {
  const personal = event({ sensitivity: 'personal' });
  expect(mapEvent(personal, null, { withhold: ['private', 'confidential'] }).outcome).toBe('keep');
  expect(mapEvent(event({ sensitivity: 'private' }), null, { withhold: [] }).outcome).toBe('keep');
});

test('masters and unsent changes are not stored and erase nothing', () => {
  expect(mapEvent(master, null)).toEqual({
    outcome: 'skip',
    graphId: 'master',
    reason: 'series master',
    erase: false,
  });
  expect(mapEvent(event({ isDraft: true }), null)).toMatchObject({
    outcome: 'skip',
    reason: 'draft',
    erase: false,
  });
});

test('an all-day meeting floats and has no minutes', () => {
  const item = event({
    isAllDay: true,
    start: { dateTime: '2026-03-02T00:00:00.0000000', timeZone: 'AUS Eastern Standard Time' },
    end: { dateTime: '2026-03-03T00:00:00.0000000', timeZone: 'AUS Eastern Standard Time' },
  });
  expect(kept(item).touchpoint).toMatchObject({
    allDay: true,
    occurredAt: '2026-03-02T00:00:00.000Z',
    endsAt: '2026-03-03T00:00:00.000Z',
    details: { minutes: null },
  });
});

test.each([
  [{ start: null }, 'start missing'],
  [{ start: { dateTime: null, timeZone: 'UTC' } }, 'start missing'],
  [{ start: utc('tomorrow') }, 'start unreadable'],
  [{ end: utc('tomorrow') }, 'end unreadable'],
  [{ start: utc('9999-12-31T00:00:00'), end: utc('9999-12-31T01:00:00') }, 'date out of range'],
  [{ start: utc('0001-01-01T00:00:00') }, 'date out of range'],
  [{ start: utc('1969-12-31T23:59:59') }, 'date out of range'],
  [{ end: utc('2026-03-02T00:59:00') }, 'end before start'],
])('%j fails alone: %s', (fields, reason) => {
  expect(mapEvent(event({ subject: 'secret', ...fields }), null)).toEqual({
    outcome: 'fail',
    graphId: 'e-1',
    reason,
  });
});

test('an open end and a meeting without length are both kept', () => {
  expect(kept(event({ end: null })).touchpoint).toMatchObject({ endsAt: null, details: { minutes: null } });
  expect(kept(event({ end: utc('2026-03-02T01:00:00') })).touchpoint.details['minutes']).toBe(0);
});

test('a cancelled meeting is kept as cancelled, under the title it had', () => {
  const { touchpoint } = kept(event({ isCancelled: true, subject: 'Canceled: Quarterly review' }));
  expect(touchpoint).toMatchObject({ title: 'Quarterly review', details: { status: 'cancelled' } });
  expect(kept(event({ subject: 'Canceled: orders' })).touchpoint.title).toBe('Canceled: orders');
});

test('missing and unstorable text becomes empty and storable', () => {
  const { touchpoint } = kept(
    event({
      subject: ' A\u0000 title\r\nwith\uD800 breaks ',
      body: { contentType: 'text', content: 'NUL\u0000 and \uDC00' },
      attendees: null,
      organizer: person('not an address', 'X\u0000 Y'),
      location: { displayName: null },
      onlineMeetingUrl: 'javascript:alert(1)',
      lastModifiedDateTime: '0001-01-01T00:00:00Z',
    }),
  );
  expect(touchpoint.title).toBe('A title with\uFFFD breaks');
  expect(touchpoint.body).toBe('NUL and \uFFFD');
  expect(touchpoint.people).toEqual([{ name: 'X Y', address: '', role: 'organizer' }]);
  expect(touchpoint.details).toMatchObject({ joinUrl: null, location: null, online: false });
  expect(
    kept(event({ subject: null, body: null, bodyPreview: null, organizer: null })).touchpoint,
  ).toMatchObject({
    title: '',
    body: '',
  });
  expect(kept(event({ subject: 'x'.repeat(100_000) })).touchpoint.title).toHaveLength(1000);
});

test('titles never end in half a character', () => {
  const { title } = kept(event({ subject: `${'x'.repeat(999)}\u{1F600}` })).touchpoint;
  expect(title.isWellFormed()).toBe(true);
});

test('the join link of a service that Graph does not know is found in the body, and its lines are left out', () => {
  const content =
    '<p>Agenda: rosters</p><p>Join: <a href="https://us02web.zoom.us/j/8123?pwd=a&amp;b=1">link</a></p>';
  const { touchpoint } = kept(event({ onlineMeeting: null, body: { contentType: 'html', content } }));
  expect(touchpoint.details['joinUrl']).toBe('https://us02web.zoom.us/j/8123?pwd=a&b=1');
  const text = 'Agenda: rosters\n\nJoin: https://teams.microsoft.com/l/meetup-join/x\n';
  const plain = kept(event({ onlineMeeting: null, body: { contentType: 'text', content: text } })).touchpoint;
  expect(plain).toMatchObject({
    body: 'Agenda: rosters',
    details: { joinUrl: 'https://teams.microsoft.com/l/meetup-join/x' },
  });
});
