import { Api } from './api.ts';
import type { App, OpenView, View } from './app.ts';
import { openBriefing } from './briefing.ts';
import { openClient } from './client.ts';
import { openClients } from './clients.ts';
import { fill, h } from './dom.ts';
import { Drawer } from './drawer.ts';
import { openHealth } from './health.ts';
import { askKey } from './key-dialog.ts';
import { drawNotices, syncLink } from './notices.ts';
import { Pulse, stored } from './pulse.ts';
import { currentRoute, go, href, onRoute, type Route } from './router.ts';
import { openSearch } from './search.ts';
import { themeButton } from './theme.ts';
import type { Task } from './wire.ts';

/** The page: one bar, one view at a time. */

const VIEWS: Readonly<Record<string, OpenView>> = {
  briefing: openBriefing,
  clients: openClients,
  client: openClient,
  search: openSearch,
  health: openHealth,
};
const TABS = [
  ['briefing', 'Briefing Room'],
  ['clients', 'Clients'],
  ['search', 'Search'],
  ['health', 'Sync health'],
] as const;

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

function makeApp(): App {
  const api = new Api(askKey);
  const announcer = element('announcer');
  let tasks: Promise<readonly Task[]> | null = null;
  return {
    api,
    pulse: new Pulse(api),
    taxonomy() {
      tasks ??= api.get<Task[]>('taxonomy').catch((error: unknown) => {
        tasks = null;
        throw error;
      });
      return tasks;
    },
    announce: (text) => fill(announcer, text),
  };
}

function markTab(view: string): void {
  const shown = view === 'client' ? 'clients' : view;
  for (const link of document.querySelectorAll('.tabs a')) {
    if (link.id === `tab-${shown}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function start(): void {
  const app = makeApp();
  const main = element('main');
  const sync = h('span', { class: 'sync' });
  fill(
    element('bar'),
    h('a', { class: 'brand', href: href('briefing') }, h('span', { class: 'brand-dot' }), 'Touchpoint'),
    h(
      'nav',
      { class: 'tabs', 'aria-label': 'Views' },
      TABS.map(([view, words]) => h('a', { id: `tab-${view}`, href: href(view) }, words)),
    ),
    sync,
    themeButton(),
  );
  const stage = new Stage(app, main);
  onRoute(() => void stage.show(currentRoute()));
  follow(app, sync, () => stage.refresh());
  void stage.show(currentRoute());
}

/** Where one view is at a time, and a touchpoint in the drawer before it. */
class Stage {
  readonly #app: App;
  readonly #host: HTMLElement;
  readonly #drawer: Drawer;
  #view: View | null = null;
  #name = '';
  #address = '';

  constructor(app: App, host: HTMLElement) {
    this.#app = app;
    this.#host = host;
    this.#drawer = new Drawer(app, { onClose: () => leave(), onChange: () => this.refresh() });
  }

  refresh(): void {
    void this.#view?.refresh?.();
  }

  async show({ view, params }: Route): Promise<void> {
    // the skip link points into this page, not to a view
    if (location.hash === '#main') return this.#host.focus();
    const open = params.get('open');
    params.delete('open');
    const address = href(view, params);
    if (this.#view === null || this.#name !== view) this.#change(view);
    const shown = address === this.#address ? null : this.#view?.show({ view, params });
    this.#address = address;
    await Promise.all([shown, this.#drawer.show(open)]);
  }

  #change(name: string): void {
    const moved = this.#view !== null;
    this.#view?.close?.();
    this.#host.replaceChildren();
    this.#name = name;
    this.#address = '';
    this.#view = (VIEWS[name] ?? openBriefing)(this.#app, this.#host);
    document.title = `${this.#view.title} · Touchpoint`;
    markTab(name);
    if (!moved) return;
    window.scrollTo(0, 0);
    if (!this.#host.contains(document.activeElement)) this.#host.focus({ preventScroll: true });
  }
}

/** The address without the touchpoint that was open. */
function leave(): void {
  const { view, params } = currentRoute();
  if (!params.has('open')) return;
  params.delete('open');
  go(href(view, params));
}

/** Draws how the sync stands, and tells the view when there is something new to see. */
function follow({ pulse }: App, sync: Element, onNews: () => void): void {
  let seen: string | null = null;
  pulse.addEventListener('beat', () => {
    const beat = pulse.last;
    fill(sync, syncLink(beat));
    drawNotices(element('notices'), beat);
    if (beat.state !== 'up') return;
    const { status } = beat;
    const now = [stored(status), status.untagged, status.last_run?.ended_at].join(' ');
    if (seen !== null && seen !== now) onNews();
    seen = now;
  });
  pulse.beat();
}

start();
