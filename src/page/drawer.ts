import { wasAborted } from './api.ts';
import type { App } from './app.ts';
import { type Child, fill, h, safeLink } from './dom.ts';
import { icon } from './icons.ts';
import { kindIcon } from './meeting-list.ts';
import { href } from './router.ts';
import { errorState, Latest, loading } from './shared.ts';
import { TagEditor } from './tag-editor.ts';
import type { Touchpoint } from './wire.ts';
import { dateTime, dayOf, KIND_WORDS, percent, plural, timeOf } from './words.ts';

/** One touchpoint with everything, beside the list. A modal dialog: the browser keeps the focus in it, Escape closes it. */

export interface DrawerEvents {
  readonly onClose: () => void;
  /** A person said something of its tags. */
  readonly onChange: () => void;
}

export class Drawer {
  readonly #app: App;
  readonly #events: DrawerEvents;
  readonly #body = h('div', { class: 'drawer-body' });
  readonly #dialog: HTMLDialogElement;
  readonly #latest = new Latest();
  #shown: string | null = null;

  constructor(app: App, events: DrawerEvents) {
    this.#app = app;
    this.#events = events;
    const close = () => this.#dialog.close();
    this.#dialog = h(
      'dialog',
      {
        class: 'drawer',
        'aria-labelledby': 'drawer-title',
        on: {
          close: () => this.#closed(),
          // the dialog itself is hit only beside what is in it
          click: (event) => event.target === this.#dialog && close(),
        },
      },
      h(
        'div',
        { class: 'drawer-top' },
        h(
          'button',
          { type: 'button', class: 'close', 'aria-label': 'Close', on: { click: close } },
          icon('close'),
        ),
      ),
      this.#body,
    );
    document.body.append(this.#dialog);
  }

  /** @param id null closes it */
  async show(id: string | null): Promise<void> {
    if (id === this.#shown) return;
    this.#shown = id;
    if (id === null) return this.#dialog.close();
    fill(this.#body, h('h2', { id: 'drawer-title' }, 'Touchpoint'), loading());
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#load(id);
  }

  async #load(id: string): Promise<void> {
    try {
      const [found, tasks] = await Promise.all([
        this.#latest.run((signal) =>
          this.#app.api.get<Touchpoint>(`touchpoints/${encodeURIComponent(id)}`, {}, signal),
        ),
        this.#app.taxonomy(),
      ]);
      if (found === null || this.#shown !== id) return;
      const text = new MarkedText(found.text);
      const editor = new TagEditor(this.#app, found, tasks, {
        onEvidence: (words) => text.mark(words),
        onSaved: async () => {
          this.#events.onChange();
          await this.#load(id);
        },
      });
      fill(this.#body, head(found), editor.element, text.element, facts(found));
    } catch (error) {
      if (wasAborted(error)) return;
      fill(
        this.#body,
        h('h2', { id: 'drawer-title' }, 'Touchpoint'),
        errorState(error, () => void this.#load(id)),
      );
    }
  }

  #closed(): void {
    this.#latest.stop();
    const wasShown = this.#shown !== null;
    const id = this.#shown;
    this.#shown = null;
    if (wasShown) this.#events.onClose();
    // the list may have been drawn anew since: the browser then knows no more where the focus was
    if (id !== null) document.getElementById(`open-${id}`)?.focus();
  }
}

/** The text, in which words can be marked. */
class MarkedText {
  readonly element: HTMLElement;
  readonly #text: string;
  readonly #place = h('div', { class: 'text' });

  constructor(text: string) {
    this.#text = text;
    this.element = h('section', { 'aria-label': 'Text' }, h('h3', {}, 'Text'), this.#place);
    this.mark([]);
  }

  mark(words: readonly string[]): void {
    fill(this.#place, this.#text === '' ? h('p', { class: 'hint' }, 'No text') : this.#marked(words));
  }

  #marked(words: readonly string[]): Child {
    const wanted = words.filter((word) => word.trim() !== '').map(escaped);
    if (wanted.length === 0) return this.#text;
    // what the pattern caught stands at the odd places
    return this.#text
      .split(new RegExp(`(?<![\\p{L}\\p{N}])(${wanted.join('|')})(?![\\p{L}\\p{N}])`, 'giu'))
      .map((part, at) => (at % 2 === 1 ? h('mark', {}, part) : part));
  }
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replace(/\s+/g, '\\s+');
}

function head(found: Touchpoint): HTMLElement {
  const { client, client_method, client_confidence } = found;
  const surely =
    client_confidence === null
      ? ''
      : ` matched by ${methodWords(client_method)}, ${percent(client_confidence)}`;
  const join = safeLink(found.details['joinUrl']);
  return h(
    'header',
    { class: 'drawer-head' },
    h('p', { class: 'kind' }, kindIcon(found.kind), KIND_WORDS[found.kind]),
    h('h2', { id: 'drawer-title' }, found.title || '(no subject)'),
    h('p', { class: 'when' }, whenWords(found)),
    client !== null &&
      h(
        'p',
        {},
        h('a', { class: 'client', href: href('client', { id: client.id }) }, client.name),
        h('small', {}, surely),
      ),
    join !== null &&
      h(
        'p',
        {},
        h('a', { class: 'button', href: join, rel: 'noopener noreferrer', target: '_blank' }, 'Join online'),
      ),
  );
}

function methodWords(method: string | null): string {
  return (method ?? 'name').replaceAll('+', ' and ');
}

function whenWords({ occurred_at, ends_at, all_day }: Touchpoint): string {
  if (occurred_at === null) return 'No date';
  if (all_day) return `${dayOf(occurred_at.slice(0, 10))}, all day`;
  return `${dateTime(occurred_at)}${ends_at === null ? '' : ` – ${timeOf(ends_at)}`}`;
}

const ROLES: Readonly<Record<string, string>> = {
  organizer: 'organiser',
  from: 'sender',
  to: 'to',
  cc: 'copied',
  bcc: 'blind copy',
  required: 'invited',
  optional: 'optional',
  resource: 'room',
};

function facts({ people, copies, details, tag_error }: Touchpoint): HTMLElement {
  const location = details['location'];
  const mailboxes = [...new Set(copies.map(({ mailbox }) => mailbox))];
  return h(
    'section',
    { class: 'facts', 'aria-label': 'About it' },
    tag_error !== null &&
      h('p', { class: 'notice', 'data-state': 'bad' }, `Could not be tagged: ${tag_error}`),
    typeof location === 'string' && location !== '' && [h('h3', {}, 'Place'), h('p', {}, location)],
    people.length > 0 && [
      h('h3', {}, plural(people.length, 'person', 'people')),
      h(
        'ul',
        { class: 'people' },
        people.map(({ name, address, role }) =>
          h(
            'li',
            {},
            h('span', {}, name || address),
            h('small', {}, ` ${name && address} ${ROLES[role] ?? role}`),
          ),
        ),
      ),
    ],
    copies.length > 0 && [
      h('h3', {}, copies.length === 1 ? 'One copy' : `${copies.length} copies, one touchpoint`),
      h(
        'ul',
        { class: 'copies' },
        mailboxes.map((mailbox) => h('li', {}, mailbox)),
      ),
    ],
  );
}
