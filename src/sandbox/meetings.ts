import { itemAt } from './calendar-items.ts';
import { meetingUid } from './ids.ts';
import {
  type Attendee,
  type Contact,
  type Exception,
  type Meeting,
  NO_STORY,
  type Pattern,
  type Sensitivity,
  type Story,
} from './model.ts';
import { occurrenceStarts } from './recurrence.ts';
import type { TenantState } from './tenant-state.ts';
import { windowsName } from './zones.ts';

export interface MeetingDraft {
  readonly title: string;
  readonly text?: string;
  /** Milliseconds since the epoch, on whole minutes; midnight UTC for all-day meetings. */
  readonly start: number;
  readonly end: number;
  readonly organizer: Contact;
  readonly attendees: readonly Attendee[];
  readonly location?: string;
  readonly sensitivity?: Sensitivity;
  readonly allDay?: boolean;
  readonly showAs?: Meeting['showAs'];
  readonly online?: boolean;
  /** IANA zone of the organiser; UTC when left out. */
  readonly zone?: string;
  readonly zoneLabel?: string;
  readonly series?: Pattern & { readonly count: number };
  readonly story?: Story;
  readonly createdAt?: number;
}

/** Puts a meeting into the calendar of every staff mailbox among its organiser and attendees. */
export function createMeeting(tenant: TenantState, draft: MeetingDraft): Meeting {
  const serial = tenant.meetings.length + 1;
  const zone = draft.zone ?? 'UTC';
  const createdAt = draft.createdAt ?? tenant.now;
  const holders = [draft.organizer, ...draft.attendees].flatMap(
    (person) => tenant.mailboxOf(person.address) ?? [],
  );
  const { series } = draft;
  const seriesZone = draft.allDay === true ? 'UTC' : zone;
  const meeting: Meeting = {
    serial,
    uid: meetingUid(`${tenant.seed} ${serial}`),
    organizer: draft.organizer,
    attendees: draft.attendees,
    title: draft.title,
    text: draft.text ?? '',
    location: draft.location ?? '',
    sensitivity: draft.sensitivity ?? 'normal',
    cancelled: false,
    allDay: draft.allDay ?? false,
    showAs: draft.showAs ?? 'busy',
    online: draft.online ?? false,
    zone,
    zoneLabel: draft.zoneLabel ?? windowsName(zone),
    start: draft.start,
    end: draft.end,
    series:
      series === undefined
        ? null
        : {
            pattern: series,
            starts: occurrenceStarts(draft.start, seriesZone, series, series.count),
            exceptions: new Map(),
          },
    createdAt,
    modifiedAt: createdAt,
    version: 1,
    copies: new Map(holders.map((mailbox) => [mailbox.number, { present: true, gone: new Set<number>() }])),
    story: draft.story ?? NO_STORY,
  };
  tenant.meetings.push(meeting);
  for (const mailbox of meeting.copies.keys())
    tenant.logCalendar(mailbox, { meeting, original: null, change: 'created', whole: true, was: null });
  return meeting;
}

export type MeetingPatch = Partial<
  Pick<Meeting, 'title' | 'text' | 'location' | 'sensitivity' | 'start' | 'end' | 'attendees'>
>;

/** Changes a meeting in every mailbox that holds it. Throws RangeError for a new time of a whole series. */
export function updateMeeting(tenant: TenantState, uid: string, patch: MeetingPatch): Meeting {
  const meeting = tenant.meeting(uid);
  if (meeting.series !== null && (patch.start !== undefined || patch.end !== undefined)) {
    throw new RangeError('a series keeps its times; move its occurrences');
  }
  const was = [meeting.start, meeting.end] as const;
  Object.assign(meeting, patch);
  touch(tenant, meeting);
  logEverywhere(tenant, meeting, { original: null, was });
  return meeting;
}

export type OccurrencePatch = Partial<
  Pick<Exception, 'start' | 'end' | 'title' | 'text' | 'location' | 'sensitivity'>
>;

/** Makes one occurrence an exception (moved, retitled, ...). Throws RangeError when there is no such occurrence. */
export function changeOccurrence(
  tenant: TenantState,
  uid: string,
  original: number,
  patch: OccurrencePatch,
): Meeting {
  const meeting = tenant.meeting(uid);
  const before = setException(tenant, meeting, original, patch);
  logEverywhere(tenant, meeting, { original, was: [before.start, before.end] });
  return meeting;
}

/**
 * Cancels one occurrence: attendees keep it as a cancelled exception, the organiser's own calendar loses it without
 * a tombstone, as with any deleted occurrence.
 */
export function cancelOccurrence(tenant: TenantState, uid: string, original: number): Meeting {
  const meeting = tenant.meeting(uid);
  const before = setException(tenant, meeting, original, {}, true);
  const organizer = tenant.mailboxOf(meeting.organizer.address)?.number ?? null;
  if (organizer !== null) loseOccurrence(tenant, meeting, original, organizer);
  for (const mailbox of presentIn(meeting)) {
    if (mailbox === organizer) continue;
    tenant.logCalendar(mailbox, {
      meeting,
      original,
      change: 'updated',
      whole: false,
      was: [before.start, before.end],
    });
  }
  return meeting;
}

