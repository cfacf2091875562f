import type { Meeting, Sensitivity } from './model.ts';

/** One entry of one mailbox's calendar, series and exceptions resolved. */
export interface CalendarItem {
  readonly meeting: Meeting;
  readonly type: 'singleInstance' | 'seriesMaster' | 'occurrence' | 'exception';
  /** Original start of an occurrence or exception; null for singles and masters. */
  readonly original: number | null;
  readonly start: number;
  readonly end: number;
  readonly title: string;
  readonly text: string;
  readonly location: string;
  readonly sensitivity: Sensitivity;
  readonly cancelled: boolean;
  readonly modifiedAt: number;
  readonly version: number;
}

/** Every entry of a meeting in one mailbox except the series master: what a person sees in the calendar. */
export function instancesOf(meeting: Meeting, mailbox: number): CalendarItem[] {
  const originals = meeting.series === null ? [null] : meeting.series.starts;
  return originals.flatMap((original) => itemAt(meeting, mailbox, original) ?? []);
}

/** The entry of a meeting in one mailbox: the single or master for `original` null, else that occurrence; null when it is not there. */
export function itemAt(meeting: Meeting, mailbox: number, original: number | null): CalendarItem | null {
  const copy = meeting.copies.get(mailbox);
  if (!copy?.present) return null;
  if (original === null) return whole(meeting);
  if (meeting.series === null || copy.gone.has(original) || !meeting.series.starts.includes(original))
    return null;
  return occurrence(meeting, original);
}

/** True when two half-open intervals share an instant; an empty interval counts as its start. */
export function overlaps(
  item: { readonly start: number; readonly end: number },
  from: number,
  to: number,
): boolean {
  return item.start < to && Math.max(item.end, item.start + 1) > from;
}

function whole(meeting: Meeting): CalendarItem {
  const { title, text, location, sensitivity, cancelled, start, end, modifiedAt, version } = meeting;
  const type = meeting.series === null ? 'singleInstance' : 'seriesMaster';
  return {
    meeting,
    type,
    original: null,
    start,
    end,
    title: cancelledTitle(title, cancelled),
    text,
    location,
    sensitivity,
    cancelled,
    modifiedAt,
    version,
  };
}

function occurrence(meeting: Meeting, original: number): CalendarItem {
  const base = whole(meeting);
  const exception = meeting.series?.exceptions.get(original);
  const length = meeting.end - meeting.start;
  if (exception === undefined)
    return { ...base, type: 'occurrence', original, start: original, end: original + length };
  const cancelled = meeting.cancelled || exception.cancelled === true;
  return {
    ...base,
    type: 'exception',
    original,
    start: exception.start,
    end: exception.end,
    title: cancelledTitle(exception.title ?? meeting.title, cancelled),
    text: exception.text ?? base.text,
    location: exception.location ?? base.location,
    // A private series stays private in every exception, whatever the exception itself said before.
    sensitivity: meeting.sensitivity === 'normal' ? (exception.sensitivity ?? 'normal') : meeting.sensitivity,
    cancelled,
    modifiedAt: Math.max(exception.modifiedAt, meeting.modifiedAt),
    version: base.version + exception.version,
  };
}

/** Outlook writes the cancellation into the attendees' subject. */
function cancelledTitle(title: string, cancelled: boolean): string {
  return cancelled ? `Canceled: ${title}` : title;
}
