import * as mails from './mails.ts';
import * as meetings from './meetings.ts';
import type { Mail, Meeting } from './model.ts';
import { TenantState } from './tenant-state.ts';

/**
 * The made-up tenant and everything that may happen in it. Meetings are named by their (cleaned) uid and the original
 * start of an occurrence in ms, mails by their internetMessageId, mailboxes by address or id. Every change lands in
 * the logs that the delta queries are answered from.
 */
export class Tenant extends TenantState {
  createMeeting(draft: meetings.MeetingDraft): Meeting {
    return meetings.createMeeting(this, draft);
  }

  updateMeeting(uid: string, patch: meetings.MeetingPatch): Meeting {
    return meetings.updateMeeting(this, uid, patch);
  }

  changeOccurrence(uid: string, original: number, patch: meetings.OccurrencePatch): Meeting {
    return meetings.changeOccurrence(this, uid, original, patch);
  }

  /** Moves one occurrence to a new start, keeping its length. */
  moveOccurrence(uid: string, original: number, start: number): Meeting {
    const meeting = this.meeting(uid);
    return meetings.changeOccurrence(this, uid, original, {
      start,
      end: start + meeting.end - meeting.start,
    });
  }

  cancelOccurrence(uid: string, original: number): Meeting {
    return meetings.cancelOccurrence(this, uid, original);
  }

  deleteOccurrence(uid: string, original: number, mailbox?: string): Meeting {
    return meetings.deleteOccurrence(this, uid, original, mailbox);
  }

  cancelMeeting(uid: string): Meeting {
    return meetings.cancelMeeting(this, uid);
  }

  deleteMeeting(uid: string, mailbox?: string): Meeting {
    return meetings.deleteMeeting(this, uid, mailbox);
  }

  restoreMeeting(uid: string, mailbox?: string): Meeting {
    return meetings.restoreMeeting(this, uid, mailbox);
  }

  makePrivate(uid: string): Meeting {
    return meetings.updateMeeting(this, uid, { sensitivity: 'private' });
  }

  retitleSeries(uid: string, title: string): Meeting {
    return meetings.updateMeeting(this, uid, { title });
  }

  endSeries(uid: string, from: number): Meeting {
    return meetings.endSeries(this, uid, from);
  }

  createMail(draft: mails.MailDraft): Mail {
    return mails.createMail(this, draft);
  }

  updateMail(internetMessageId: string, patch: mails.MailPatch, mailbox?: string): void {
    mails.updateMail(this, internetMessageId, patch, mailbox);
  }

  moveMail(internetMessageId: string, mailbox: string, folder: string): void {
    mails.moveMail(this, internetMessageId, mailbox, folder);
  }

  deleteMail(
    internetMessageId: string,
    options?: { readonly mailbox?: string; readonly hard?: boolean },
  ): void {
    mails.deleteMail(this, internetMessageId, options);
  }

  restoreMail(internetMessageId: string, mailbox?: string): void {
    mails.restoreMail(this, internetMessageId, mailbox);
  }
}
