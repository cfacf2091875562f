import { type Contact, type Mail, type Mailbox, type MailCopy, NO_STORY } from './model.ts';
import { hash32 } from './random.ts';
import type { TenantState } from './tenant-state.ts';

export interface MailDraft {
  readonly subject: string;
  /** The new part, as HTML. */
  readonly html: string;
  readonly quoted?: string;
  readonly from: Contact;
  readonly to: readonly Contact[];
  readonly cc?: readonly Contact[];
  /** Milliseconds since the epoch; the recipients' copies arrive a few seconds later. */
  readonly sentAt: number;
  readonly conversation?: string;
  readonly sensitivity?: Mail['sensitivity'];
  readonly importance?: Mail['importance'];
  readonly isDraft?: boolean;
  readonly meetingMessage?: Mail['meetingMessage'];
  readonly hasAttachments?: boolean;
  readonly story?: Mail['story'];
  /** Folder (well-known or display name) of the recipients' copies: inbox when left out. */
  readonly folder?: string;
  readonly internetMessageId?: string;
  /** Recipients in this list get no copy: mail reaches people by rules that a test may want to bend. */
  readonly withheldFrom?: readonly string[];
}

/** Sends a mail: one copy in the sender's Sent Items (Drafts for drafts), one in the inbox of every staff recipient. */
export function createMail(tenant: TenantState, draft: MailDraft): Mail {
  const conversation = draft.conversation ?? `conversation ${tenant.seq}`;
  tenant.mailCount += 1;
  const number = tenant.mailCount;
  const host = draft.from.address.split('@')[1] ?? 'unknown.example';
  const mail: Mail = {
    internetMessageId:
      draft.internetMessageId ??
      `<HL${hash32(tenant.seed, 'mail', number).toString(36).toUpperCase()}${number}@${host}>`,
    conversation,
    subject: draft.subject,
    html: draft.html,
    quoted: draft.quoted ?? '',
    from: draft.from,
    to: draft.to,
    cc: draft.cc ?? [],
    // Mail knows whole seconds only.
    sentAt: Math.floor(draft.sentAt / 1000) * 1000,
    sensitivity: draft.sensitivity ?? 'normal',
    importance: draft.importance ?? 'normal',
    isDraft: draft.isDraft ?? false,
    meetingMessage: draft.meetingMessage ?? null,
    hasAttachments: draft.hasAttachments ?? false,
    story: draft.story ?? NO_STORY,
  };
  const sender = tenant.mailboxOf(mail.from.address);
  if (sender !== null) addCopy(tenant, sender, mail, mail.isDraft ? 'drafts' : 'sentitems');
  if (!mail.isDraft) deliverCopies(tenant, mail, draft);
  return mail;
}

function deliverCopies(tenant: TenantState, mail: Mail, draft: MailDraft): void {
  const withheld = new Set(draft.withheldFrom ?? []);
  const addresses = new Set([...mail.to, ...mail.cc].map(({ address }) => address.toLowerCase()));
  for (const address of addresses) {
    const mailbox = tenant.mailboxOf(address);
    if (mailbox !== null && !withheld.has(address)) addCopy(tenant, mailbox, mail, draft.folder ?? 'inbox');
  }
}

function addCopy(tenant: TenantState, mailbox: Mailbox, mail: Mail, folderName: string): void {
  const folder = folderNumber(mailbox, folderName);
  const own = folderName === 'sentitems' || mail.isDraft;
  const receivedAt =
    mail.sentAt + (own ? 0 : (2 + (hash32(mail.internetMessageId, mailbox.number) % 5)) * 1000);
  const copy: MailCopy = {
    serial: mailbox.copies.length + 1,
    mail,
    folder,
    receivedAt,
    modifiedAt: receivedAt,
    version: 1,
    isRead: own,
  };
  mailbox.copies.push(copy);
  tenant.logMail(mailbox, folder, copy, 'created');
}

export interface MailPatch {
  readonly subject?: string;
  readonly html?: string;
  readonly isRead?: boolean;
}

/** Changes a mail: the read mark in one mailbox, subject and body (drafts, administrators) in all of them. */
export function updateMail(
  tenant: TenantState,
  internetMessageId: string,
  patch: MailPatch,
  mailbox?: string,
): void {
  for (const { mailbox: holder, copy } of held(tenant, internetMessageId, mailbox)) {
    if (patch.subject !== undefined) copy.mail.subject = patch.subject;
    if (patch.html !== undefined) copy.mail.html = patch.html;
    if (patch.isRead !== undefined) copy.isRead = patch.isRead;
    touch(tenant, copy);
    if (copy.folder !== null) tenant.logMail(holder, copy.folder, copy, 'updated');
  }
}

/** Moves one mailbox's copy: a tombstone in the old folder, an addition in the new one, the immutable id unchanged. */
export function moveMail(
  tenant: TenantState,
  internetMessageId: string,
  mailbox: string,
  folderName: string,
): void {
  for (const { mailbox: holder, copy } of held(tenant, internetMessageId, mailbox)) {
    const from = copy.folder;
    const to = folderNumber(holder, folderName);
    if (from === to) continue;
    copy.folder = to;
    touch(tenant, copy);
    if (from !== null) tenant.logMail(holder, from, copy, 'deleted');
    tenant.logMail(holder, to, copy, 'created');
  }
}

/** Deletes copies: into Deleted Items as Outlook does, or (`hard`) beyond recovery but for restoreMail. */
export function deleteMail(
  tenant: TenantState,
  internetMessageId: string,
  options: { readonly mailbox?: string; readonly hard?: boolean } = {},
): void {
  for (const { mailbox, copy } of held(tenant, internetMessageId, options.mailbox)) {
    if (!options.hard) {
      moveMail(tenant, internetMessageId, mailbox.address, 'deleteditems');
      continue;
    }
    const from = copy.folder;
    copy.folder = null;
    touch(tenant, copy);
    if (from !== null) tenant.logMail(mailbox, from, copy, 'deleted');
  }
}

/** Brings deleted copies back, under their old immutable ids, to a folder (inbox, or Sent Items of the sender). */
export function restoreMail(tenant: TenantState, internetMessageId: string, mailbox?: string): void {
  for (const { mailbox: holder, copy } of held(tenant, internetMessageId, mailbox)) {
    const deleted = copy.folder === null || copy.folder === folderNumber(holder, 'deleteditems');
    const home = copy.mail.from.address === holder.address ? 'sentitems' : 'inbox';
    if (deleted) moveMail(tenant, internetMessageId, holder.address, home);
  }
}

/** Number of a folder by well-known or display name. Throws RangeError when the mailbox has none such. */
function folderNumber(mailbox: Mailbox, name: string): number {
  const wanted = name.toLowerCase();
  const folder = mailbox.folders.find(
    ({ wellKnown, displayName }) => wellKnown === wanted || displayName.toLowerCase() === wanted,
  );
  if (folder === undefined) throw new RangeError('no such folder');
  return folder.number;
}

function held(
  tenant: TenantState,
  internetMessageId: string,
  mailbox?: string,
): { mailbox: Mailbox; copy: MailCopy }[] {
  const all = tenant.copiesOf(internetMessageId);
  if (mailbox === undefined) return all;
  const only = tenant.mailbox(mailbox).number;
  return all.filter((entry) => entry.mailbox.number === only);
}

function touch(tenant: TenantState, copy: MailCopy): void {
  copy.modifiedAt = tenant.now;
  copy.version += 1;
}
