import { describe, expect, it } from 'vitest';
import type { FeedRow } from '../../src/store/feeds.ts';
import { planRound } from '../../src/sync/round.ts';
import { mustRoll, windowAt } from '../../src/sync/window.ts';

const settings = {
  origin: 'https://graph.example',
  calendar: { past_days: 90, future_days: 180, roll_days: 7 },
  mail: { past_days: 365 },
};
const at = (iso: string) => Date.parse(iso);

const blank: FeedRow = {
  id: 1,
  mailbox: 'a@example.test',
  kind: 'meeting',
  target: 'calendar',
  name: 'calendar',
  delta_link: null,
  scope: null,
  window_start: null,
  window_end: null,
  next_link: null,
  round: null,
  round_scope: null,
  round_window_start: null,
  round_window_end: null,
  epoch: 0,
  cursor_version: 0,
  dirty_at: null,
  last_success_at: null,
  last_error: null,
};

/** The feed after a complete full round that began at `now`. */
function complete(feed: FeedRow, now: number): FeedRow {
  const { begin } = planRound(feed, now, settings);
  return {
    ...feed,
    delta_link: 'delta',
    scope: begin?.scope ?? null,
    window_start: begin?.window?.start ?? null,
    window_end: begin?.window?.end ?? null,
  };
}

describe('the calendar window', () => {
  it('covers whole UTC days around now', () => {
    expect(windowAt(at('2026-03-10T23:59:00Z'), settings.calendar)).toEqual({
      start: '2025-12-10T00:00:00.000Z',
      end: '2026-09-07T00:00:00.000Z',
    });
  });

  it.each(['2026-04-05T15:59:00Z', '2026-10-03T16:01:00Z', '2026-09-26T14:00:00Z', '2026-02-28T23:59:59Z'])(
    'is as long across daylight saving changes and month ends (%s)',
    (iso) => {
      const { start, end } = windowAt(at(iso), settings.calendar);
      expect((Date.parse(end) - Date.parse(start)) / 86_400_000).toBe(271);
    },
  );

  it('rolls after a week, and when the clock was set back', () => {
    const window = windowAt(at('2026-03-10T12:00:00Z'), settings.calendar);
    expect(mustRoll(window, at('2026-03-16T23:59:59Z'), settings.calendar)).toBe(false);
    expect(mustRoll(window, at('2026-03-17T00:00:00Z'), settings.calendar)).toBe(true);
    expect(mustRoll(window, at('2026-03-09T00:00:00Z'), settings.calendar)).toBe(true);
  });
});

describe('the next round of a feed', () => {
  const now = at('2026-03-10T12:00:00Z');

  it('is full and fresh when nothing is known', () => {
    expect(planRound(blank, now, settings)).toMatchObject({ kind: 'full', link: null, fresh: true });
  });

  it('goes on from the last cursor while scope and window hold', () => {
    const plan = planRound(complete(blank, now), now, settings);
    expect(plan).toMatchObject({ kind: 'delta', link: 'delta', begin: { round: 'delta' }, fresh: false });
  });

  it('goes on with a walk that was interrupted, full or delta', () => {
    const { begin } = planRound(blank, now, settings);
    const full: FeedRow = {
      ...blank,
      next_link: 'next',
      round: 'full',
      round_scope: begin?.scope ?? null,
      round_window_start: begin?.window?.start ?? null,
      round_window_end: begin?.window?.end ?? null,
    };
    expect(planRound(full, now, settings)).toMatchObject({ kind: 'full', link: 'next', begin: null });
    const delta: FeedRow = { ...complete(blank, now), next_link: 'next', round: 'delta' };
    expect(planRound(delta, now, settings)).toMatchObject({ kind: 'delta', link: 'next', begin: null });
  });

  it('starts anew when the window must roll, keeping the old cursor until then', () => {
    const feed = complete(blank, now);
    const plan = planRound(feed, at('2026-03-18T00:00:00Z'), settings);
    expect(plan).toMatchObject({ kind: 'full', link: null, window: { start: '2025-12-18T00:00:00.000Z' } });
  });

  it('never reuses a cursor whose scope changed', () => {
    const feed = complete(blank, now);
    const wider = { ...settings, calendar: { ...settings.calendar, future_days: 200 } };
    expect(planRound(feed, now, wider)).toMatchObject({ kind: 'full', link: null });
    expect(planRound(feed, now, { ...settings, origin: 'https://other.example' })).toMatchObject({
      kind: 'full',
      link: null,
    });
    const mail = complete({ ...blank, kind: 'email', target: 'inbox-id' }, now);
    expect(planRound(mail, now, settings)).toMatchObject({ kind: 'delta', window: null });
    expect(planRound(mail, now, { ...settings, mail: { past_days: 30 } })).toMatchObject({ kind: 'full' });
  });
});
