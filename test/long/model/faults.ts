import fc from 'fast-check';
import { type FaultRule, LOST_STATES, MALFORMED } from '../../../src/sandbox/faults.ts';
import { TEAM } from './world.ts';

/** Trouble for one pass: every effect that the sandbox has, in every spelling. */

type Match = NonNullable<FaultRule['match']>;

const feeds = fc.constantFrom('calendar delta', 'messages delta');
const times = fc.record({ nth: fc.integer({ min: 1, max: 12 }), count: fc.integer({ min: 1, max: 8 }) });
/** From some request on, until the pass is over. */
const lasting = fc.record({
  mailbox: fc.constantFrom(...TEAM.map(({ address }) => address)),
  nth: fc.integer({ min: 1, max: 8 }),
  count: fc.constant(10_000),
});
const always = fc.constant<Match>({});

function rule(
  match: fc.Arbitrary<Match>,
  effect: fc.Arbitrary<FaultRule['effect']>,
): fc.Arbitrary<FaultRule> {
  return fc.record({ match, effect });
}

const refused = rule(
  times,
  fc.record(
    {
      type: fc.constant('refuse' as const),
      status: fc.constantFrom(429, 500, 502, 503, 504, 509),
      retryAfter: fc.constantFrom(0, 7, 90, 3600),
      httpDate: fc.boolean(),
    },
    { requiredKeys: ['type', 'status'] },
  ),
);

// cursors get lost where a cursor is used
const onCursor = fc.record({
  kind: feeds,
  token: fc.constant(true),
  nth: fc.integer({ min: 1, max: 6 }),
  count: fc.integer({ min: 1, max: 3 }),
});
const lost = rule(
  onCursor,
  fc.oneof(
    fc.record({ type: fc.constant('gone' as const), location: fc.boolean() }),
    fc.record({
      type: fc.constant('lost state' as const),
      code: fc.constantFrom(...LOST_STATES),
      status: fc.constantFrom(410, 400, 404),
      nested: fc.boolean(),
    }),
  ),
);

const closed = rule(
  lasting,
  fc.oneof(
    fc.record({
      type: fc.constant('denied' as const),
      code: fc.constantFrom('ErrorAccessDenied', 'extensionError', 'Authorization_RequestDenied'),
    }),
    fc.record({
      type: fc.constant('no mailbox' as const),
      code: fc.constantFrom(
        'MailboxNotEnabledForRESTAPI',
        'ErrorInvalidUser',
        'ResourceNotFound',
        'MailboxNotFound',
      ),
    }),
  ),
);

const broken = rule(
  times,
  fc.constantFrom({ type: 'cut' }, { type: 'truncate' }, { type: 'expired token' }, { type: 'slow', ms: 1 }),
);

const disturbed = rule(
  always,
  fc.oneof(
    fc.constantFrom<FaultRule['effect']>(
      { type: 'duplicate' },
      { type: 'duplicate', stale: true },
      { type: 'reorder' },
      { type: 'concurrency', limit: 1 },
    ),
    fc.record({ type: fc.constant('replay' as const), changes: fc.integer({ min: 1, max: 6 }) }),
  ),
);

const nonsense = rule(
  fc.record({ kind: feeds, nth: fc.integer({ min: 1, max: 4 }) }),
  fc.oneof(
    fc.constant<FaultRule['effect']>({ type: 'no links' }),
    fc.record({
      type: fc.constant('malformed' as const),
      items: fc.subarray([...MALFORMED], { minLength: 1, maxLength: 3 }),
    }),
  ),
);

export const faults: fc.Arbitrary<FaultRule> = fc.oneof(refused, lost, closed, broken, disturbed, nonsense);
