/** The made-up tenant's own shapes: what lies in its mailboxes, before Graph's wire format is put around it. */

export type Intent =
  | 'qbr'
  | 'escalation'
  | 'routine check-in'
  | 'onboarding'
  | 'renewal discussion'
  | 'training'
  | 'executive briefing';

export type Sensitivity = 'normal' | 'personal' | 'private' | 'confidential';

export interface Contact {
  readonly name: string;
  readonly address: string;
}

export interface Attendee extends Contact {
  readonly type: 'required' | 'optional' | 'resource';
}

/** What the author of an item had in mind: for tests of client matching and tagging, never sent over the wire. */
export interface Story {
  readonly client: string | null;
  readonly intent: Intent | null;
}

export const NO_STORY: Story = { client: null, intent: null };

export interface Pattern {
  readonly every: 'day' | 'week' | 'month';
  readonly interval: number;
}

/** An occurrence that differs from its series; what is absent follows the series. */
export interface Exception {
  readonly start: number;
  readonly end: number;
  readonly title?: string;
  readonly text?: string;
  readonly location?: string;
  readonly sensitivity?: Sensitivity;
  readonly cancelled?: boolean;
  readonly modifiedAt: number;
  readonly version: number;
}

interface Series {
  readonly pattern: Pattern;
  /** Original start of every occurrence, ascending, in ms: kept wall-clock steady through daylight saving. */
  starts: readonly number[];
  readonly exceptions: Map<number, Exception>;
}

/** One mailbox's copy of a meeting; `present` turns false on deletion, and true again on restore, under the same ids. */
interface MeetingCopy {
  present: boolean;
  /** Originals of occurrences that are gone from this mailbox alone. */
  readonly gone: Set<number>;
}

export interface Meeting {
  readonly serial: number;
  /** GlobalObjectId without date digits: the same in every mailbox. */
  readonly uid: string;
  readonly organizer: Contact;
  attendees: readonly Attendee[];
  title: string;
  /** Plain paragraphs; the HTML body and any Teams block are put around them when they are sent. */
  text: string;
  location: string;
  sensitivity: Sensitivity;
  cancelled: boolean;
  readonly allDay: boolean;
  readonly showAs: 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere';
  readonly online: boolean;
  /** IANA zone in which the organiser thought. */
  readonly zone: string;
  /** What originalStartTimeZone says: a Windows name, or one of the names that map to nothing. */
  readonly zoneLabel: string;
  /** First occurrence; for all-day meetings midnight UTC of the (floating) date. */
  start: number;
  end: number;
  readonly series: Series | null;
  readonly createdAt: number;
  modifiedAt: number;
  version: number;
  readonly copies: Map<number, MeetingCopy>;
  readonly story: Story;
}

export interface Mail {
  readonly internetMessageId: string;
  readonly conversation: string;
  subject: string;
  /** The new part, as HTML without the html element around it. */
  html: string;
  /** What is quoted below it, as HTML; empty for the first mail of a thread. */
  readonly quoted: string;
  readonly from: Contact;
  readonly to: readonly Contact[];
  readonly cc: readonly Contact[];
  readonly sentAt: number;
  readonly sensitivity: Sensitivity;
  readonly importance: 'low' | 'normal' | 'high';
  readonly isDraft: boolean;
  /** Set on meeting requests, responses and cancellations. */
  readonly meetingMessage: MeetingMessage | null;
  readonly hasAttachments: boolean;
  readonly story: Story;
}

export interface MeetingMessage {
  readonly type:
    | 'meetingRequest'
    | 'meetingCancelled'
    | 'meetingAccepted'
    | 'meetingTenativelyAccepted' // Graph's own spelling
    | 'meetingDeclined';
  readonly start: number;
  readonly end: number;
}

export interface MailCopy {
  readonly serial: number;
  readonly mail: Mail;
  /** Number of the folder inside the mailbox; null once hard-deleted. */
  folder: number | null;
  readonly receivedAt: number;
  modifiedAt: number;
  version: number;
  isRead: boolean;
}

export interface Folder {
  readonly number: number;
  readonly displayName: string;
  /** As in `/mailFolders/{wellKnownName}`; null for folders that people made. */
  readonly wellKnown: string | null;
  /** Number of the parent; null for the root alone. */
  readonly parent: number | null;
}

export type Change = 'created' | 'updated' | 'deleted';

export interface CalendarChange {
  readonly seq: number;
  readonly serial: number;
  readonly original: number | null;
  /** `series`: the master shows again, and with it (unless the habit says otherwise) all its occurrences. */
  readonly what: 'item' | 'series' | 'removed';
  readonly change: Change;
  /** Where the item lay before, when that is known: a window it has left must hear of it. */
  readonly was: readonly [start: number, end: number] | null;
  /** Shows a series with all its occurrences whatever the habit is: newly made and restored ones. */
  readonly whole: boolean;
}

export interface MailChange {
  readonly seq: number;
  readonly serial: number;
  readonly change: Change;
}

export interface Mailbox {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly title: string;
  readonly city: string;
  readonly zone: string;
  /** False after removal: the directory no longer knows the person. */
  active: boolean;
  readonly folders: Folder[];
  readonly folderLog: { readonly seq: number; readonly number: number }[];
  readonly calendarLog: CalendarChange[];
  readonly mailLogs: Map<number, MailChange[]>;
  readonly copies: MailCopy[];
}
