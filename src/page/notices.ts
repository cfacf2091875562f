import { type Child, fill, h } from './dom.ts';
import { type Beat, isFirstSync, stored } from './pulse.ts';
import { href } from './router.ts';
import type { SyncStatus } from './wire.ts';
import { ago, count, plural } from './words.ts';

/** The state of the sync in the bar, and above the view what concerns all of it. */

export function syncLink(beat: Beat): HTMLElement {
  const [state, words] = inShort(beat);
  return h('a', { href: href('health'), class: 'sync-link', 'data-state': state }, words);
}

function inShort(beat: Beat): [state: string, words: string] {
  if (beat.state === 'waiting') return ['busy', 'Connecting'];
  if (beat.state === 'down') return ['bad', 'Not reachable'];
  const { status } = beat;
  if (isFirstSync(status)) return ['busy', 'First sync'];
  if (status.untagged > 0) return ['busy', `${count(status.untagged)} to tag`];
  const failing = status.feeds.filter(({ last_error }) => last_error !== null).length;
  if (failing > 0 || status.stale_feeds > 0) return ['bad', 'Needs a look'];
  return ['good', `In step, ${ago(status.last_run?.ended_at ?? null, Date.parse(status.now))}`];
}

export function drawNotices(host: Element, beat: Beat): void {
  const said = noticeOf(beat);
  // said once, not with every beat
  const text = said.map(({ textContent }) => textContent).join(' ');
  if (host.textContent !== text) fill(host, said);
}

function noticeOf(beat: Beat): HTMLElement[] {
  if (beat.state === 'waiting') return [];
  if (beat.state === 'down') return [notice('bad', `${beat.reason} What you see may be out of date.`)];
  const { status } = beat;
  if (isFirstSync(status)) return [notice('busy', `The first sync is running: ${firstWords(status)}`)];
  if (status.versions.paused) return [notice('busy', 'Tagging is paused: new touchpoints get no tags.')];
  if (status.untagged === 0) return [];
  return [notice('busy', `${plural(status.untagged, 'touchpoint')} being tagged. This page keeps up.`)];
}

function firstWords(status: SyncStatus): string {
  const found = stored(status);
  if (found === 0) return 'mailboxes are being looked up. This page fills by itself.';
  return `${plural(found, 'touchpoint')} so far. This page fills by itself.`;
}

function notice(state: string, ...words: readonly Child[]): HTMLElement {
  return h('p', { class: 'notice', 'data-state': state }, words);
}
