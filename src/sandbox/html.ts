import { DateTime } from 'luxon';
import type { Contact, Mail, Meeting } from './model.ts';
import { hash32 } from './random.ts';

const RULE = '_'.repeat(80);

/** The text with HTML's four special characters escaped. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** Paragraphs parted by empty lines as the kind of HTML that Outlook writes. */
export function paragraphs(text: string): string {
  const blocks = text.split('\n\n').filter((block) => block !== '');
  return blocks
    .map((block) => `<p class="MsoNormal">${escapeHtml(block).replace(/\n/g, '<br>\r\n')}</p>`)
    .join('\r\n');
}

/** A complete HTML document around a body. */
export function htmlDocument(body: string): string {
  const head =
    '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style type="text/css" style="display:none">\r\n<!--\r\np {margin-top:0; margin-bottom:0}\r\n-->\r\n</style></head>';
  return `${head}\r\n<body dir="ltr">\r\n${body}\r\n</body>\r\n</html>\r\n`;
}

/** Where a Teams meeting is joined: unique for the meeting. */
export function joinUrl(meeting: Meeting): string {
  const thread = Buffer.from(meeting.uid.slice(-32)).toString('base64url').slice(0, 40);
  return `https://teams.microsoft.com/l/meetup-join/19%3ameeting_${thread}%40thread.v2/0?context=%7b%22Tid%22%3a%22sandbox%22%7d`;
}

/** A meeting's body: what the organiser wrote and, when it is online, the block that Teams puts below. */
export function meetingHtml(meeting: Meeting, text: string): string {
  if (!meeting.online) return htmlDocument(`<div class="PlainText">${paragraphs(text) || '&nbsp;'}</div>`);
  const code = hash32('passcode', meeting.uid).toString(36);
  const rule = `<div style="width:100%"><span style="white-space:nowrap; color:#5F5F5F; opacity:.36">${RULE}</span></div>`;
  return htmlDocument(`${paragraphs(text)}
${rule}
<div class="me-email-text" style="font-family:'Segoe UI','Helvetica Neue',Arial,sans-serif">
<div style="margin-bottom:24px"><span style="font-size:24px; font-weight:700">Microsoft Teams meeting</span></div>
<div><a href="${joinUrl(meeting)}" id="meet_invite_block.action.join_link">Join the meeting now</a></div>
<div><span>Meeting ID: </span><span>${dialId(meeting)}</span></div>
<div><span>Passcode: </span><span>${code}</span></div>
<div><hr></div>
<div><b>Dial in by phone</b></div>
<div><a href="tel:+61255500134,,${hash32('dial', meeting.uid)}#">+61 2 5550 0134,,${hash32('dial', meeting.uid)}#</a> Australia, Sydney</div>
<div><a href="https://dialin.teams.microsoft.com/sandbox">Find a local number</a></div>
<div>For organizers: <a href="https://teams.microsoft.com/meetingOptions/?organizerId=sandbox">Meeting options</a> | <a href="https://dialin.teams.microsoft.com/usp/pstnconferencing">Reset dial-in PIN</a></div>
</div>
${rule}`);
}

function dialId(meeting: Meeting): string {
  const digits = String(400_000_000_000 + hash32('id', meeting.uid));
  return digits.replace(/(...)(...)(...)(...)/, '$1 $2 $3 $4');
}

/** The quoted earlier mail below a reply, as Outlook writes it (or Gmail, for senders that use it). */
export function quotedHtml(mail: Mail, style: 'outlook' | 'gmail', zone: string): string {
  const sent = DateTime.fromMillis(mail.sentAt, { zone });
  const earlier = `${mail.html}${mail.quoted}`;
  if (style === 'gmail') {
    const line = `On ${sent.toFormat("ccc, d LLL yyyy 'at' HH:mm")}, ${escapeHtml(mail.from.name)} &lt;${mail.from.address}&gt; wrote:`;
    return `<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">${line}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex; border-left:1px solid #ccc; padding-left:1ex">${earlier}</blockquote></div>`;
  }
  const header = [
    `<b>From:</b> ${person(mail.from)}`,
    `<b>Sent:</b> ${sent.toFormat('cccc, d LLLL yyyy h:mm a')}`,
    `<b>To:</b> ${mail.to.map(person).join('; ')}`,
    `<b>Subject:</b> ${escapeHtml(mail.subject)}`,
  ].join('<br>\r\n');
  return `<div id="appendonsend"></div>\r\n<hr style="display:inline-block; width:98%" tabindex="-1">\r\n<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt">${header}</font><div>&nbsp;</div></div>\r\n<div>${earlier}</div>`;
}

function person(contact: Contact): string {
  return `${escapeHtml(contact.name)} &lt;${contact.address}&gt;`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&nbsp;': ' ',
};

/** What Exchange sends for `outlook.body-content-type="text"`: good enough for the HTML made in this folder. */
export function htmlToText(html: string): string {
  return html
    .replace(/<(style|head)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/[\r\n]+/g, '')
    .replace(/<hr[^>]*>/g, '\n________________________________\n')
    .replace(/<br[^>]*>|<\/div>/g, '\n')
    .replace(/<\/p>/g, '\n\n')
    .replace(/<a href="([^"]*)"[^>]*>([^<]*)<\/a>/g, '$2<$1>')
    .replace(/<[a-z/!][^>]*>/gi, (tag) => (tag.startsWith('<http') || tag.startsWith('<tel') ? tag : ''))
    .replace(/&(amp|lt|gt|quot|nbsp);/g, (entity) => ENTITIES[entity] ?? entity)
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .replace(/\n/g, '\r\n');
}

/** The first 255 characters of the text, links left out, as in bodyPreview. */
export function preview(text: string): string {
  return text.replace(/<(https?|tel):[^>]*>/g, '').slice(0, 255);
}
