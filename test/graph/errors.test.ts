import { expect, test } from 'vitest';
import { TransientError } from '../../src/core/errors.ts';
import { graphError } from '../../src/graph/error-body.ts';
import {
  isMailboxGone,
  isNoConsent,
  isNotFound,
  isOnPremise,
  isResyncNeeded,
} from '../../src/graph/errors.ts';

const error = (status: number, body: unknown) =>
  graphError({ status, headers: new Headers(), text: JSON.stringify(body), mailbox: null, now: 0 });
const coded = (status: number, code: string, inner?: unknown) =>
  error(status, { error: { code, innerError: inner } });

test.each([
  [410, 'Gone', undefined],
  [410, 'SyncStateNotFound', undefined],
  [400, 'SyncStateNotFound', undefined],
  [404, 'badRequest', { code: 'RESYNCREQUIRED' }],
  [400, 'BadRequest', { code: 'x', innererror: { code: 'SyncStateInvalid' } }],
  [409, 'x', { innerError: { code: 'invalidSyncStateData' } }],
])('%i %s %j is a lost delta token', (status, code, inner) => {
  expect(isResyncNeeded(coded(status, code, inner))).toBe(true);
});

test('a lost delta token is seen through the errors that wrap it, and nowhere else', () => {
  const wrapped = new Error('feed', { cause: new TransientError('x', { cause: coded(410, 'Gone') }) });
  expect(isResyncNeeded(wrapped)).toBe(true);
  for (const other of [
    coded(404, 'ErrorItemNotFound'),
    coded(503, 'syncStateNotFound'),
    new Error('410'),
    null,
  ]) {
    expect(isResyncNeeded(other)).toBe(false);
  }
  expect(isNotFound(coded(404, 'SyncStateNotFound'))).toBe(false);
});

test('an answer that is no JSON has a status and no code', () => {
  const html = graphError({ status: 502, headers: new Headers(), text: '<html>', mailbox: null, now: 0 });
  expect(html).toMatchObject({ status: 502, codes: [], code: '', message: 'Graph answered 502' });
  expect(error(500, { error: 'text' }).codes).toEqual([]);
  expect(error(500, { error: { code: 5, innerError: { code: 'x' } } }).codes).toEqual(['x']);
});

test.each(['ErrorAccessDenied', 'Authorization_RequestDenied', 'extensionError', 'ExtensionError'])(
  '403 %s is a missing consent',
  (code) => {
    expect(isNoConsent(coded(403, code))).toBe(true);
    expect(isNoConsent(coded(404, code))).toBe(false);
  },
);

test('a missing mailbox is told from a missing item', () => {
  for (const code of [
    'MailboxNotEnabledForRESTAPI',
    'ErrorInvalidUser',
    'Request_ResourceNotFound',
    'MailboxNotFound',
  ]) {
    expect(isMailboxGone(coded(404, code))).toBe(true);
    expect(isNotFound(coded(404, code))).toBe(false);
  }
  expect(isMailboxGone(coded(404, 'ErrorItemNotFound'))).toBe(false);
  expect(isNotFound(coded(404, 'ErrorItemNotFound'))).toBe(true);
  expect(isOnPremise(coded(404, 'MailboxNotEnabledForRESTAPI'))).toBe(true);
  expect(isOnPremise(coded(404, 'ErrorInvalidUser'))).toBe(false);
});
