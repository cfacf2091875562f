import { z } from 'zod';
import { storable } from '../core/text.ts';
import { GraphEvent, GraphMessage, shapeProblem } from './schemas.ts';

/** What one raw item of a delta page is. Every item is parsed alone: a bad one fails alone. */

export type DeltaItem =
  | {
      readonly type: 'removed';
      /** May name a series master: its occurrences are gone too. May be unknown: events outside the window come so. */
      readonly graphId: string;
      /** `deleted`, or `changed` where the item only left the feed. */
      readonly reason: string;
    }
  | { readonly type: 'event'; readonly graphId: string; readonly event: GraphEvent }
  | { readonly type: 'message'; readonly graphId: string; readonly message: GraphMessage }
  | { readonly type: 'malformed'; readonly graphId: string | null; readonly reason: string };

const Head = z.object({
  id: z.string().min(1),
  '@removed': z.object({ reason: z.string().nullish().catch(null) }).nullish(),
});

/** @param kind what the feed holds: Graph does not always name the type of an item */
export function parseDeltaItem(kind: 'event' | 'message', raw: unknown): DeltaItem {
  const head = Head.safeParse(raw);
  if (!head.success) return { type: 'malformed', graphId: null, reason: shapeProblem(head.error) };
  const { id: graphId, '@removed': removed } = head.data;
  if (storable(graphId) !== graphId) return { type: 'malformed', graphId: null, reason: 'id: not storable' };
  if (removed != null) return { type: 'removed', graphId, reason: storable(removed.reason ?? 'deleted') };
  if (kind === 'event') {
    const event = GraphEvent.safeParse(raw);
    if (event.success) return { type: 'event', graphId, event: event.data };
    return { type: 'malformed', graphId, reason: shapeProblem(event.error) };
  }
  const message = GraphMessage.safeParse(raw);
  if (message.success) return { type: 'message', graphId, message: message.data };
  return { type: 'malformed', graphId, reason: shapeProblem(message.error) };
}
