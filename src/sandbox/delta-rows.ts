import { type CalendarItem, instancesOf, itemAt, overlaps } from './calendar-items.ts';
import type { DeltaToken } from './delta-token.ts';
import type { CalendarChange, Mailbox, MailChange, Meeting } from './model.ts';
import type { Preferences } from './prefer.ts';
import type { TenantState } from './tenant-state.ts';
import { deltaEvent, eventId, tombstone, type Wire } from './wire-event.ts';
import { type MessageShape, messageId, wireFolder, wireMessage } from './wire-message.ts';

/** One entry of a round, at a place in it that does not shift when other items change while the round is walked. */
export interface Row {
  readonly order: readonly number[];
  render(): Wire;
}

/** How the sandbox behaves where live Graph has been seen to behave in several ways. */
export interface Habits {
  /** What shows when a master reappears: it and all its occurrences, or it alone. */
  seriesEcho: 'all' | 'master';
  /** Leaves some masters out of an initial round when their first occurrence lies before the window. */
  omitMasters: boolean;
}

export interface RowSource {
  readonly tenant: TenantState;
  readonly mailbox: Mailbox;
  readonly token: DeltaToken;
  /** Last change of the round. */
  readonly until: number;
  readonly prefer: Preferences;
  readonly habits: Habits;
}

export function compareOrder(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? Number.NEGATIVE_INFINITY);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Every entry inside the window: masters in full before or after their bare occurrences, some left out. */
export function fullCalendarRows(source: RowSource): Row[] {
  const { tenant, mailbox, prefer, habits } = source;
  const [from, to] = windowOf(source);
  return tenant.meetings.flatMap((meeting) => {
    const inside = instancesOf(meeting, mailbox.number).filter((item) => overlaps(item, from, to));
    if (inside.length === 0) return [];
    const row = (item: CalendarItem, bucket: number): Row => ({
      order: [bucket, meeting.serial, item.original ?? -1],
      render: () => deltaEvent(mailbox, item, prefer),
    });
    const rows = inside.map((item) => row(item, 0));
    const master = meeting.series === null ? null : itemAt(meeting, mailbox.number, null);
    const omitted = habits.omitMasters && meeting.start < from && meeting.serial % 3 === 0;
    // A quarter of the masters come at the very end, long after their occurrences.
    return master === null || omitted ? rows : [...rows, row(master, meeting.serial % 4 === 1 ? 1 : 0)];
  });
}

interface Touched {
  readonly order: readonly number[];
  readonly original: number | null;
  readonly entry: CalendarChange;
  /** It lay inside the window before at least one of the changes: whoever holds it must hear that it has left. */
  readonly wasInside: boolean;
}

/** What changed since the token: items in their present state, tombstones, reappearing masters. */
export function changedCalendarRows(source: RowSource): Row[] {
  const { tenant, mailbox, token, until } = source;
  const bySerial = new Map<number, Map<number, Touched>>();
  for (const entry of mailbox.calendarLog) {
    if (entry.seq <= token.from || entry.seq > until) continue;
    const touched = bySerial.get(entry.serial) ?? new Map<number, Touched>();
    bySerial.set(entry.serial, touched);
    touch(source, touched, entry);
  }
  return [...bySerial].flatMap(([serial, touched]) =>
    [...touched.values()].flatMap((change) => rowsFor(source, meetingAt(tenant, serial), change)),
  );
}

/** Notes one log entry, the latest one winning; a series takes its occurrences along. */
function touch(source: RowSource, touched: Map<number, Touched>, entry: CalendarChange): void {
  const [from, to] = windowOf(source);
  const put = (original: number | null, inside: boolean) => {
    const wasInside = inside || touched.get(original ?? -1)?.wasInside === true;
    touched.set(original ?? -1, { order: [entry.seq, original ?? -1], original, entry, wasInside });
  };
  if (entry.what === 'removed') for (const key of touched.keys()) if (key !== -1) touched.delete(key);
  put(entry.original, entry.was === null || overlaps({ start: entry.was[0], end: entry.was[1] }, from, to));
  const echoes = entry.what === 'series' && (entry.whole || source.habits.seriesEcho === 'all');
  if (!echoes) return;
  for (const { original } of instancesOf(meetingAt(source.tenant, entry.serial), source.mailbox.number))
    put(original, false);
}

