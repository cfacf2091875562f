import type { App, View } from './app.ts';
import { fill, h } from './dom.ts';
import { kindIcon, openAddress } from './meeting-list.ts';
import { go, href, type Route } from './router.ts';
import { chip, emptyState, errorState, Latest, loading } from './shared.ts';
import type { Found, Hit, Kind } from './wire.ts';
import { dateTime, KIND_WORDS, percent, plural } from './words.ts';

/** Search by meaning and words: what the assistant ChaSen is given for a question. */

const MOST = 20;
const TRY = ['who is unhappy about slow reports', 'renewal and pricing', 'training for new staff'];

export function openSearch(app: App, host: HTMLElement): View {
  const latest = new Latest();
  const results = h('div', { class: 'hits' });
  const field = h('input', {
    ...{ type: 'search', id: 'question', name: 'q', maxlength: 2000, autocomplete: 'off' },
    ...{ placeholder: 'Ask in your own words', 'aria-label': 'Question' },
  });
  const kind = h(
    'select',
    { id: 'search-kind', 'aria-label': 'Kind', on: { change: () => ask() } },
    h('option', { value: '' }, 'Every kind'),
    Object.entries(KIND_WORDS).map(([value, words]) => h('option', { value }, words)),
  );
  const ask = () => {
    const params = new URLSearchParams({ q: field.value.trim(), kind: kind.value });
    for (const [name, value] of [...params]) if (value === '') params.delete(name);
    go(href('search', params));
  };
  const submit = (event: Event) => {
    event.preventDefault();
    ask();
  };
  fill(
    host,
    h('div', { class: 'page-head' }, h('h1', {}, 'Search')),
    h(
      'form',
      { class: 'question', role: 'search', on: { submit } },
      field,
      kind,
      h('button', { type: 'submit', class: 'button primary' }, 'Search'),
    ),
    results,
  );
  field.focus();
  const load = async (params: URLSearchParams) => {
    const query = params.get('q') ?? '';
    if (query === '') return fill(results, suggestions());
    fill(results, loading());
    try {
      const kinds = params.get('kind') === null ? {} : { kinds: [params.get('kind')] };
      const body = { query, limit: MOST, ...kinds };
      const found = await latest.run((signal) => app.api.post<Found>('search', body, signal));
      if (found === null) return;
      fill(results, draw(found, params));
      app.announce(plural(found.results.length, 'result'));
    } catch (error) {
      fill(
        results,
        errorState(error, () => void load(params)),
      );
    }
  };
  return {
    title: 'Search',
    async show({ params }: Route) {
      field.value = params.get('q') ?? '';
      kind.value = params.get('kind') ?? '';
      await load(params);
    },
    close: () => latest.stop(),
  };
}

function suggestions(): HTMLElement {
  return emptyState(
    'Search by meaning and by words',
    h('p', {}, 'Meetings, mail and everything else that is stored, as the assistant is given them. Try:'),
    h(
      'ul',
      { class: 'tries' },
      TRY.map((q) => h('li', {}, h('a', { href: href('search', { q }) }, q))),
    ),
  );
}

function draw({ results, by }: Found, params: URLSearchParams): HTMLElement[] {
  if (results.length === 0)
    return [emptyState('Nothing found', h('p', {}, 'Try other words, or every kind.'))];
  const words = by === 'words' ? ', by words alone: there is no vector to compare yet' : '';
  return [
    h('p', { class: 'hint' }, `${plural(results.length, 'result')}, best first${words}`),
    h(
      'ol',
      { class: 'rows found' },
      results.map((hit) => line(hit, params)),
    ),
  ];
}

function line(hit: Hit, params: URLSearchParams): HTMLElement {
  const { touchpoint, kind, title, snippet, client, occurred_at, similarity, tags } = hit;
  const about = [
    KIND_WORDS[kind as Kind] ?? kind,
    client,
    occurred_at === null ? null : dateTime(occurred_at),
    similarity === null ? 'by words' : `${percent(Math.max(0, similarity))} alike`,
  ];
  const shown = tags.filter(({ task }) => task !== 'topic');
  return h(
    'li',
    { class: 'row', 'data-id': touchpoint },
    h(
      'div',
      { class: 'row-body' },
      h(
        'p',
        { class: 'row-title' },
        kindIcon(kind),
        h(
          'a',
          { id: `open-${touchpoint}`, href: openAddress(touchpoint, params, 'search') },
          title || '(no subject)',
        ),
      ),
      h('p', { class: 'row-about' }, about.filter((words) => words !== null).join(' · ')),
      h('p', { class: 'row-snippet' }, snippet),
    ),
    h(
      'div',
      { class: 'row-tags' },
      shown.map(({ label }) => chip(label)),
      tags.filter(({ task }) => task === 'topic').map(({ label }) => h('span', { class: 'topic' }, label)),
    ),
  );
}
