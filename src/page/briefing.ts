import type { App, View } from './app.ts';
import { type Child, fill, h } from './dom.ts';
import { FilterPanel } from './filter-panel.ts';
import { changed, kindOf, questionOf, toggled, WHENS, whenOf } from './filters.ts';
import { meetingList } from './meeting-list.ts';
import { isFirstSync } from './pulse.ts';
import { href, type Route } from './router.ts';
import { emptyState, errorState, Latest, loading } from './shared.ts';
import type { Facets, Meetings } from './wire.ts';
import { dayOf, labelWords, plural } from './words.ts';

/** The Briefing Room: meetings and mail by time, filtered. */

export function openBriefing(app: App, host: HTMLElement): View {
  const panel = new FilterPanel();
  const head = h('div', { class: 'list-head' });
  const list = h('div', { class: 'list', id: 'list' });
  const latest = new Latest();
  let params = new URLSearchParams();
  fill(
    host,
    h('h1', { class: 'unseen' }, 'Briefing Room'),
    h('div', { class: 'columns' }, panel.element, h('section', { 'aria-label': 'Touchpoints' }, head, list)),
  );

  const load = async (quietly: boolean) => {
    if (!quietly) list.setAttribute('aria-busy', 'true');
    if (list.childElementCount === 0) fill(list, loading());
    try {
      const page = await latest.run((signal) =>
        app.api.get<Meetings>('meetings', questionOf(params), signal),
      );
      if (page === null) return;
      draw(page);
      if (!quietly) app.announce(`${plural(page.facets?.total ?? 0, 'result')}`);
    } catch (error) {
      fill(head);
      fill(
        list,
        errorState(error, () => void load(false)),
      );
    } finally {
      list.removeAttribute('aria-busy');
    }
  };
  const draw = (page: Meetings) => {
    const { facets } = page;
    if (facets !== undefined) panel.count(facets);
    fill(head, heading(params, facets));
    fill(
      list,
      page.rows.length === 0 ? nothing(app, params) : meetingList(page.rows, params),
      pager(page, params),
    );
  };
  return {
    title: 'Briefing Room',
    async show(route: Route) {
      params = new URLSearchParams(route.params);
      params.delete('open');
      panel.show(params);
      await load(false);
    },
    refresh: () => load(true),
    close: () => latest.stop(),
  };
}

function heading(params: URLSearchParams, facets: Facets | undefined): HTMLElement[] {
  const total = facets?.total ?? 0;
  const many = { meeting: 'meetings', email: 'mails', both: 'touchpoints', all: 'touchpoints' }[
    kindOf(params)
  ];
  const words = plural(total, many.slice(0, -1), many);
  const set = active(params, facets);
  return [
    h('h2', { class: 'total', id: 'total' }, words, h('small', {}, ` ${whenWords(params)}`)),
    h(
      'div',
      { class: 'active' },
      set,
      set.length > 1 && h('a', { class: 'clear', href: href('briefing') }, 'Clear all'),
    ),
  ];
}

function whenWords(params: URLSearchParams): string {
  const when = whenOf(params);
  if (when !== 'span') return WHENS[when].toLowerCase();
  const [from, to] = [params.get('from') ?? '', params.get('to') ?? ''].map((date) =>
    date === '' ? '' : dayOf(date),
  );
  return [from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ');
}

/** What filters now, each with the way to lift it. */
function active(params: URLSearchParams, facets: Facets | undefined): HTMLElement[] {
  const lift = (words: string, next: URLSearchParams) =>
    h(
      'a',
      { class: 'lift', href: href('briefing', next) },
      h('span', { class: 'unseen' }, 'Remove filter: '),
      words,
      h('span', { 'aria-hidden': 'true' }, ' ×'),
    );
  const client = (id: string) => facets?.client.find((one) => one.id === id)?.name ?? 'one client';
  const lists = (['meeting_types', 'status', 'clients', 'topics'] as const).flatMap((name) =>
    params
      .getAll(name)
      .map((value) =>
        lift(name === 'clients' ? client(value) : labelWords(value), toggled(params, name, value)),
      ),
  );
  const flags = Object.entries(FLAG_WORDS).flatMap(([name, words]) => {
    const value = params.get(name);
    if (value === null) return [];
    return lift(value === 'true' ? words[0] : words[1], changed(params, { [name]: null }));
  });
  const text = params.get('text');
  return [...(text === null ? [] : [lift(`“${text}”`, changed(params, { text: null }))]), ...lists, ...flags];
}

const FLAG_WORDS: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  internal: ['Internal', 'External'],
  recurring: ['Recurring', 'Single'],
  uncertain: ['Unsure', 'Sure'],
  cancelled: ['Cancelled', 'Not cancelled'],
};

function nothing({ pulse }: App, params: URLSearchParams): HTMLElement {
  const beat = pulse.last;
  if (beat.state === 'up' && isFirstSync(beat.status))
    return emptyState(
      'Nothing here yet',
      h('p', {}, 'The first sync is running. This list fills by itself.'),
    );
  const isFiltered = [...params.keys()].some((name) => !['kinds', 'when'].includes(name));
  if (!isFiltered) return emptyState('Nothing in this time');
  return emptyState(
    'Nothing matches these filters',
    h('p', {}, h('a', { href: href('briefing') }, 'Clear all filters')),
  );
}

function pager({ previous, next }: Meetings, params: URLSearchParams): Child {
  if (previous === null && next === null) return null;
  const [earlier, later] =
    whenOf(params) === 'upcoming' || whenOf(params) === 'week' ? ['Earlier', 'Later'] : ['Newer', 'Older'];
  const to = (name: string, key: string) => href('briefing', changed(params, { [name]: key }));
  return h(
    'nav',
    { class: 'pager', 'aria-label': 'Pages' },
    previous !== null && h('a', { class: 'button', href: to('before', previous) }, `← ${earlier}`),
    next !== null && h('a', { class: 'button next', href: to('after', next) }, `${later} →`),
  );
}
