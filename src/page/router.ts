/** Addresses behind the `#`: bookmarkable, and the back button works. */

export interface Route {
  /** `briefing`, `clients`, `client`, `search` or `health`. */
  readonly view: string;
  readonly params: URLSearchParams;
}

export function currentRoute(): Route {
  const [, view = '', query = ''] = /^#?\/?([a-z]*)\??(.*)$/.exec(location.hash) ?? [];
  return { view: view === '' ? 'briefing' : view, params: new URLSearchParams(query) };
}

export function href(view: string, params: URLSearchParams | Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}

/** @param replace for what is being typed: one entry in the history, not one per letter */
export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  window.dispatchEvent(new PopStateEvent('popstate'));
}

export function onRoute(listener: () => void): void {
  window.addEventListener('popstate', listener);
  window.addEventListener('hashchange', listener);
}
