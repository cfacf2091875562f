import { h, svg } from './dom.ts';
import type { Trend } from './wire.ts';
import { count, monthOf, plural } from './words.ts';

/** Sentiment by month: bars for the eye, a table for everybody. */

const MOODS = ['negative', 'mixed', 'neutral', 'positive'] as const;
const WORDS = { negative: 'Negative', mixed: 'Mixed', neutral: 'Neutral', positive: 'Positive' } as const;
const SIZE = { width: 560, height: 170, foot: 22, gap: 18 } as const;

type Month = Trend['periods'][number];

export function trendCard({ periods }: Trend): HTMLElement {
  const said = periods.reduce((sum, { n }) => sum + n, 0);
  return h(
    'section',
    { class: 'card', 'aria-labelledby': 'trend-title' },
    h('h2', { id: 'trend-title' }, 'Sentiment by month'),
    said === 0
      ? h('p', { class: 'hint' }, 'Nothing with a sentiment in the last six months')
      : [
          h(
            'ul',
            { class: 'legend', 'aria-hidden': 'true' },
            MOODS.map((mood) => h('li', { 'data-mood': mood }, WORDS[mood])),
          ),
          chart(periods),
          h('details', { class: 'numbers' }, h('summary', {}, 'As a table'), table(periods)),
        ],
  );
}

function chart(periods: readonly Month[]): SVGSVGElement {
  const { width, height, foot, gap } = SIZE;
  const most = Math.max(...periods.map(({ n }) => n), 1);
  const wide = width / periods.length;
  const bars = periods.map((month, at) => {
    let top = height - foot;
    const parts = MOODS.map((mood) => {
      const tall = (month[mood] / most) * (height - foot - 16);
      top -= tall;
      return svg('rect', {
        'data-mood': mood,
        x: at * wide + gap / 2,
        y: top,
        width: wide - gap,
        height: tall,
      });
    });
    const middle = at * wide + wide / 2;
    return [
      parts,
      svg('text', { x: middle, y: top - 5, class: 'bar-n' }, month.n === 0 ? '' : count(month.n)),
      svg('text', { x: middle, y: height - 6 }, monthOf(month.start)),
    ];
  });
  const words = periods.map((month) => `${monthOf(month.start)}: ${moodWords(month)}`).join('; ');
  return svg(
    'svg',
    { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Sentiment. ${words}` },
    bars,
  );
}

function moodWords(month: Month): string {
  if (month.n === 0) return 'nothing';
  return MOODS.filter((mood) => month[mood] > 0)
    .map((mood) => `${month[mood]} ${mood}`)
    .join(', ');
}

function table(periods: readonly Month[]): HTMLElement {
  const heads = ['Month', ...MOODS.map((mood) => WORDS[mood]), 'All', 'Balance'];
  const balance = ({ mean }: Month) => (mean === null ? '–' : mean.toFixed(2));
  const lines = h(
    'table',
    { class: 'lines' },
    h('caption', { class: 'unseen' }, `Sentiment over ${plural(periods.length, 'month')}`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        heads.map((words) => h('th', { scope: 'col' }, words)),
      ),
    ),
    h(
      'tbody',
      {},
      periods.map((month) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, monthOf(month.start)),
          [...MOODS.map((mood) => count(month[mood])), count(month.n), balance(month)].map((words) =>
            h('td', { class: 'num' }, words),
          ),
        ),
      ),
    ),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Sentiment by month' },
    lines,
  );
}
