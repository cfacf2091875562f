import { guid } from './ids.ts';
import type { CalendarChange, Change, Mail, Mailbox, MailCopy, Meeting } from './model.ts';

/** Names that `/mailFolders/{wellKnownName}` resolves, with the name people see. Every mailbox has the root first. */
const STANDARD_FOLDERS = [
  ['msgfolderroot', 'Top of Information Store'],
  ['inbox', 'Inbox'],
  ['sentitems', 'Sent Items'],
  ['drafts', 'Drafts'],
  ['deleteditems', 'Deleted Items'],
  ['junkemail', 'Junk Email'],
  ['outbox', 'Outbox'],
  ['archive', 'Archive'],
] as const;

export interface ChangeEvent {
  readonly mailbox: Mailbox;
  readonly resource: 'events' | 'messages';
  readonly change: Change;
  readonly serial: number;
  readonly original: number | null;
  /** Folder number of a message; null for events. */
  readonly folder: number | null;
}

export interface Person {
  readonly name: string;
  readonly address: string;
  readonly title: string;
  readonly city: string;
  readonly zone: string;
}

export interface TenantOptions {
  readonly seed: number;
  /** Milliseconds since the epoch: the instant around which everything is dated. */
  readonly anchor: number;
  readonly scale: number;
}

/** What every mutation works on: mailboxes, items, and one log of changes per feed, numbered by one sequence. */
export class TenantState {
  readonly seed: number;
  readonly anchor: number;
  readonly scale: number;
  readonly id: string;
  readonly mailboxes: Mailbox[] = [];
  readonly meetings: Meeting[] = [];
  /** The tenant's own clock, in ms: starts at the anchor and moves only when told to. */
  now: number;
  /** Number of the latest change in any mailbox. */
  seq = 0;
  /** Mails ever made: numbers the next internetMessageId. */
  mailCount = 0;
  readonly #listeners = new Set<(event: ChangeEvent) => void>();
  readonly #byUid = new Map<string, Meeting>();

  constructor(options: TenantOptions) {
    this.seed = options.seed;
    this.anchor = options.anchor;
    this.scale = options.scale;
    this.now = options.anchor;
    this.id = guid(`tenant ${options.seed}`);
  }

  /** Calls back after every change of an item, once per mailbox and folder concerned; returns the way to stop. */
  onChange(listener: (event: ChangeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The active mailbox of an address or user id (case-insensitive), or null. */
  mailboxOf(name: string): Mailbox | null {
    const wanted = name.toLowerCase();
    return (
      this.mailboxes.find(
        (mailbox) => mailbox.active && (mailbox.address === wanted || mailbox.id === wanted),
      ) ?? null
    );
  }

  /** The same, for callers that know it is there. Throws RangeError when it is not. */
  mailbox(name: string): Mailbox {
    const found = this.mailboxOf(name);
    if (found === null) throw new RangeError('no such mailbox');
    return found;
  }

  /** The meeting with a (cleaned) uid. Throws RangeError when there is none. */
  meeting(uid: string): Meeting {
    for (const meeting of this.meetings.slice(this.#byUid.size)) this.#byUid.set(meeting.uid, meeting);
    const found = this.#byUid.get(uid);
    if (found === undefined) throw new RangeError('no such meeting');
    return found;
  }

  addMailbox(person: Person): Mailbox {
    const number = this.mailboxes.length + 1;
    const address = person.address.toLowerCase();
    const mailbox: Mailbox = {
      ...person,
      number,
      address,
      id: guid(`user ${address}`),
      active: true,
      folders: [],
      folderLog: [],
      calendarLog: [],
      mailLogs: new Map(),
      copies: [],
    };
    this.mailboxes.push(mailbox);
    for (const [wellKnown, displayName] of STANDARD_FOLDERS) this.#addFolder(mailbox, displayName, wellKnown);
    return mailbox;
  }

  /** Takes a person out of the directory: every request for the mailbox is answered 404 from then on. */
  removeMailbox(name: string): void {
    this.mailbox(name).active = false;
  }

  /** Makes a folder of the given name below the root; returns its number in the mailbox. */
  createFolder(mailbox: string, displayName: string): number {
    return this.#addFolder(this.mailbox(mailbox), displayName, null);
  }

  #addFolder(mailbox: Mailbox, displayName: string, wellKnown: string | null): number {
    const number = mailbox.folders.length;
    mailbox.folders.push({ number, displayName, wellKnown, parent: number === 0 ? null : 0 });
    mailbox.folderLog.push({ seq: ++this.seq, number });
    mailbox.mailLogs.set(number, []);
    return number;
  }

  /** Appends to a mailbox's calendar log. `whole` shows a series with all its occurrences whatever the habit is. */
  logCalendar(
    number: number,
    entry: Pick<CalendarChange, 'original' | 'change' | 'was'> & {
      readonly meeting: Meeting;
      readonly whole: boolean;
    },
  ): void {
    const mailbox = this.mailboxes[number - 1];
    if (mailbox === undefined) throw new RangeError('no such mailbox');
    const { meeting, original, change, was, whole } = entry;
    const what =
      change === 'deleted' ? 'removed' : meeting.series !== null && original === null ? 'series' : 'item';
    mailbox.calendarLog.push({ seq: ++this.seq, serial: meeting.serial, original, what, change, was, whole });
    this.#tell({ mailbox, resource: 'events', change, serial: meeting.serial, original, folder: null });
  }

  /** Appends to the log of one folder. */
  logMail(mailbox: Mailbox, folder: number, copy: MailCopy, change: Change): void {
    mailbox.mailLogs.get(folder)?.push({ seq: ++this.seq, serial: copy.serial, change });
    this.#tell({ mailbox, resource: 'messages', change, serial: copy.serial, original: null, folder });
  }

  /** Every copy of mail with this internetMessageId, with the mailbox that holds it. */
  copiesOf(internetMessageId: string): { readonly mailbox: Mailbox; readonly copy: MailCopy }[] {
    const isIt = (mail: Mail) => mail.internetMessageId === internetMessageId;
    return this.mailboxes.flatMap((mailbox) =>
      mailbox.copies.filter(({ mail }) => isIt(mail)).map((copy) => ({ mailbox, copy })),
    );
  }

  #tell(event: ChangeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
