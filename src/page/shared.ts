import { ApiError, wasAborted } from './api.ts';
import { type Child, h, svg } from './dom.ts';
import { icon } from './icons.ts';
import type { Label } from './wire.ts';
import { labelWords, percent } from './words.ts';

/** Pieces that several views are made of. */

/** One label; its colour is a help and never the only sign. */
export function chip(label: string, { quiet = false }: { readonly quiet?: boolean } = {}): HTMLElement {
  return h('span', { class: quiet ? 'chip quiet' : 'chip', 'data-label': label }, labelWords(label));
}

export function uncertainMark(): HTMLElement {
  return h('span', { class: 'mark unsure', title: 'Touchpoint is not sure: a person should look' }, 'Unsure');
}

export function recurringMark(): HTMLElement {
  return h('span', { class: 'mark' }, icon('repeat'), 'Recurring');
}

export function originWords({ origin, score }: Label): string {
  if (origin === 'person') return 'set by a person';
  return `${percent(score)}${origin === 'fallback' ? ', by the fallback' : ''}`;
}

/** How much of the whole, 0..1. */
export function bar(share: number, words: string): SVGSVGElement {
  const hundred = Math.round(share * 100);
  return svg(
    'svg',
    {
      ...{ class: 'share', viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-label': words },
      ...{ role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': hundred },
    },
    svg('rect', { width: hundred, height: 8 }),
  );
}

/** A region that says what it is: nothing here, or what went wrong and what may be done. */
export function emptyState(title: string, ...more: readonly Child[]): HTMLElement {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), more);
}

export function loading(): HTMLElement {
  return h('div', { class: 'loading', role: 'status' }, h('span', { class: 'unseen' }, 'Loading'));
}

export function errorState(error: unknown, again: () => void): HTMLElement {
  const status = error instanceof ApiError ? error.status : -1;
  const reason = error instanceof Error ? error.message : 'Something went wrong.';
  const title =
    { 0: 'Touchpoint cannot be reached', 403: 'This is not for this key', 503: 'Not available right now' }[
      status
    ] ?? 'That did not work';
  return h(
    'div',
    { class: 'empty failed', role: 'alert' },
    h('p', { class: 'empty-title' }, title),
    h('p', {}, reason),
    h('button', { type: 'button', class: 'button', on: { click: again } }, 'Try again'),
  );
}

/** Runs the newest of a view's questions and lets the earlier ones go. */
export class Latest {
  #current: AbortController | null = null;

  /** @returns null when it was overtaken */
  async run<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.stop();
    const mine = new AbortController();
    this.#current = mine;
    try {
      const answer = await ask(mine.signal);
      return mine.signal.aborted ? null : answer;
    } catch (error) {
      if (mine.signal.aborted || wasAborted(error)) return null;
      throw error;
    }
  }

  stop(): void {
    this.#current?.abort();
  }
}

/** Calls once nothing came for a while. */
export function settled(ms: number, call: () => void): () => void {
  let timer: number | undefined;
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(call, ms);
  };
}
