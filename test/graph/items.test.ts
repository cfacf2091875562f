import { expect, test } from 'vitest';
import { parseDeltaItem } from '../../src/graph/mapping.ts';

test('a tombstone is one with or without a reason, and whatever it names', () => {
  expect(parseDeltaItem('event', { id: 'a', '@removed': { reason: 'changed' } })).toEqual({
    type: 'removed',
    graphId: 'a',
    reason: 'changed',
  });
  expect(parseDeltaItem('message', { id: 'a', '@removed': {} })).toMatchObject({
    type: 'removed',
    reason: 'deleted',
  });
});

test('events are told apart also where their type is left out or unknown', () => {
  const type = (raw: object) => {
    const item = parseDeltaItem('event', { id: 'a', ...raw });
    return item.type === 'event' ? item.event.type : item.type;
  };
  expect(type({ type: 'exception', seriesMasterId: 'm' })).toBe('exception');
  expect(type({ seriesMasterId: 'm', start: { dateTime: '2026-03-01T00:00:00', timeZone: 'UTC' } })).toBe(
    'occurrence',
  );
  expect(type({ type: null, recurrence: { pattern: {} } })).toBe('seriesMaster');
  expect(type({ type: 'somethingNew', recurrence: null, seriesMasterId: null })).toBe('singleInstance');
});

test('ordinary events with explicit nulls are read', () => {
  const nulls = {
    seriesMasterId: null,
    onlineMeeting: null,
    transactionId: null,
    recurrence: null,
    subject: null,
    attendees: null,
    organizer: null,
    body: null,
    location: null,
    start: null,
    sensitivity: null,
    originalStart: null,
  };
  expect(parseDeltaItem('event', { id: 'a', ...nulls })).toMatchObject({ type: 'event' });
  const mail = { from: null, toRecipients: null, body: null, uniqueBody: null, subject: null, sender: null };
  expect(parseDeltaItem('message', { id: 'a', ...mail })).toMatchObject({ type: 'message' });
});

test('one unreadable attendee costs only itself', () => {
  const attendees = [null, 'x', { emailAddress: 5 }, { emailAddress: { address: 'a@b', name: null } }];
  const item = parseDeltaItem('event', { id: 'a', attendees });
  expect(item.type === 'event' && item.event.attendees).toEqual([
    null,
    null,
    null,
    { emailAddress: { address: 'a@b', name: null } },
  ]);
});

test('what cannot be read says where and never what', () => {
  expect(parseDeltaItem('event', { id: 'a', subject: { secret: 1 } })).toEqual({
    type: 'malformed',
    graphId: 'a',
    reason: 'subject: invalid_type',
  });
  expect(parseDeltaItem('message', { subject: 'no id' })).toMatchObject({ type: 'malformed', graphId: null });
  for (const raw of [null, 'text', 5, [], { id: '' }, { id: 'a\u0000' }, { id: 'a\uD800' }]) {
    expect(parseDeltaItem('event', raw)).toMatchObject({ type: 'malformed', graphId: null });
  }
  // an unreadable mark must not pass for none
  expect(parseDeltaItem('event', { id: 'a', sensitivity: 2 })).toMatchObject({ type: 'malformed' });
});
