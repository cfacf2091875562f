import type { Graph } from './client.ts';
import { listItems } from './delta.ts';
import { GraphProtocolError } from './errors.ts';
import { segment } from './paths.ts';
import { GraphEvent, shapeProblem } from './schemas.ts';

/** Reading calendars. */

/** From and to, as ISO 8601 instants in UTC. */
export interface CalendarWindow {
  readonly start: string;
  readonly end: string;
}

/**
 * Goes with every calendar request: start and end in UTC, bodies as text. The page size is the caller's to add
 * (`odata.maxpagesize=N`).
 */
export const CALENDAR_PREFER: readonly string[] = [
  'outlook.timezone="UTC"',
  'outlook.body-content-type="text"',
];

/** First address of a round over the primary calendar. The window is frozen in the links that follow; no OData options work here. */
export function calendarDeltaUrl(mailbox: string, window: CalendarWindow): string {
  return `/users/${segment(mailbox)}/calendarView/delta?${windowQuery(window)}`;
}

export interface EventQuery {
  readonly mailbox: string;
  readonly id: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One event, for instance the series master of a bare occurrence.
 * @throws {GraphError} for which `isNotFound` holds when there is none, {GraphProtocolError} when it cannot be read
 */
export async function getEvent(graph: Graph, { mailbox, id, signal }: EventQuery): Promise<GraphEvent> {
  const path = `/users/${segment(mailbox)}/events/${segment(id)}`;
  const event = GraphEvent.safeParse(await graph.request(path, { mailbox, prefer: CALENDAR_PREFER, signal }));
  if (!event.success) throw new GraphProtocolError(`an event cannot be read: ${shapeProblem(event.error)}`);
  return event.data;
}

export interface InstancesQuery {
  readonly mailbox: string;
  readonly masterId: string;
  readonly window: CalendarWindow;
  readonly signal?: AbortSignal | undefined;
}

// Graph's default is 10 and its maximum 1,000; a year of daily meetings comes in four pages.
const INSTANCES_PER_PAGE = 100;

/** Every occurrence and exception of a series inside the window, raw, for `parseDeltaItem`. @throws as {@link getEvent} */
export function listInstances(graph: Graph, query: InstancesQuery): Promise<readonly unknown[]> {
  const { mailbox, masterId, window, signal } = query;
  const path = `/users/${segment(mailbox)}/events/${segment(masterId)}/instances?${windowQuery(window)}`;
  const prefer = [...CALENDAR_PREFER, `odata.maxpagesize=${INSTANCES_PER_PAGE}`];
  return listItems(graph, path, { mailbox, prefer, signal });
}

function windowQuery({ start, end }: CalendarWindow): string {
  return `startDateTime=${encodeURIComponent(start)}&endDateTime=${encodeURIComponent(end)}`;
}
