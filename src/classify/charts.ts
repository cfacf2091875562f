import type { Bin, Measures } from './metrics.ts';

/** Plots as SVG text: fixed size, no script, no font but the reader's own. */

const SIDE = 360;
const MARGIN = 60;
const INK = '#1f2937';
const FAINT = '#d1d5db';
const FILL = '#2563eb';

/** How often answers of each confidence are right; on the diagonal confidence and accuracy agree. */
export function reliabilityPlot(title: string, bins: readonly Bin[]): string {
  const x = (value: number) => round(MARGIN + value * SIDE);
  const y = (value: number) => round(MARGIN + (1 - value) * SIDE);
  const most = Math.max(1, ...bins.map(({ items }) => items));
  const points = bins
    .filter(({ items }) => items > 0)
    .map(({ items, confidence, accuracy }) => {
      const radius = round(3 + 9 * Math.sqrt(items / most));
      const note = `${items} items: confidence ${confidence.toFixed(2)}, accuracy ${accuracy.toFixed(2)}`;
      return `<circle cx="${x(confidence)}" cy="${y(accuracy)}" r="${radius}" fill="${FILL}" fill-opacity="0.75"><title>${note}</title></circle>`;
    });
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
    `<line x1="${x(value)}" y1="${y(0)}" x2="${x(value)}" y2="${y(1)}" stroke="${FAINT}"/>`,
    `<line x1="${x(0)}" y1="${y(value)}" x2="${x(1)}" y2="${y(value)}" stroke="${FAINT}"/>`,
    label(x(value), y(0) + 18, String(value), 'middle'),
    label(x(0) - 8, y(value) + 4, String(value), 'end'),
  ]);
  const diagonal = `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="${INK}" stroke-dasharray="4 4"/>`;
  const axes = [
    label(x(0.5), y(0) + 42, 'confidence', 'middle'),
    `<text x="18" y="${y(0.5)}" text-anchor="middle" transform="rotate(-90 18 ${y(0.5)})">accuracy</text>`,
  ];
  return svg(title, [...ticks, diagonal, ...axes, ...points], SIDE + 2 * MARGIN, SIDE + 2 * MARGIN);
}

/** Rows: what is right; columns: the answer; shaded by the share of the row. */
export function confusionMatrix(title: string, { labels, counts }: Measures['confusion']): string {
  const cell = 46;
  const [left, top] = [190, 190];
  const cells = counts.flatMap((row, at) => {
    const total = row.reduce((sum, count) => sum + count, 0) || 1;
    return row.flatMap((count, column) => {
      const [x, y] = [left + column * cell, top + at * cell];
      const shade = round(count / total);
      return [
        `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${FILL}" fill-opacity="${shade}" stroke="${FAINT}"/>`,
        ...(count === 0
          ? []
          : [label(x + cell / 2, y + cell / 2 + 5, String(count), 'middle', shade > 0.55 ? '#ffffff' : INK)]),
      ];
    });
  });
  const names = labels.flatMap((name, at) => {
    const middle = at * cell + cell / 2;
    const [x, y] = [left + middle, top - 10];
    return [
      label(left - 10, top + middle + 5, name, 'end'),
      `<text x="${x}" y="${y}" transform="rotate(-45 ${x} ${y})">${escaped(name)}</text>`,
    ];
  });
  const side = labels.length * cell;
  // room on the right for the last slanted name
  return svg(title, [...cells, ...names], left + side + 150, top + side + 30);
}

function svg(title: string, parts: readonly string[], width: number, height: number): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="28" font-size="16" font-weight="600">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function label(x: number, y: number, text: string, anchor: string, colour = INK): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
