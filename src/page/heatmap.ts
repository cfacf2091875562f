import { h } from './dom.ts';
import { monthOfTopic } from './filters.ts';
import { href } from './router.ts';
import type { Heatmap } from './wire.ts';
import { count, labelWords, monthOf, plural } from './words.ts';

/** Topics by month: a number in every cell, its colour a help; a cell leads to what it counts. */

const STEPS = 5;

export function heatmapTable({ periods, topics }: Heatmap, client: string): HTMLElement {
  const most = Math.max(1, ...topics.flatMap(({ cells }) => cells.map(({ n }) => n)));
  const step = (n: number) => (n === 0 ? 0 : Math.max(1, Math.ceil((n / most) * STEPS)));
  const cell = (topic: string, { start, n, previous }: Heatmap['topics'][number]['cells'][number]) => {
    const change = n - previous;
    const words = `${plural(n, 'touchpoint')} about ${topic}, ${monthOf(start)}${change === 0 ? '' : `, ${signed(change)} on the month before`}`;
    const to = href('briefing', monthOfTopic(start, topic, client));
    return h(
      'td',
      { class: 'cell', 'data-step': step(n) },
      n === 0
        ? h('span', { class: 'nought' }, '0')
        : h('a', { href: to, title: words, 'aria-label': words }, count(n)),
    );
  };
  return h(
    'section',
    { class: 'card wide', 'aria-labelledby': 'heatmap-title' },
    h('h2', { id: 'heatmap-title' }, 'Topics by month'),
    topics.length === 0
      ? h('p', { class: 'hint' }, 'No topics in the last six months')
      : h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Topics by month' },
          h(
            'table',
            { class: 'heatmap' },
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                h('th', { scope: 'col' }, 'Topic'),
                periods.map(({ start, complete }) =>
                  h('th', { scope: 'col' }, monthOf(start), !complete && h('small', {}, ' so far')),
                ),
                h('th', { scope: 'col' }, 'All'),
              ),
            ),
            h(
              'tbody',
              {},
              topics.map(({ topic, n, cells }) =>
                h(
                  'tr',
                  {},
                  h('th', { scope: 'row' }, labelWords(topic)),
                  cells.map((one) => cell(topic, one)),
                  h('td', { class: 'num' }, count(n)),
                ),
              ),
            ),
          ),
        ),
  );
}

function signed(change: number): string {
  return change > 0 ? `${count(change)} more` : `${count(-change)} fewer`;
}
