import type { App, View } from './app.ts';
import { fill, h } from './dom.ts';
import { feedTable } from './feed-table.ts';
import { isFirstSync, stored } from './pulse.ts';
import { ResyncPanel } from './resync.ts';
import { emptyState, errorState, loading } from './shared.ts';
import type { LastRun, MailboxLine, SyncStatus } from './wire.ts';
import { ago, count, dateTime, KIND_WORDS, labelWords, plural } from './words.ts';

/** Whether the sync is in step, and what to do where it is not. */

export function openHealth(app: App, host: HTMLElement): View {
  const [top, run, feeds] = [
    h('div', { class: 'cards wide' }, loading()),
    h('div'),
    h('div', { class: 'wide' }),
  ];
  const resync = new ResyncPanel(app);
  fill(
    host,
    h('div', { class: 'page-head' }, h('h1', {}, 'Sync health')),
    h('div', { class: 'cards' }, top, run, resync.element, feeds),
  );
  const draw = () => {
    const beat = app.pulse.last;
    if (beat.state === 'waiting') return;
    if (beat.state === 'down')
      return fill(
        top,
        errorState(new Error(beat.reason), () => app.pulse.beat()),
      );
    const { status } = beat;
    resync.mailboxes(status.mailboxes.map(({ mailbox }) => mailbox));
    fill(top, tiles(status), troubles(status));
    fill(run, lastRun(status));
    fill(feeds, feedTable(status));
  };
  app.pulse.addEventListener('beat', draw);
  return {
    title: 'Sync health',
    async show() {
      draw();
    },
    close() {
      app.pulse.removeEventListener('beat', draw);
      resync.close();
    },
  };
}

function tiles(status: SyncStatus): HTMLElement {
  const { untagged, embedded, feeds, stale_feeds, last_run, now, touchpoints, versions } = status;
  const kinds = Object.entries(touchpoints).map(
    ([kind, n]) =>
      `${count(n)} ${(kind in KIND_WORDS ? KIND_WORDS[kind as keyof typeof KIND_WORDS] : kind).toLowerCase()}`,
  );
  const inStep = feeds.filter(({ last_error, complete }) => last_error === null && complete).length;
  const building = versions.building;
  const list: readonly (readonly [string, string, string])[] = [
    [
      'Last pass',
      last_run === null ? 'Running' : ago(last_run.ended_at, Date.parse(now)),
      passWords(last_run),
    ],
    ['Feeds in step', `${count(inStep)} of ${count(feeds.length)}`, plural(stale_feeds, 'stale feed')],
    ['Stored', count(stored(status)), kinds.join(', ')],
    [
      'Waiting for tags',
      count(untagged),
      building === null
        ? `${count(embedded)} can be searched by meaning`
        : `${building.encoder} is being built: ${count(building.done)} of ${count(building.total)}`,
    ],
  ];
  return h(
    'dl',
    { class: 'tiles wide' },
    list.map(([name, value, more]) =>
      h('div', {}, h('dt', {}, name), h('dd', {}, value, h('small', {}, more))),
    ),
  );
}

function passWords(run: LastRun | null): string {
  return run === null ? 'the first one' : dateTime(run.ended_at);
}

const STATES: Readonly<Record<MailboxLine['state'], string>> = {
  active: 'Read',
  'no consent': 'The app has no consent to read it',
  blocked: 'Blocked: other mailboxes can be read, this one cannot',
  gone: 'No such mailbox: deleted, misspelt, or without a licence',
  'on-premise': 'Not in Exchange Online',
  left: 'No longer among the mailboxes that are listed',
};

/** What is not as it should be, in plain words. */
function troubles({ mailboxes, feeds, tag_failures, last_run }: SyncStatus): HTMLElement {
  const asked = (instant: string | null) => (instant === null ? '' : ` Asked again ${ago(instant)}.`);
  const standings = mailboxes.flatMap(({ mailbox, state, reason, retry_at, refusals, failures }) => [
    ...(state === 'active'
      ? []
      : [`${mailbox}: ${STATES[state]}.${reason === null ? '' : ` ${reason}`}${asked(retry_at)}`]),
    ...(state === 'active'
      ? refusals.map(
          (refusal) =>
            `${mailbox}, ${refusal.kind === 'email' ? 'mail' : 'calendar'}: ${STATES[refusal.state]}. ${refusal.reason}${asked(refusal.retry_at)}`,
        )
      : []),
    ...(failures > 2
      ? [`${mailbox}: no answer in ${plural(failures, 'pass', 'passes')} in a row.${asked(retry_at)}`]
      : []),
  ]);
  const errors = feeds.flatMap(({ mailbox, name, last_error, last_error_at }) =>
    last_error === null ? [] : [`${mailbox} ${name}: ${last_error} (${ago(last_error_at)})`],
  );
  const known = new Set(
    feeds.filter(({ last_error }) => last_error !== null).map(({ last_error }) => last_error),
  );
  const others = (last_run?.errors ?? [])
    .filter(({ reason }) => !known.has(reason))
    .map(({ feed, reason }) => `${feed}: ${reason}`);
  const tags = tag_failures === 0 ? [] : [`${plural(tag_failures, 'touchpoint')} could not be tagged.`];
  const all = [...standings, ...errors, ...others, ...tags];
  if (all.length === 0)
    return h('p', { class: 'notice wide', 'data-state': 'good' }, 'Nothing needs a person.');
  return h(
    'section',
    { class: 'card wide', 'aria-labelledby': 'troubles-title' },
    h('h2', { id: 'troubles-title' }, 'Needs a look'),
    h(
      'ul',
      { class: 'troubles' },
      all.map((words) => h('li', {}, words)),
    ),
  );
}

/** What was fetched, and that every item of it is accounted for. */
function lastRun(status: SyncStatus): HTMLElement {
  const run = status.last_run;
  const title = h('h2', { id: 'run-title' }, 'Last pass');
  if (run === null || isFirstSync(status))
    return h(
      'section',
      { class: 'card', 'aria-labelledby': 'run-title' },
      title,
      emptyState('The first one is running'),
    );
  const { fetched, written, unchanged, skipped, failed, reasons } = run;
  const sums = [
    ['fetched', fetched],
    ['written', written],
    ['unchanged', unchanged],
    ['skipped', skipped],
    ['failed', failed],
  ] as const;
  const adds = written + unchanged + skipped + failed === fetched;
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'run-title' },
    title,
    h('p', { class: 'hint' }, `${dateTime(run.started_at)}, took ${seconds(run)}`),
    h(
      'p',
      { class: 'sums' },
      sums.map(([name, n], at) => [
        at === 1 ? ' = ' : at > 1 ? ' + ' : '',
        h('span', { class: 'sum' }, h('strong', {}, count(n)), ` ${name}`),
      ]),
    ),
    h(
      'p',
      { class: adds ? 'hint' : 'notice' },
      adds ? 'Every item is accounted for.' : 'The counts do not add up.',
    ),
    h(
      'ul',
      { class: 'reasons' },
      Object.entries(reasons).map(([reason, n]) =>
        h('li', {}, h('span', {}, labelWords(reason)), h('span', { class: 'n' }, count(n))),
      ),
    ),
  );
}

function seconds({ started_at, ended_at }: LastRun): string {
  return plural(Math.max(1, Math.round((Date.parse(ended_at) - Date.parse(started_at)) / 1000)), 'second');
}
