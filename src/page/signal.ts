import { h } from './dom.ts';
import { href } from './router.ts';
import { bar } from './shared.ts';
import type { Signal } from './wire.ts';
import { ago, labelWords, plural } from './words.ts';

/** What points to trouble, 0 to 100, and what it is made of. */

export function signalCard(signal: Signal): HTMLElement {
  const { sentiment, escalations, risks } = signal;
  const value = signal.signal;
  const level = value === null ? 'none' : value >= 60 ? 'high' : value >= 30 ? 'middle' : 'low';
  return h(
    'section',
    { class: 'card signal', 'aria-labelledby': 'signal-title', 'data-level': level },
    h('h2', { id: 'signal-title' }, 'What points to trouble'),
    h(
      'p',
      { class: 'signal-value' },
      value === null
        ? h('span', { class: 'hint' }, 'Too little to say')
        : [h('strong', {}, value), ' of 100'],
    ),
    part('Sentiment', sentiment, `${sentiment.negative} of ${sentiment.n} negative`),
    part('Escalations', escalations, plural(escalations.n, 'open escalation')),
    part('Risks', risks, riskWords(risks)),
    escalations.open.length > 0 && [
      h('h3', {}, 'Open escalations'),
      h(
        'ul',
        { class: 'open' },
        escalations.open
          .slice(0, 5)
          .map(({ id, title, occurred_at }) =>
            h(
              'li',
              {},
              h(
                'a',
                { href: href('client', { id: signal.client.id, open: id }), id: `signal-open-${id}` },
                title || '(no subject)',
              ),
              h('small', {}, ` ${occurred_at === null ? '' : ago(occurred_at)}`),
            ),
          ),
      ),
    ],
    h(
      'p',
      { class: 'hint' },
      `${plural(signal.touchpoints, 'touchpoint')} of ${Math.round((Date.parse(signal.window.until) - Date.parse(signal.window.since)) / 86_400_000)} days; what is older counts less, half after ${signal.window.half_life_days} days.`,
    ),
  );
}

function part(
  words: string,
  { value, weight }: Pick<Signal['risks'], 'value' | 'weight'>,
  about: string,
): HTMLElement {
  return h(
    'div',
    { class: 'part' },
    h('span', { class: 'part-name' }, words, h('small', {}, ` weighs ${weight}`)),
    value === null ? h('span', { class: 'hint' }, 'too little to say') : bar(value, words),
    h('small', { class: 'part-about' }, about),
  );
}

function riskWords({ n, by_category }: Signal['risks']): string {
  const named = Object.entries(by_category).map(([category, many]) => `${labelWords(category)} ${many}`);
  return [`${plural(n, 'risk')} on record`, ...named].join(' · ');
}
