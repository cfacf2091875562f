import { svg } from './dom.ts';

/** Drawn by hand; all of them say nothing to screen readers, the words beside them do. */

const SHAPES = {
  up: 'M7 11v9H4v-9zm3 9h7a2 2 0 0 0 2-1.6l1.2-6A2 2 0 0 0 18.2 10H14l.6-4.4A1.6 1.6 0 0 0 13 4l-3 6.5z',
  down: 'M7 13V4H4v9zm3-9h7a2 2 0 0 1 2 1.6l1.2 6a2 2 0 0 1-2 2.4H14l.6 4.4A1.6 1.6 0 0 1 13 20l-3-6.5z',
  repeat: 'M5 11a7 7 0 0 1 12-4l2 2M19 4v5h-5M19 13a7 7 0 0 1-12 4l-2-2M5 20v-5h5',
  close: 'M6 6l12 12M18 6 6 18',
  mail: 'M4 6h16v12H4zM4 7l8 6 8-6',
  meeting: 'M5 6h14v14H5zM5 10h14M9 3v5M15 3v5',
  note: 'M6 4h9l4 4v12H6zM9 11h6M9 15h6',
  theme: 'M12 4a8 8 0 1 0 8 8 6 6 0 0 1-8-8z',
  arrow: 'M5 12h14M13 6l6 6-6 6',
} as const;

export type Icon = keyof typeof SHAPES;

export function icon(name: Icon): SVGSVGElement {
  return svg(
    'svg',
    { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { d: SHAPES[name] }),
  );
}