function rowsFor(source: RowSource, meeting: Meeting, { order, original, entry, wasInside }: Touched): Row[] {
  const { mailbox, prefer } = source;
  const [from, to] = windowOf(source);
  const gone = (at: number | null): Row => ({
    order: [order[0] ?? 0, at ?? -1],
    render: () => tombstone('event', eventId(mailbox, meeting.serial, at, prefer)),
  });
  const item = itemAt(meeting, mailbox.number, original);
  // Changed events outside the window are sometimes reported as removed, known to the client or not.
  const strays = meeting.serial % 2 === 0;
  if (item === null) {
    if (original !== null) return [];
    const length = meeting.end - meeting.start;
    const inside = (meeting.series?.starts ?? []).filter((start) =>
      overlaps({ start, end: start + length }, from, to),
    );
    // Half of the deleted series say so with the master's tombstone alone.
    if (meeting.series !== null) return [gone(null), ...(strays ? [] : inside.map(gone))];
    return wasInside || strays ? [gone(null)] : [];
  }
  const render = () => deltaEvent(mailbox, item, prefer);
  const visible =
    item.type === 'seriesMaster'
      ? instancesOf(meeting, mailbox.number).some((each) => overlaps(each, from, to))
      : overlaps(item, from, to);
  if (visible) return [{ order, render }];
  const echo = entry.what === 'series' && original !== null;
  return wasInside || (strays && !echo) ? [gone(original)] : [];
}

/** Every message of a folder, newest first; `since` leaves out what was received before. */
export function fullMessageRows(source: RowSource, shape: MessageShape): Row[] {
  const { mailbox, token, prefer } = source;
  return mailbox.copies
    .filter((copy) => copy.folder === token.folder && copy.receivedAt >= (token.since ?? 0))
    .map((copy) => ({
      order: [-copy.serial],
      render: () => wireMessage(mailbox, copy, { prefer, shape, typed: true }),
    }));
}

/** What changed in a folder since the token; a message that has left it is a tombstone, wherever it went. */
export function changedMessageRows(source: RowSource, shape: MessageShape): Row[] {
  const { mailbox, token, until, prefer } = source;
  const last = new Map<number, MailChange>();
  for (const entry of mailbox.mailLogs.get(token.folder) ?? [])
    if (entry.seq > token.from && entry.seq <= until) last.set(entry.serial, entry);
  return [...last.values()].flatMap((entry): Row[] => {
    const copy = mailbox.copies[entry.serial - 1];
    const order = [entry.seq];
    if (copy === undefined || copy.folder !== token.folder) {
      return [
        { order, render: () => tombstone('message', messageId(mailbox, entry.serial, token.folder, prefer)) },
      ];
    }
    if (copy.receivedAt < (token.since ?? 0)) return [];
    return [{ order, render: () => wireMessage(mailbox, copy, { prefer, shape, typed: true }) }].filter(() =>
      wants(token, entry),
    );
  });
}

function wants(token: DeltaToken, entry: MailChange): boolean {
  return token.changeType === null || token.changeType === entry.change;
}

/** Folders, all of them or the new ones. */
export function folderRows({ mailbox, token, until }: RowSource): Row[] {
  return mailbox.folderLog
    .filter(({ seq, number }) => number !== 0 && seq <= until && (token.round === 'full' || seq > token.from))
    .flatMap(({ seq, number }) => {
      const folder = mailbox.folders[number];
      return folder === undefined ? [] : [{ order: [seq], render: () => wireFolder(mailbox, folder, true) }];
    });
}

function windowOf({ token }: RowSource): readonly [number, number] {
  return token.window ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

function meetingAt(tenant: TenantState, serial: number): Meeting {
  const meeting = tenant.meetings[serial - 1];
  if (meeting === undefined) throw new RangeError('the log names a meeting that never was');
  return meeting;
}