/** Deletes one occurrence, in one mailbox or everywhere: no tombstone, the master shows again instead. */
export function deleteOccurrence(
  tenant: TenantState,
  uid: string,
  original: number,
  mailbox?: string,
): Meeting {
  const meeting = tenant.meeting(uid);
  const targets = mailbox === undefined ? presentIn(meeting) : [tenant.mailbox(mailbox).number];
  for (const number of targets) loseOccurrence(tenant, meeting, original, number);
  return meeting;
}

/** Cancels a meeting: it leaves the organiser's calendar and stays, cancelled, in everybody else's. */
export function cancelMeeting(tenant: TenantState, uid: string): Meeting {
  const meeting = tenant.meeting(uid);
  meeting.cancelled = true;
  touch(tenant, meeting);
  const organizer = tenant.mailboxOf(meeting.organizer.address);
  if (organizer !== null) removeCopy(tenant, meeting, organizer.number);
  logEverywhere(tenant, meeting, { original: null, was: [meeting.start, meeting.end] });
  return meeting;
}

/** Deletes a meeting, with all its occurrences, from one mailbox or from every one. */
export function deleteMeeting(tenant: TenantState, uid: string, mailbox?: string): Meeting {
  const meeting = tenant.meeting(uid);
  const targets = mailbox === undefined ? presentIn(meeting) : [tenant.mailbox(mailbox).number];
  for (const number of targets) removeCopy(tenant, meeting, number);
  return meeting;
}

/** Brings a deleted meeting back under its old ids, in one mailbox or in every one that once held it. */
export function restoreMeeting(tenant: TenantState, uid: string, mailbox?: string): Meeting {
  const meeting = tenant.meeting(uid);
  const targets = mailbox === undefined ? [...meeting.copies.keys()] : [tenant.mailbox(mailbox).number];
  for (const number of targets) {
    const copy = meeting.copies.get(number);
    if (copy === undefined || copy.present) continue;
    copy.present = true;
    tenant.logCalendar(number, { meeting, original: null, change: 'created', whole: true, was: null });
  }
  return meeting;
}

/** Ends a series before `from`: later occurrences go without tombstones of their own. */
export function endSeries(tenant: TenantState, uid: string, from: number): Meeting {
  const meeting = tenant.meeting(uid);
  if (meeting.series === null) throw new RangeError('not a series');
  const kept = meeting.series.starts.filter((start) => start < from);
  if (kept.length === 0) throw new RangeError('a series keeps at least its first occurrence');
  meeting.series.starts = kept;
  for (const original of meeting.series.exceptions.keys())
    if (original >= from) meeting.series.exceptions.delete(original);
  touch(tenant, meeting);
  logEverywhere(tenant, meeting, { original: null, was: null });
  return meeting;
}

function setException(
  tenant: TenantState,
  meeting: Meeting,
  original: number,
  patch: OccurrencePatch,
  cancelled = false,
): Exception {
  const { series } = meeting;
  if (series === null || !series.starts.includes(original)) throw new RangeError('no such occurrence');
  const length = meeting.end - meeting.start;
  const fresh: Exception = { start: original, end: original + length, modifiedAt: tenant.now, version: 0 };
  const before = series.exceptions.get(original) ?? fresh;
  const next = { ...before, ...patch, modifiedAt: tenant.now, version: before.version + 1 };
  series.exceptions.set(original, cancelled ? { ...next, cancelled } : next);
  return before;
}

function loseOccurrence(tenant: TenantState, meeting: Meeting, original: number, mailbox: number): void {
  if (itemAt(meeting, mailbox, original) === null) return;
  meeting.copies.get(mailbox)?.gone.add(original);
  tenant.logCalendar(mailbox, { meeting, original: null, change: 'updated', whole: false, was: null });
}

function removeCopy(tenant: TenantState, meeting: Meeting, mailbox: number): void {
  const copy = meeting.copies.get(mailbox);
  if (!copy?.present) return;
  copy.present = false;
  tenant.logCalendar(mailbox, {
    meeting,
    original: null,
    change: 'deleted',
    whole: false,
    was: [meeting.start, meeting.end],
  });
}

function logEverywhere(
  tenant: TenantState,
  meeting: Meeting,
  where: { original: number | null; was: readonly [number, number] | null },
): void {
  for (const mailbox of presentIn(meeting))
    tenant.logCalendar(mailbox, { meeting, ...where, change: 'updated', whole: false });
}

function presentIn(meeting: Meeting): number[] {
  return [...meeting.copies].filter(([, copy]) => copy.present).map(([mailbox]) => mailbox);
}

function touch(tenant: TenantState, meeting: Meeting): void {
  meeting.modifiedAt = tenant.now;
  meeting.version += 1;
}
