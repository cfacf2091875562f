import { inRange, instantMs, isoOrNull } from './instants.ts';
import { mailKey, threadId } from './keys.ts';
import { type Mapped, oneLine, type Skipped, skip } from './mapped.ts';
import { addressOf, mailPeople } from './people.ts';
import type { GraphMessage } from './schemas.ts';
import { type Sensitivity, sensitivityOf, WITHHELD } from './sensitivity.ts';
import { cleanText } from './text.ts';

/** Message -> email. */

export interface MessageOptions {
  /** Whose copy this is. */
  readonly mailbox: string;
  /** Mail received before this instant is left out; null keeps all. */
  readonly notBefore: string | null;
  /** Sensitivities whose items are left out. */
  readonly withhold?: readonly string[];
  /** What the delta round itself cannot say, by message id: see `listSensitiveMessages`. */
  readonly sensitivities?: ReadonlyMap<string, Sensitivity> | null;
  /** Domains of our own, lower-case: mail from them is outbound. The mailbox's own domain always is one. */
  readonly ownDomains?: readonly string[];
}

/** One message of one mailbox. Only what is the same in every copy enters the touchpoint. */
export function mapMessage(message: GraphMessage, options: MessageOptions): Mapped {
  const skipped = skipByRule(message, options);
  if (skipped !== null) return skipped;
  const receivedMs = receivedAt(message);
  if (receivedMs === 'unreadable') return { outcome: 'fail', graphId: message.id, reason: 'date unreadable' };
  if (receivedMs !== null && !inRange(receivedMs)) {
    return { outcome: 'fail', graphId: message.id, reason: 'date out of range' };
  }
  if (options.notBefore !== null && receivedMs !== null && receivedMs < Date.parse(options.notBefore)) {
    return skip(message.id, 'too old', false);
  }
  const body = messageBody(message);
  if (isUnnamedResponse(message, body)) return skip(message.id, 'response', true);
  return keep(message, options, { receivedMs, body });
}

function skipByRule(
  message: GraphMessage,
  { withhold = WITHHELD, sensitivities }: MessageOptions,
): Skipped | null {
  const marks = [sensitivityOf(message), sensitivities?.get(message.id) ?? 'normal'];
  if (marks.some((mark) => withhold.includes(mark))) return skip(message.id, 'private', true);
  const meeting = meetingMessage(message);
  if (meeting !== null) return skip(message.id, meeting, true);
  if (message.isDraft) return skip(message.id, 'draft', false);
  if (isPartial(message)) return skip(message.id, 'partial', false);
  if (isReport(message)) return skip(message.id, 'delivery report', true);
  if (AUTOMATIC.test(oneLine(message.subject))) return skip(message.id, 'automatic reply', true);
  return null;
}

const RESPONSES = new Set([
  'meetingaccepted',
  'meetingtenativelyaccepted',
  'meetingtentativelyaccepted',
  'meetingdeclined',
]);
// Outlook's words for answers, in the languages its own clients are most used in beside English
const RESPONSE =
  /^(accepted|declined|tentative|tentatively accepted|cancell?ed|new time proposed|angenommen|abgelehnt|mit vorbehalt|accepté|refusé|aceptada?|rechazada?)\s*:/i;
const AUTOMATIC =
  /^(automatic reply|auto(matic)?[ -]?reply|autoreply|out of (the )?office|automatische antwort|réponse automatique|respuesta automática)\s*:/i;

/** Invitations, cancellations and answers double the meeting itself. */
function meetingMessage(message: GraphMessage): 'response' | 'meeting message' | null {
  const type = message['@odata.type']?.toLowerCase() ?? '';
  const sort = message.meetingMessageType?.toLowerCase() ?? 'none';
  if (type.endsWith('.eventmessageresponse') || RESPONSES.has(sort)) return 'response';
  return type.includes('.eventmessage') || sort !== 'none' ? 'meeting message' : null;
}

/** An answer that Graph does not name as one: by its subject, if nothing more is in it or no type is given. */
function isUnnamedResponse(message: GraphMessage, body: string): boolean {
  return RESPONSE.test(oneLine(message.subject)) && (body === '' || !message['@odata.type']);
}

/** Delta items may hold only what changed (the read mark, say): nothing here to replace a stored mail with. */
function isPartial(message: GraphMessage): boolean {
  const { internetMessageId, subject, body, from, sender, receivedDateTime } = message;
  return [internetMessageId, subject, body, from, sender, receivedDateTime].every(
    (field) => field === undefined,
  );
}

function isReport(message: GraphMessage): boolean {
  const [local = ''] = addressOf(message.from ?? message.sender).split('@');
  return local === 'postmaster' || local === 'mailer-daemon' || /^microsoftexchange[0-9a-f]{32}$/.test(local);
}

function receivedAt(message: GraphMessage): number | null | 'unreadable' {
  const given = message.receivedDateTime || message.sentDateTime;
  return given ? (instantMs(given) ?? 'unreadable') : null;
}

function messageBody(message: GraphMessage): string {
  const unique = message.uniqueBody?.content ? cleanText(message.uniqueBody) : '';
  return unique || cleanText(message.body ?? { content: message.bodyPreview });
}

interface Read {
  readonly receivedMs: number | null;
  readonly body: string;
}

function keep(message: GraphMessage, options: MessageOptions, { receivedMs, body }: Read): Mapped {
  const from = message.from ?? message.sender;
  const { title, reply } = stripPrefixes(oneLine(message.subject));
  return {
    outcome: 'keep',
    graphId: message.id,
    etag: message['@odata.etag'] ?? message.changeKey ?? '',
    series: null,
    modifiedAt: isoOrNull(instantMs(message.lastModifiedDateTime)),
    authoritative: addressOf(from) === options.mailbox.toLowerCase(),
    touchpoint: {
      kind: 'email',
      sourceKey: mailKey(message),
      title,
      body,
      people: mailPeople(from, message.toRecipients ?? [], message.ccRecipients ?? []),
      occurredAt: isoOrNull(receivedMs),
      endsAt: null,
      allDay: false,
      timeZone: 'UTC',
      details: {
        thread: threadId(message),
        direction: isOurs(addressOf(from), options) ? 'outbound' : 'inbound',
        reply,
        hasAttachments: message.hasAttachments ?? false,
      },
    },
  };
}

/** By domain and not by mailbox: the copy of a colleague who was in copy must say the same. */
function isOurs(from: string, { mailbox, ownDomains = [] }: MessageOptions): boolean {
  const domain = from.split('@').at(-1) ?? '';
  return domain !== '' && (domain === mailbox.toLowerCase().split('@').at(-1) || ownDomains.includes(domain));
}

const REPLY = /^(re|aw|sv|antw|vs|odp|réf|rif)(\[\d{1,3}\])?\s*:\s*/i;
const FORWARD = /^(fw|fwd|wg|tr|rv|i|vb)(\[\d{1,3}\])?\s*:\s*/i;

/** Titles of a thread read alike; that it is a reply is kept beside. */
function stripPrefixes(subject: string): { title: string; reply: boolean } {
  let title = subject;
  let reply = false;
  // a long thread through several mail programs collects a dozen at most
  for (let count = 0; count < 20; count += 1) {
    const answered = title.replace(REPLY, '');
    reply ||= answered !== title;
    const bare = answered.replace(FORWARD, '');
    if (bare === title) break;
    title = bare;
  }
  return { title, reply };
}
