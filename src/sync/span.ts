import { ConfigError } from '../core/errors.ts';
import type { FeedRow } from '../store/feeds.ts';
import type { Window } from '../store/pages.ts';
import type { PageItem } from './page.ts';
import type { Round } from './round.ts';
import { type WindowSettings, windowAt } from './window.ts';

/** Rounds over a span of time that somebody asked for: beside the feed's own, whose cursor they leave alone. */

/**
 * The span asked for; an open end reaches as far as the calendar's window. Null when none was asked for.
 * @throws {ConfigError} when it ends before it begins
 */
export function spanOf(
  { from, to }: { readonly from?: string; readonly to?: string },
  now: number,
  calendar: WindowSettings,
): Window | null {
  if (from === undefined && to === undefined) return null;
  const window = windowAt(now, calendar);
  const [start, end] = [from ?? window.start, to ?? window.end].map((instant) =>
    new Date(instant).toISOString(),
  );
  if (start === undefined || end === undefined || start >= end) {
    throw new ConfigError('--from: wants an instant before --to');
  }
  return { start, end };
}

/** A calendar is read for that span alone; a mail folder cannot be, and is walked as a whole. */
export function asidePlan(feed: FeedRow, span: Window): Round {
  return {
    kind: 'full',
    link: null,
    window: feed.kind === 'meeting' ? span : null,
    begin: null,
    fresh: true,
  };
}

/** Mail from outside the span is seen and left as it is. */
export function insideSpan(item: PageItem, span: Window | null, kind: FeedRow['kind']): PageItem {
  if (span === null || kind === 'meeting' || item.outcome !== 'keep') return item;
  const { occurredAt } = item.touchpoint;
  if (occurredAt !== null && occurredAt >= span.start && occurredAt < span.end) return item;
  return { outcome: 'skip', graphId: item.graphId, reason: 'outside the span', erase: false };
}

/** What a page says is there. A series master is no meeting: a single one under its id has become a series. */
export function seenIds(items: readonly PageItem[]): string[] {
  return items.flatMap((item) =>
    item.graphId === null || (item.outcome === 'skip' && item.reason === 'series master')
      ? []
      : [item.graphId],
  );
}
