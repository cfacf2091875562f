import { getEvent, listInstances } from '../graph/calendar.ts';
import type { Graph } from '../graph/client.ts';
import { isNotFound } from '../graph/errors.ts';
import { mapEvent, parseDeltaItem } from '../graph/mapping.ts';
import type { GraphEvent } from '../graph/schemas.ts';
import type { Window } from '../store/pages.ts';
import type { PageItem } from './page.ts';

/** Occurrences arrive bare: a calendar page is made whole with its series masters before it is mapped. */

export interface CalendarRound {
  readonly graph: Graph;
  readonly mailbox: string;
  readonly window: Window;
  /** A full round shows every occurrence and is swept at its end; a delta round must ask for changed series. */
  readonly full: boolean;
  readonly withhold: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Masters seen or fetched in this round, by id; null: there is none any more. */
  readonly masters: Map<string, GraphEvent | null>;
}

export interface CalendarPage {
  readonly items: readonly PageItem[];
  /** Series that changed, with every occurrence they have inside the window. */
  readonly series: readonly {
    readonly master: string;
    readonly keep: readonly string[];
    readonly window: Window;
  }[];
}

/** Raw items of one delta page -> mapped items, in the page's order; asks Graph only for masters it has not seen. */
export async function calendarPage(round: CalendarRound, raw: readonly unknown[]): Promise<CalendarPage> {
  const parsed = raw.map((item) => parseDeltaItem('event', item));
  // a master may stand behind its occurrences in the same page
  for (const item of parsed) {
    if (item.type === 'event' && item.event.type === 'seriesMaster')
      round.masters.set(item.event.id, item.event);
  }
  const items: PageItem[] = [];
  const changed = new Set<string>();
  for (const item of parsed) {
    if (item.type === 'removed') items.push({ outcome: 'removed', graphId: item.graphId });
    else if (item.type === 'malformed')
      items.push({ outcome: 'fail', graphId: item.graphId, reason: item.reason });
    else if (item.type === 'event') {
      items.push(await mapped(round, item.event));
      if (item.event.type === 'seriesMaster' && !round.full) changed.add(item.event.id);
    }
  }
  const series = [];
  for (const master of changed) series.push(await wholeSeries(round, master, items));
  return { items, series };
}

/** What Graph says of events whose removal is in doubt: those that are still there come as they are now. */
export async function doubtfulItems(round: CalendarRound, ids: readonly string[]): Promise<PageItem[]> {
  const items: PageItem[] = [];
  for (const id of ids) {
    const event = await eventOrNull(round, id);
    items.push(event === null ? { outcome: 'removed', graphId: id } : await mapped(round, { ...event, id }));
  }
  return items;
}

async function mapped(round: CalendarRound, event: GraphEvent): Promise<PageItem> {
  const master = event.seriesMasterId ? await masterOf(round, event.seriesMasterId) : null;
  if (master === null && event.type === 'occurrence') {
    return { outcome: 'skip', graphId: event.id, reason: 'series is gone', erase: true };
  }
  return mapEvent(event, master, { withhold: round.withhold });
}

async function masterOf(round: CalendarRound, id: string): Promise<GraphEvent | null> {
  const known = round.masters.get(id);
  if (known !== undefined) return known;
  const master = await eventOrNull(round, id);
  round.masters.set(id, master);
  return master;
}

async function eventOrNull(
  { graph, mailbox, signal }: CalendarRound,
  id: string,
): Promise<GraphEvent | null> {
  try {
    return await getEvent(graph, { mailbox, id, signal });
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/**
 * When a master (re)appears, its occurrences may have changed without a word of their own (a deleted single occurrence
 * has no tombstone): all those inside the window are listed and take the place of what was stored.
 */
async function wholeSeries(round: CalendarRound, master: string, items: PageItem[]) {
  const keep: string[] = [];
  for (const instance of await instancesOf(round, master)) {
    const item = parseDeltaItem('event', instance);
    if (item.type === 'malformed')
      items.push({ outcome: 'fail', graphId: item.graphId, reason: item.reason });
    if (item.type !== 'event') continue;
    keep.push(item.event.id);
    // an instance may come without its series' id
    items.push(await mapped(round, { ...item.event, seriesMasterId: item.event.seriesMasterId ?? master }));
  }
  return { master, keep, window: round.window };
}

async function instancesOf(round: CalendarRound, master: string): Promise<readonly unknown[]> {
  const { graph, mailbox, window, signal } = round;
  try {
    return await listInstances(graph, { mailbox, masterId: master, window, signal });
  } catch (error) {
    // gone meanwhile: then none of its occurrences is left
    if (isNotFound(error)) return [];
    throw error;
  }
}
