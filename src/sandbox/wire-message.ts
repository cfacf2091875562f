import { htmlDocument, htmlToText, preview } from './html.ts';
import { changeKey, guid, immutableId, regularId } from './ids.ts';
import type { Folder, Mail, Mailbox, MailCopy } from './model.ts';
import type { Preferences } from './prefer.ts';
import { GraphRefusal } from './reply.ts';
import { emailAddress, type Wire, wireBody } from './wire-event.ts';
import { graphDateTime, instant } from './zones.ts';

const MESSAGE_PROPERTIES = [
  'id',
  'createdDateTime',
  'lastModifiedDateTime',
  'changeKey',
  'categories',
  'receivedDateTime',
  'sentDateTime',
  'hasAttachments',
  'internetMessageId',
  'subject',
  'bodyPreview',
  'importance',
  'parentFolderId',
  'conversationId',
  'conversationIndex',
  'isDeliveryReceiptRequested',
  'isReadReceiptRequested',
  'isRead',
  'isDraft',
  'webLink',
  'inferenceClassification',
  'body',
  'sender',
  'from',
  'toRecipients',
  'ccRecipients',
  'bccRecipients',
  'replyTo',
  'flag',
  'uniqueBody',
  'internetMessageHeaders',
] as const;

/** PidTagSensitivity (MS-OXPROPS 2.1023): where a message keeps its sensitivity, as v1.0 has no such member. */
const SENSITIVITY_PROPERTY = 'Integer 0x36';
const SENSITIVITY_VALUES = ['normal', 'personal', 'private', 'confidential'] as const;

/** `$select` and `$expand` of a message query, checked. */
export interface MessageShape {
  readonly select: readonly string[] | null;
  readonly sensitivity: boolean;
}

/** Throws GraphRefusal 400 for a property that messages have not: `meetingMessageType` needs a type cast. */
export function messageShape(select: string | undefined, expand: string | undefined): MessageShape {
  const wanted = select === undefined ? null : select.split(',').map((name) => name.trim());
  for (const name of wanted ?? []) {
    if (/^microsoft\.graph\.eventMessage(Re\w+)?\/\w+$/.test(name)) continue;
    if (MESSAGE_PROPERTIES.some((known) => known.toLowerCase() === name.toLowerCase())) continue;
    throw new GraphRefusal(
      400,
      'RequestBroker--ParseUri',
      `Could not find a property named '${name}' on type 'microsoft.graph.message'.`,
    );
  }
  if (expand !== undefined && !/^(singleValueExtendedProperties|attachments)\b/i.test(expand)) {
    throw new GraphRefusal(400, 'RequestBroker--ParseUri', 'Parsing OData Select and Expand failed.');
  }
  return { select: wanted, sensitivity: new RegExp(SENSITIVITY_PROPERTY, 'i').test(expand ?? '') };
}

/** The id of a message as this request wants it; without immutable ids it depends on the folder. */
export function messageId(
  mailbox: Mailbox,
  serial: number,
  folder: number,
  prefer: Pick<Preferences, 'immutableIds'>,
): string {
  const ref = { kind: 'message', mailbox: mailbox.number, serial, original: null, folder } as const;
  return prefer.immutableIds ? immutableId(ref) : regularId(ref);
}

/** Folders are containers: their ids never depend on the header. */
function folderId(mailbox: Mailbox, number: number): string {
  return regularId({ kind: 'folder', mailbox: mailbox.number, serial: number, original: null, folder: 0 });
}

/** A message with the members asked for; `typed` adds @odata.type to plain messages too, as delta pages do. */
export function wireMessage(
  mailbox: Mailbox,
  copy: MailCopy,
  options: { readonly prefer: Preferences; readonly shape: MessageShape; readonly typed: boolean },
): Wire {
  const { prefer, shape, typed } = options;
  const type = odataType(copy.mail);
  const head = {
    ...(typed || type !== '#microsoft.graph.message' ? { '@odata.type': type } : {}),
    '@odata.etag': `W/"${keyOf(mailbox, copy)}"`,
  };
  const members = { ...messageMembers(mailbox, copy, prefer), ...meetingMembers(copy.mail, prefer) };
  const extended = shape.sensitivity
    ? {
        singleValueExtendedProperties: [
          { id: SENSITIVITY_PROPERTY, value: String(SENSITIVITY_VALUES.indexOf(copy.mail.sensitivity)) },
        ],
      }
    : {};
  if (shape.select === null) return { ...head, ...members, ...extended };
  return { ...head, ...selected(members, uniqueBody(copy.mail, prefer), shape.select), ...extended };
}

function selected(members: Wire, unique: Wire, select: readonly string[]): Wire {
  const wanted = new Set(['id', ...select.map((name) => name.slice(name.indexOf('/') + 1).toLowerCase())]);
  return Object.fromEntries(
    Object.entries({ ...members, uniqueBody: unique }).filter(
      ([name]) => wanted.has(name.toLowerCase()) || name === 'id',
    ),
  );
}

