import type { App, View } from './app.ts';
import { fill, h } from './dom.ts';
import { heatmapTable } from './heatmap.ts';
import { meetingList } from './meeting-list.ts';
import { href, type Route } from './router.ts';
import { errorState, Latest, loading } from './shared.ts';
import { signalCard } from './signal.ts';
import { trendCard } from './trend.ts';
import type { Heatmap, Meetings, Signal, Trend } from './wire.ts';
import { midnight, today, ZONE } from './words.ts';

/** A client's profile: what is talked about, in which mood, and what points to trouble. */

const MONTHS = 6;
const LATEST = 8;

export function openClient(app: App, host: HTMLElement): View {
  const latest = new Latest();
  let id = '';
  const load = async () => {
    if (host.childElementCount === 0) fill(host, loading());
    try {
      const found = await latest.run((signal) => ask(app, id, signal));
      if (found === null) return;
      document.title = `${found.signal.client.name} · Touchpoint`;
      fill(host, draw(id, found));
    } catch (error) {
      fill(
        host,
        errorState(error, () => void load()),
      );
    }
  };
  return {
    title: 'Client',
    show(route: Route) {
      id = route.params.get('id') ?? '';
      return load();
    },
    refresh: load,
    close: () => latest.stop(),
  };
}

interface Profile {
  readonly signal: Signal;
  readonly heatmap: Heatmap;
  readonly trend: Trend;
  readonly latest: Meetings;
}

async function ask({ api }: App, client: string, signal: AbortSignal): Promise<Profile> {
  const span = { client, period: 'month', zone: ZONE, ...months() };
  const recent = {
    ...{ clients: client, kinds: ['meeting', 'email', 'action', 'nps', 'topic', 'risk'] },
    ...{ until: new Date().toISOString(), limit: String(LATEST), zone: ZONE },
  };
  const [found, heatmap, trend, latest] = await Promise.all([
    api.get<Signal>('signal', { client }, signal),
    api.get<Heatmap>('heatmap', span, signal),
    api.get<Trend>('trend', span, signal),
    api.get<Meetings>('meetings', recent, signal),
  ]);
  return { signal: found, heatmap, trend, latest };
}

/** This month and those before it, whole, in the viewer's zone. */
function months(): { readonly since: string; readonly until: string } {
  const now = new Date();
  const first = new Date(now.getFullYear(), now.getMonth() - MONTHS + 1, 1);
  return { since: first.toISOString(), until: midnight(today(), 1) ?? now.toISOString() };
}

function draw(id: string, { signal, heatmap, trend, latest }: Profile): HTMLElement[] {
  const { name } = signal.client;
  const all = href('briefing', { kinds: 'all', clients: id });
  return [
    h(
      'div',
      { class: 'page-head' },
      h('p', { class: 'crumb' }, h('a', { href: href('clients') }, 'Clients')),
      h('h1', {}, name),
      h('a', { class: 'button', href: all }, 'All touchpoints'),
    ),
    h(
      'div',
      { class: 'cards' },
      signalCard(signal),
      trendCard(trend),
      heatmapTable(heatmap, id),
      h(
        'section',
        { class: 'card wide', 'aria-label': 'Latest touchpoints' },
        h('h2', {}, 'Latest touchpoints'),
        latest.rows.length === 0
          ? h('p', { class: 'hint' }, 'None yet')
          : meetingList(latest.rows, new URLSearchParams({ id }), 'client'),
      ),
    ),
  ];
}
