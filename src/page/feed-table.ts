import { h } from './dom.ts';
import type { FeedLine, SyncStatus } from './wire.ts';
import { ago, dateTime } from './words.ts';

/** Every mailbox with its feeds: how far behind each is, and how it hears of changes. */

export function feedTable({ feeds, subscriptions, now }: SyncStatus): HTMLElement {
  const told = (feed: FeedLine): string => {
    const found = subscriptions.find(({ mailbox, kind }) => mailbox === feed.mailbox && kind === feed.kind);
    if (found === undefined) return 'polled';
    if (found.state === 'polling') return `polled: ${found.reason ?? 'no notifications'}`;
    return found.expires_at === null ? 'notified' : `notified, renewed before ${dateTime(found.expires_at)}`;
  };
  const heads = ['Mailbox', 'Feed', 'State', 'Last read', 'Hears of changes'];
  return h(
    'section',
    { class: 'card wide', 'aria-labelledby': 'feeds-title' },
    h('h2', { id: 'feeds-title' }, 'Feeds'),
    feeds.length === 0
      ? h('p', { class: 'hint' }, 'None yet: mailboxes are being looked up.')
      : h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Feeds' },
          h(
            'table',
            { class: 'lines feeds' },
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                heads.map((words) => h('th', { scope: 'col' }, words)),
              ),
            ),
            h(
              'tbody',
              {},
              byMailbox(feeds).flatMap((group) => group.map((feed, at) => line(feed, at, told(feed)))),
            ),
          ),
        ),
  );

  function line(feed: FeedLine, at: number, hears: string): HTMLElement {
    const { last_error, complete, last_success_at } = feed;
    const state = last_error !== null ? 'bad' : complete ? 'good' : 'busy';
    const words = { bad: last_error, good: 'In step', busy: 'First round is running' }[state];
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, at === 0 ? feed.mailbox : h('span', { class: 'unseen' }, feed.mailbox)),
      h('td', {}, feed.name),
      h('td', {}, h('span', { class: 'state', 'data-state': state }, words)),
      h('td', {}, ago(last_success_at, Date.parse(now))),
      h('td', {}, hears),
    );
  }
}

function byMailbox(feeds: readonly FeedLine[]): FeedLine[][] {
  const groups = new Map<string, FeedLine[]>();
  for (const feed of feeds) groups.set(feed.mailbox, [...(groups.get(feed.mailbox) ?? []), feed]);
  return [...groups.values()];
}