/** The new part of a reply: only ever sent when selected. */
function uniqueBody(mail: Mail, prefer: Preferences): Wire {
  return wireBody(mail.html, prefer.textBody);
}

function messageMembers(mailbox: Mailbox, copy: MailCopy, prefer: Preferences): Wire {
  const { mail } = copy;
  const id = messageId(mailbox, copy.serial, copy.folder ?? 0, prefer);
  const { html, text } = bodyOf(mail);
  return {
    id,
    createdDateTime: instant(copy.receivedAt),
    lastModifiedDateTime: instant(copy.modifiedAt),
    changeKey: keyOf(mailbox, copy),
    categories: [],
    receivedDateTime: instant(copy.receivedAt),
    sentDateTime: instant(mail.sentAt),
    hasAttachments: mail.hasAttachments,
    internetMessageId: mail.internetMessageId,
    subject: mail.subject,
    bodyPreview: preview(text),
    importance: mail.importance,
    parentFolderId: folderId(mailbox, copy.folder ?? 0),
    conversationId: `AAQk${Buffer.from(guid(mail.conversation)).toString('base64url')}`,
    conversationIndex: Buffer.from(guid(mail.conversation).slice(0, 22)).toString('base64'),
    // Machines that send mail leave it unsaid.
    isDeliveryReceiptRequested:
      mail.html.includes('>Unsubscribe<') || mail.meetingMessage !== null ? null : false,
    isReadReceiptRequested: false,
    isRead: copy.isRead,
    isDraft: mail.isDraft,
    webLink: `https://outlook.office365.com/owa/?ItemID=${encodeURIComponent(id)}&exvsurl=1&viewmodel=ReadMessageItem`,
    inferenceClassification: 'focused',
    body: prefer.textBody ? { contentType: 'text', content: text } : { contentType: 'html', content: html },
    // Nobody has sent a draft yet.
    ...(mail.isDraft ? {} : { sender: emailAddress(mail.from), from: emailAddress(mail.from) }),
    toRecipients: mail.to.map(emailAddress),
    ccRecipients: mail.cc.map(emailAddress),
    bccRecipients: [],
    replyTo: [],
    flag: { flagStatus: 'notFlagged' },
  };
}

function odataType(mail: Mail): string {
  const type = mail.meetingMessage?.type;
  if (type === undefined) return '#microsoft.graph.message';
  if (type === 'meetingRequest') return '#microsoft.graph.eventMessageRequest';
  return type === 'meetingCancelled'
    ? '#microsoft.graph.eventMessage'
    : '#microsoft.graph.eventMessageResponse';
}

/** What eventMessage and its kinds have beyond a message. */
function meetingMembers(mail: Mail, prefer: Preferences): Wire {
  const { meetingMessage } = mail;
  if (meetingMessage === null) return {};
  return {
    meetingMessageType: meetingMessage.type,
    type: 'singleInstance',
    isOutOfDate: false,
    isAllDay: false,
    isDelegated: false,
    startDateTime: graphDateTime(meetingMessage.start, prefer.zone),
    endDateTime: graphDateTime(meetingMessage.end, prefer.zone),
    recurrence: null,
  };
}

const bodies = new WeakMap<Mail, { readonly source: string; readonly html: string; readonly text: string }>();

/** The whole body in both forms: kept, because every page of every mailbox asks for it again. */
function bodyOf(mail: Mail): { readonly html: string; readonly text: string } {
  const known = bodies.get(mail);
  if (known !== undefined && known.source === mail.html) return known;
  const html = htmlDocument(mail.html + mail.quoted);
  const fresh = { source: mail.html, html, text: htmlToText(html) };
  bodies.set(mail, fresh);
  return fresh;
}

function keyOf(mailbox: Mailbox, copy: MailCopy): string {
  return `CQAAABYAAA${changeKey(mailbox.number, copy.serial, copy.version).slice(2)}`;
}

/** A mail folder with its counts of the moment. */
export function wireFolder(mailbox: Mailbox, folder: Folder, typed: boolean): Wire {
  const inside = mailbox.copies.filter((copy) => copy.folder === folder.number);
  const children = mailbox.folders.filter(({ parent }) => parent === folder.number);
  return {
    ...(typed ? { '@odata.type': '#microsoft.graph.mailFolder' } : {}),
    id: folderId(mailbox, folder.number),
    displayName: folder.displayName,
    parentFolderId: folderId(mailbox, folder.parent ?? 0),
    childFolderCount: children.length,
    unreadItemCount: inside.filter(({ isRead }) => !isRead).length,
    totalItemCount: inside.length,
    sizeInBytes: inside.reduce((sum, { mail }) => sum + mail.html.length + mail.quoted.length, 0),
    isHidden: false,
  };
}
