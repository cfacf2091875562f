import {
  ACCOUNTS,
  type Account,
  type ClientContact,
  fill,
  firstName,
  staffContact,
  storyOf,
} from './directory.ts';
import { escapeHtml, paragraphs, quotedHtml } from './html.ts';
import type { MailDraft } from './mails.ts';
import type { Contact, Mail } from './model.ts';
import { at, hash32, type Random } from './random.ts';
import { FIRST_MAILS, type MailText } from './text/mails-client.ts';
import { DISCLAIMERS } from './text/mails-other.ts';
import { CLOSINGS, EXTRAS, OPENINGS, REPLIES, type ReplyText } from './text/mails-replies.ts';
import { STAFF } from './text/people.ts';
import { MINUTE } from './zones.ts';

/** Quotes deeper than this are left out, as people cut them: mail would else grow without bound. */
const QUOTE_DEPTH = 2;

interface Thread {
  readonly account: Account;
  readonly contact: ClientContact;
  readonly colleagues: readonly Contact[];
  readonly subject: string;
  readonly conversation: string;
  readonly salt: number;
}

/** Drafts of one thread between a client and its success manager, oldest first, the first sent at `startedAt`. */
export function threadDrafts(
  rng: Random,
  text: MailText,
  startedAt: number,
  account: Account = rng.pick(ACCOUNTS),
): MailDraft[] {
  const contact = rng.pick(account.contacts);
  const salt = rng.int(0, 1e6);
  const others = [0, 1, 2, 3, 4, 5, 6, 7].filter((index) => index !== account.owner);
  const colleagues = rng.chance(0.2) ? rng.shuffle(others).slice(0, rng.int(1, 2)).map(staffContact) : [];
  const subject = fill(text.subject, { account, contact, salt, when: startedAt });
  const thread: Thread = {
    account,
    contact,
    colleagues,
    subject,
    conversation: `thread ${salt} ${startedAt}`,
    salt,
  };
  const drafts = [draftOf(thread, text, { sentAt: startedAt, previous: null, depth: 0 })];
  let sentAt = startedAt;
  for (const [index, reply] of repliesTo(rng, text).entries()) {
    sentAt += rng.int(20, 40 * 60) * MINUTE;
    const previous = asMail(at(drafts, index));
    drafts.push(draftOf(thread, { ...reply, subject: text.subject }, { sentAt, previous, depth: index + 1 }));
  }
  return drafts;
}

/** Alternating replies on what the thread is about, each text at most once. */
function repliesTo(rng: Random, text: MailText): ReplyText[] {
  const pool = rng.shuffle(REPLIES.filter(({ intent }) => intent === text.intent));
  const wanted = rng.int(0, 5);
  const replies: ReplyText[] = [];
  let turn = text.from;
  while (replies.length < wanted) {
    turn = turn === 'us' ? 'client' : 'us';
    const next = pool.find((reply) => reply.from === turn && !replies.includes(reply));
    if (next === undefined) break;
    replies.push(next);
  }
  return replies;
}

interface Place {
  readonly sentAt: number;
  readonly previous: Mail | null;
  readonly depth: number;
}

function draftOf(thread: Thread, text: MailText, { sentAt, previous, depth }: Place): MailDraft {
  const { account, contact, colleagues, salt } = thread;
  const manager = staffContact(account.owner);
  const ours = text.from === 'us';
  const [from, to] = ours ? [manager, contact] : [contact, manager];
  const body = fill(text.text, { account, contact, salt: salt + depth, when: sentAt });
  const style = !ours && salt % 7 === 0 ? 'gmail' : 'outlook';
  const zone = at(STAFF, account.owner).zone;
  const urgent = text.intent === 'escalation' && !ours && depth === 0;
  return {
    subject: previous === null ? thread.subject : `RE: ${thread.subject}`,
    html: mailHtml({ body, from, to, role: ours ? null : contact.role, account, salt: salt + depth, sentAt }),
    quoted: previous === null ? '' : quotedHtml(previous, style, zone),
    from,
    to: [to],
    cc: colleagues,
    sentAt,
    conversation: thread.conversation,
    importance: urgent && salt % 3 === 0 ? 'high' : 'normal',
    hasAttachments: /attach/i.test(body),
    sensitivity: salt % 53 === 0 ? 'private' : 'normal',
    story: storyOf(account, text.intent),
  };
}

