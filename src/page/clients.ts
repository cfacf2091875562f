import type { App, View } from './app.ts';
import { fill, h } from './dom.ts';
import { isFirstSync } from './pulse.ts';
import { href } from './router.ts';
import { emptyState, errorState, Latest, loading } from './shared.ts';
import type { ClientLine } from './wire.ts';
import { ago, count, dateTime, plural } from './words.ts';

/** Every client, with how much there is and when there was contact. */

export function openClients(app: App, host: HTMLElement): View {
  const latest = new Latest();
  const place = h('div', {}, loading());
  const wanted = h('input', {
    ...{ type: 'search', id: 'clients-find', placeholder: 'Find a client', 'aria-label': 'Find a client' },
    on: { input: () => draw() },
  });
  let clients: readonly ClientLine[] = [];
  fill(host, h('div', { class: 'page-head' }, h('h1', {}, 'Clients'), wanted), place);
  const draw = () => {
    const word = wanted.value.trim().toLowerCase();
    fill(place, table(app, clients, word));
  };
  const load = async () => {
    try {
      const found = await latest.run((signal) => app.api.get<ClientLine[]>('clients', {}, signal));
      if (found === null) return;
      clients = found;
      draw();
    } catch (error) {
      fill(
        place,
        errorState(error, () => void load()),
      );
    }
  };
  return { title: 'Clients', show: load, refresh: load, close: () => latest.stop() };
}

function table({ pulse }: App, clients: readonly ClientLine[], word: string): HTMLElement {
  const shown = clients.filter(({ name }) => name.toLowerCase().includes(word));
  if (clients.length === 0) {
    const first = pulse.last.state === 'up' && isFirstSync(pulse.last.status);
    return emptyState(
      'No clients yet',
      h('p', {}, first ? 'The first sync is running.' : 'Name them in touchpoint.yaml.'),
    );
  }
  if (shown.length === 0) return emptyState('No client of that name');
  const heads = ['Client', 'Touchpoints', 'Meetings', 'Mail', 'Last contact', 'Next meeting'];
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': plural(shown.length, 'client') },
    h(
      'table',
      { class: 'lines clients' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((words) => h('th', { scope: 'col' }, words)),
        ),
      ),
      h('tbody', {}, shown.map(line)),
    ),
  );
}

function line({ id, name, n, by_kind, last_contact, next_meeting }: ClientLine): HTMLElement {
  const time = (instant: string | null) =>
    instant === null ? '–' : h('time', { datetime: instant, title: dateTime(instant) }, ago(instant));
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('a', { href: href('client', { id }) }, name)),
    h('td', { class: 'num' }, count(n)),
    h('td', { class: 'num' }, count(by_kind['meeting'] ?? 0)),
    h('td', { class: 'num' }, count(by_kind['email'] ?? 0)),
    h('td', {}, time(last_contact)),
    h('td', {}, time(next_meeting)),
  );
}
