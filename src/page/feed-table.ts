import { h } from './dom.ts';
import type { FeedLine, SyncStatus } from './wire.ts';
import { ago, dateTime } from './words.ts';

/** Every mailbox with its feeds: how far behind each is, and how it hears of changes. */

export function feedTable({ feeds, subscriptions, now }: SyncStatus): HTMLElement {
  const heads = ['Mailbox', 'Calendar read', 'Mail read', 'Hears of changes'];
  const at = Date.parse(now);
  const row = (mailbox: string) => {
    const own = feeds.filter((feed) => feed.mailbox === mailbox);
    const told = subscriptions.filter((subscription) => subscription.mailbox === mailbox);
    return h(
      'tr',
      { 'data-mailbox': mailbox },
      h('th', { scope: 'row' }, mailbox),
      (['meeting', 'email'] as const).map((kind) => {
        const found = own.filter((feed) => feed.kind === kind);
        return h(
          'td',
          {},
          h(
            'ul',
            {},
            found.map((feed) => h('li', {}, feedState(feed, at))),
          ),
        );
      }),
      h(
        'td',
        {},
        told.length === 0
          ? 'Polled'
          : h(
              'ul',
              {},
              told.map((one) => h('li', {}, toldWords(one))),
            ),
      ),
    );
  };
  const mailboxes = [...new Set(feeds.map(({ mailbox }) => mailbox))];
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'feeds-title' },
    h('h2', { id: 'feeds-title' }, 'Mailboxes and their feeds'),
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
            h('tbody', {}, mailboxes.map(row)),
          ),
        ),
  );
}

function feedState(
  { kind, name, last_error, complete, last_success_at }: FeedLine,
  now: number,
): HTMLElement {
  const state = last_error !== null ? 'bad' : complete ? 'good' : 'busy';
  const words = {
    bad: `failing: ${last_error}`,
    good: ago(last_success_at, now),
    busy: 'first round is running',
  }[state];
  return h(
    'span',
    { class: 'state', 'data-state': state },
    kind === 'email' ? `${FOLDERS[name] ?? name} ${words}` : words,
  );
}

const FOLDERS: Readonly<Record<string, string>> = { sentitems: 'sent' };
const CHANGES: Readonly<Record<string, string>> = { meeting: 'calendar', email: 'mail' };

function toldWords({ kind, state, reason, expires_at }: SyncStatus['subscriptions'][number]): string {
  const what = CHANGES[kind] ?? kind;
  if (state === 'polling') return `${what} polled: ${reason ?? 'no notifications'}`;
  return `${what} notified${expires_at === null ? '' : `, until ${dateTime(expires_at)} and then renewed`}`;
}