/** The part of a draft that a reply quotes. */
function asMail(draft: MailDraft): Mail {
  const depth = draft.quoted?.split('<b>From:</b>').length ?? 0;
  return {
    internetMessageId: '',
    conversation: draft.conversation ?? '',
    subject: draft.subject,
    html: draft.html,
    quoted: depth > QUOTE_DEPTH ? '' : (draft.quoted ?? ''),
    from: draft.from,
    to: draft.to,
    cc: draft.cc ?? [],
    sentAt: draft.sentAt,
    sensitivity: 'normal',
    importance: 'normal',
    isDraft: false,
    meetingMessage: null,
    hasAttachments: false,
    story: draft.story ?? { client: null, intent: null },
  };
}

interface Letter {
  readonly body: string;
  readonly from: Contact;
  readonly to: Contact;
  /** Job title of a client's contact; null for our own people. */
  readonly role: string | null;
  readonly account: Account;
  readonly salt: number;
  readonly sentAt: number;
}

function mailHtml(letter: Letter): string {
  const { salt, account, role } = letter;
  const vary = (what: string) => hash32(what, salt, letter.sentAt);
  const opening = at(OPENINGS, vary('opening')).replace('{to}', firstName(letter.to));
  const extra = vary('extra?') % 5 < 2 ? [at(EXTRAS, vary('extra'))] : [];
  const text = fill([opening, letter.body, ...extra].join('\n\n'), {
    account,
    contact: letter.to,
    salt,
    when: letter.sentAt,
  });
  const banner =
    role !== null && vary('banner') % 4 === 0
      ? '<div style="background:#FFEB9C"><b>CAUTION:</b> This email originated from outside of the organisation. Do not click links unless you know the sender.</div>'
      : '';
  return `${banner}<div class="elementToProof">${paragraphs(text)}</div>${signature(letter, at(CLOSINGS, vary('closing')))}`;
}

function signature({ from, role, account, salt }: Letter, closing: string): string {
  const organisation = role === null ? 'Harbourline Health Software' : account.name;
  const site = `https://www.${from.address.split('@')[1]}/`;
  const link =
    salt % 3 === 0
      ? `https://aus01.safelinks.protection.outlook.com/?url=${encodeURIComponent(site)}&amp;data=05%7C02%7C${hash32('safelink', salt).toString(16)}&amp;reserved=0`
      : site;
  const disclaimer =
    salt % 2 === 0 ? `<p style="font-size:8pt; color:gray">${at(DISCLAIMERS, Math.floor(salt / 2))}</p>` : '';
  const pixel =
    salt % 5 === 0
      ? `<img src="${site}o.gif?m=${hash32('pixel', salt).toString(16)}" width="1" height="1" alt="">`
      : '';
  const lines = [
    closing,
    '',
    escapeHtml(from.name),
    role ?? 'Client Success',
    escapeHtml(organisation),
    `T +61 8 5550 ${1000 + (hash32(from.address) % 9000)}`,
    `<a href="${link}">${site}</a>`,
  ];
  return `<div id="Signature"><p>${lines.join('<br>\r\n')}</p>${disclaimer}${pixel}</div>`;
}

/** The text that the thread with a given number starts with: every text is used before any is used twice. */
export function firstText(number: number): MailText {
  // 29 is coprime to the number of texts: neighbours in the list are far apart in time.
  return at(FIRST_MAILS, number * 29);
}
