/** Elements by hand. Whatever comes from outside becomes a text node or an attribute, never markup. */

export type Child = Node | string | number | null | undefined | false | readonly Child[];
type Value = string | number | boolean | null | undefined;

export interface Attributes {
  readonly [name: string]: Value | Readonly<Record<string, (event: Event) => void>>;
  /** Listeners by the name of their event. */
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return put(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return put(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function put<T extends Element>(element: T, { on = {}, ...attributes }: Attributes, children: Child): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string' || typeof value === 'number')
      element.setAttribute(name, String(value));
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  add(element, children);
  return element;
}

function add(parent: Node, child: Child): void {
  if (Array.isArray(child)) for (const one of child) add(parent, one);
  else if (child instanceof Node) parent.appendChild(child);
  else if (child !== null && child !== undefined && child !== false && child !== '')
    parent.appendChild(document.createTextNode(String(child)));
}

/** Puts new children in place of the old; what had the focus keeps it, by its id. */
export function fill(host: Element, ...children: readonly Child[]): void {
  const focused = document.activeElement;
  const id = focused !== null && host.contains(focused) ? focused.id : '';
  const fragment = document.createDocumentFragment();
  add(fragment, children);
  host.replaceChildren(fragment);
  if (id !== '') document.getElementById(id)?.focus({ preventScroll: true });
}

/** An address that may stand in a link; null for what is none, `javascript:` and the like. */
export function safeLink(address: unknown): string | null {
  if (typeof address !== 'string' || !URL.canParse(address)) return null;
  return ['https:', 'http:'].includes(new URL(address).protocol) ? address : null;
}
