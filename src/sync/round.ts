import type { FeedRow } from '../store/feeds.ts';
import type { PageCommit, Window } from '../store/pages.ts';
import { mustRoll, scopeHash, type WindowSettings, windowAt } from './window.ts';

/** Where a feed's next walk starts: on with the one in progress, from the last cursor, or all anew. */

export interface RoundSettings {
  /** Origin of the Graph that is read: another's cursors are worthless. */
  readonly origin: string;
  readonly calendar: WindowSettings;
  readonly mail: { readonly past_days: number };
  /** Names the rules of what is left out: when they change, what is stored must be looked at anew. */
  readonly screening?: string;
}

export interface Round {
  readonly kind: 'full' | 'delta';
  /** The link to walk from; null starts at the feed's own URL. */
  readonly link: string | null;
  /** Calendars only: the window that the cursor is frozen to. */
  readonly window: Window | null;
  /** What the first page's commit records; null goes on with a walk that was recorded before. */
  readonly begin: PageCommit['begin'];
  /** Started from nothing: a cursor lost in it is not cured by starting again. */
  readonly fresh: boolean;
}

// Changes when what we ask of Graph changes, so that cursors of an older version are not reused.
const QUERY_VERSION = 1;

/** Decides the next round. `now` in milliseconds. */
export function planRound(feed: FeedRow, now: number, settings: RoundSettings): Round {
  const scope = scopeOf(feed, settings);
  const roundWindow = windowOf(feed.round_window_start, feed.round_window_end);
  const window = windowOf(feed.window_start, feed.window_end);
  const isCalendar = feed.kind === 'meeting';
  const current = (known: Window | null) =>
    !isCalendar || (known !== null && !mustRoll(known, now, settings.calendar));

  if (
    feed.next_link !== null &&
    feed.round === 'full' &&
    feed.round_scope === scope &&
    current(roundWindow)
  ) {
    return { kind: 'full', link: feed.next_link, window: roundWindow, begin: null, fresh: false };
  }
  if (feed.scope === scope && current(window)) {
    if (feed.next_link !== null && feed.round === 'delta') {
      return { kind: 'delta', link: feed.next_link, window, begin: null, fresh: false };
    }
    if (feed.delta_link !== null) {
      return {
        kind: 'delta',
        link: feed.delta_link,
        window,
        begin: { round: 'delta', scope, window },
        fresh: false,
      };
    }
  }
  const fresh = isCalendar ? windowAt(now, settings.calendar) : null;
  return {
    kind: 'full',
    link: null,
    window: fresh,
    begin: { round: 'full', scope, window: fresh },
    fresh: true,
  };
}

/** What a cursor was asked for; a change of any part starts a new round. */
function scopeOf(feed: FeedRow, { origin, calendar, mail, screening = '' }: RoundSettings): string {
  const common = [QUERY_VERSION, origin, feed.kind, feed.target, screening];
  if (feed.kind === 'email') return scopeHash([...common, mail.past_days]);
  return scopeHash([...common, calendar.past_days, calendar.future_days]);
}

function windowOf(start: string | null, end: string | null): Window | null {
  if (start === null || end === null) return null;
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}
