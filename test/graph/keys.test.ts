import { expect, test } from 'vitest';
import { cleanUid, mailKey, meetingKey, threadId, uidDate } from '../../src/graph/keys.ts';
import { event, GUID, GUID_OF_MARCH_9, message, utc } from './support.ts';

const times = (iso: string, allDay = false) => ({ startMs: Date.parse(iso), allDay });
const at = times('2026-03-02T01:00:00Z');
const CLEAN = GUID.toUpperCase();

test('the date inside an Exchange uid is cleared, other uids stay as they are', () => {
  expect(cleanUid(GUID_OF_MARCH_9)).toBe(CLEAN);
  expect(cleanUid(` ${GUID_OF_MARCH_9.toLowerCase()} `)).toBe(CLEAN);
  expect(cleanUid('abc_DEF@google.com')).toBe('abc_DEF@google.com');
  expect(cleanUid('abc\u0000\uD800')).toBe('abc\uFFFD');
  expect(uidDate(GUID_OF_MARCH_9)).toBe('2026-03-09');
  expect(uidDate(GUID)).toBeNull();
  expect(uidDate(null)).toBeNull();
});

test('a single meeting keeps its key when it is moved', () => {
  expect(meetingKey(event(), null, at)).toBe(CLEAN);
  expect(meetingKey(event(), null, times('2026-05-05T05:00:00Z'))).toBe(CLEAN);
});

test('an occurrence has the same key bare, hydrated, moved and in other mailboxes', () => {
  const master = event({ id: 'master', type: 'seriesMaster' });
  const bare = event({ id: 'o-1', type: 'occurrence', iCalUId: undefined });
  const whole = event({ id: 'o-2', type: 'occurrence', iCalUId: GUID_OF_MARCH_9 });
  const moved = event({
    id: 'o-3',
    type: 'exception',
    iCalUId: GUID_OF_MARCH_9,
    originalStart: '2026-03-09T01:00:00Z',
  });
  const key = `${CLEAN}|2026-03-09T01:00:00.000Z`;
  const start = times('2026-03-09T01:00:00Z');
  expect(meetingKey(bare, master, start)).toBe(key);
  expect(meetingKey(whole, master, start)).toBe(key);
  expect(meetingKey(whole, null, start)).toBe(key);
  expect(meetingKey(moved, master, times('2026-03-11T07:30:00Z'))).toBe(key);
});

test('an attendee invited to one occurrence alone shares its key', () => {
  const orphan = event({ type: 'singleInstance', iCalUId: GUID_OF_MARCH_9 });
  expect(meetingKey(orphan, null, times('2026-03-09T01:00:00Z'))).toBe(`${CLEAN}|2026-03-09T01:00:00.000Z`);
});

test('a moved exception without its original start takes the date of its uid and the time of the series', () => {
  // 12:00 in Sydney, in summer time; the uid names the Monday after the clocks went back
  const master = event({ type: 'seriesMaster', start: utc('2026-03-02T01:00:00') });
  const uid = GUID.replace('E00800000000', 'E00807EA0406');
  const moved = event({ type: 'exception', iCalUId: uid });
  const key = `${CLEAN}|2026-04-06T02:00:00.000Z`;
  expect(meetingKey(moved, master, times('2026-04-07T05:00:00Z'))).toBe(key);
});

test('an all-day occurrence has one key, whether its original start is given as a date or as local midnight', () => {
  const start = times('2026-03-09T00:00:00Z', true);
  const keys = ['2026-03-08T13:00:00Z', '2026-03-09T00:00:00Z', null].map((originalStart) =>
    meetingKey(event({ type: 'occurrence', originalStart }), null, start),
  );
  expect(new Set(keys)).toEqual(new Set([`${CLEAN}|2026-03-09T00:00:00.000Z`]));
});

test('what has no uid is known by its own id', () => {
  expect(meetingKey(event({ id: 'e-9', iCalUId: null }), null, at)).toBe('graph:e-9');
  expect(meetingKey(event({ id: 'e-9', iCalUId: null, uid: 'u@x' }), null, at)).toBe('u@x');
  expect(mailKey(message({ internetMessageId: '  ' }))).toBe('graph:m-1');
  expect(mailKey(message({ internetMessageId: ' <a@b>\u0000 ' }))).toBe('<a@b>');
});

test('a thread is the same in every mailbox', () => {
  const thread = '00112233445566778899aabbccddeeff';
  const index = Buffer.from(`01dcdaaadb${'c7'}${thread}0011223344`, 'hex').toString('base64');
  const graphId = (box: string) =>
    `AAQk${Buffer.from(`${box}1000${thread}`, 'hex').toString('base64').replaceAll('/', '-').replaceAll('+', '_')}`;
  const boxes = ['aabbcc', 'ddeeff'].map(graphId);
  expect(boxes[0]).not.toBe(boxes[1]);
  for (const conversationId of boxes) {
    expect(threadId(message({ conversationId }))).toBe(thread);
    expect(threadId(message({ conversationId, conversationIndex: index }))).toBe(thread);
  }
  expect(threadId(message({ conversationId: 'thread-7' }))).toBe('thread-7');
  expect(threadId(message({ conversationId: null, conversationIndex: 'AQ==' }))).toBeNull();
});
