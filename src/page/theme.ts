import { fill, h } from './dom.ts';
import { icon } from './icons.ts';

/** Light, dark, or as the system has it. */

const NAME = 'touchpoint-theme';
const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

function saved(): Theme {
  const found = localStorage.getItem(NAME);
  return THEMES.find((theme) => theme === found) ?? 'system';
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function themeButton(): HTMLElement {
  const button = h('button', { type: 'button', class: 'theme', id: 'theme', on: { click: () => next() } });
  const draw = (theme: Theme) => {
    apply(theme);
    fill(button, icon('theme'), h('span', { class: 'theme-name' }, `Theme: ${theme}`));
  };
  const next = () => {
    const theme = THEMES[(THEMES.indexOf(saved()) + 1) % THEMES.length] ?? 'system';
    localStorage.setItem(NAME, theme);
    draw(theme);
  };
  draw(saved());
  return button;
}
