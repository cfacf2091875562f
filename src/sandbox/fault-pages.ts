import type { Effect, Faults, Malformed } from './faults.ts';
import type { Wire } from './wire-event.ts';
import { DAY, instant } from './zones.ts';

type Feed = 'calendar' | 'messages' | 'folders';

/** Graph's own limit is far below; a mail of 10 MB is what a careless signature can reach. */
const HUGE = 10 * 1024 * 1024;

/** A page's items as the effects leave them. Staleness is added last, so that the true version stays the last one. */
export function disturbPage(
  items: readonly Wire[],
  page: {
    readonly effects: readonly Effect[];
    readonly faults: Faults;
    readonly feed: Feed;
    /** The tenant's clock: malformed items are dated close to it. */
    readonly now: number;
  },
): Wire[] {
  let disturbed = [...items];
  for (const effect of page.effects)
    if (effect.type === 'malformed')
      disturbed.push(...effect.items.map((kind) => malformed(kind, page.feed, page.now)));
  if (page.effects.some(({ type }) => type === 'reorder')) disturbed = page.faults.shuffle(disturbed);
  for (const effect of page.effects)
    if (effect.type === 'duplicate') disturbed = duplicated(disturbed, effect.stale === true);
  return disturbed;
}

function duplicated(items: readonly Wire[], stale: boolean): Wire[] {
  const twice = items.find((item) => 'subject' in item) ?? items[0];
  if (twice === undefined) return [];
  const first =
    stale && 'subject' in twice
      ? { ...twice, '@odata.etag': 'W/"stale"', subject: `${String(twice['subject'])} (earlier wording)` }
      : twice;
  return [first, ...items.filter((item) => item !== twice), twice];
}

/** One item that is right in everything but the named flaw, with an id of its own. */
function malformed(kind: Malformed, feed: Feed, now: number): Wire {
  const name = kind.replaceAll(' ', '-');
  const good = feed === 'calendar' ? goodEvent(name, now) : goodMessage(name, now);
  const body = (content: string) => ({ body: { contentType: 'text', content } });
  switch (kind) {
    case 'nul':
      return { ...good, subject: 'NUL\u0000 in the subject', ...body('and\u0000 in the body') };
    case 'lone surrogate':
      return { ...good, subject: 'half a smile \ud83d', ...body('the other half \ude00 comes first') };
    case 'huge body':
      return { ...good, ...body('All work and no play. '.repeat(HUGE / 22)) };
    case 'year 9999': {
      const at = (hour: number) => ({ dateTime: `9999-12-31T${hour}:00:00.0000000`, timeZone: 'UTC' });
      return feed === 'calendar'
        ? { ...good, start: at(22), end: at(23) }
        : { ...good, receivedDateTime: '9999-12-31T22:00:00Z' };
    }
    case 'no subject':
      return without(good, 'subject');
    case 'null attendees':
      return feed === 'calendar'
        ? { ...good, attendees: null, organizer: null }
        : { ...good, toRecipients: null, from: null, sender: null };
    case 'no id':
      return without(good, 'id');
  }
}

function without(item: Wire, member: string): Wire {
  return Object.fromEntries(Object.entries(item).filter(([name]) => name !== member));
}

const SENDER = { emailAddress: { name: 'Priya Nair', address: 'priya.nair@sahealth.example' } };

function goodEvent(name: string, now: number): Wire {
  const day = instant(now + DAY).slice(0, 10);
  return {
    '@odata.type': '#microsoft.graph.event',
    '@odata.etag': `W/"malformed-${name}"`,
    id: `AAkMalformedEvent-${name}`,
    iCalUId: `malformed-${name}@sandbox.example`,
    uid: `malformed-${name}@sandbox.example`,
    subject: `Malformed: ${name}`,
    bodyPreview: '',
    sensitivity: 'normal',
    isAllDay: false,
    isCancelled: false,
    seriesMasterId: null,
    type: 'singleInstance',
    onlineMeeting: null,
    transactionId: null,
    originalStartTimeZone: 'UTC',
    body: { contentType: 'text', content: 'An ordinary meeting.' },
    start: { dateTime: `${day}T02:00:00.0000000`, timeZone: 'UTC' },
    end: { dateTime: `${day}T03:00:00.0000000`, timeZone: 'UTC' },
    recurrence: null,
    attendees: [],
    organizer: SENDER,
  };
}

function goodMessage(name: string, now: number): Wire {
  const received = instant(now - DAY);
  return {
    '@odata.type': '#microsoft.graph.message',
    '@odata.etag': `W/"malformed-${name}"`,
    id: `AAkMalformedMessage-${name}`,
    internetMessageId: `<malformed-${name}@sahealth.example>`,
    subject: `Malformed: ${name}`,
    receivedDateTime: received,
    sentDateTime: received,
    bodyPreview: '',
    isDraft: false,
    isRead: false,
    body: { contentType: 'text', content: 'An ordinary mail.' },
    sender: SENDER,
    from: SENDER,
    toRecipients: [],
    ccRecipients: [],
    bccRecipients: [],
  };
}
