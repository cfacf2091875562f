import { fill, h } from './dom.ts';
import { changed, KIND_CHOICES, kindOf, toggled, WHENS, whenOf } from './filters.ts';
import { go, href } from './router.ts';
import { settled } from './shared.ts';
import type { Facets } from './wire.ts';
import { count, labelWords } from './words.ts';

/** The Briefing Room's filters, each value with how many it would show. */

const TYPING_MS = 250;
const MOST_CLIENTS = 8;

interface Choice {
  readonly value: string;
  readonly words: string;
  readonly n: number;
}

export class FilterPanel {
  readonly element: HTMLElement;
  readonly #groups = h('div', { class: 'groups' });
  readonly #text: HTMLInputElement;
  readonly #wantedClient: HTMLInputElement;
  readonly #clientChoices = h('div');
  #params = new URLSearchParams();
  #facets: Facets | null = null;

  constructor() {
    const typed = settled(TYPING_MS, () => this.#go({ text: this.#text.value.trim() || null }, true));
    this.#text = h('input', {
      ...{ type: 'search', id: 'filter-text', placeholder: 'Words in title or text', on: { input: typed } },
    });
    this.#wantedClient = h('input', {
      ...{ type: 'search', id: 'filter-client', placeholder: 'Find a client', 'aria-label': 'Find a client' },
      on: { input: () => this.#drawClients() },
    });
    const details = h(
      'details',
      { class: 'filters' },
      h('summary', {}, 'Filters'),
      h('label', { class: 'field-label', for: 'filter-text' }, 'Search the list'),
      this.#text,
      this.#groups,
      h('fieldset', { class: 'group' }, h('legend', {}, 'Client'), this.#wantedClient, this.#clientChoices),
    );
    details.open = window.matchMedia('(min-width: 60rem)').matches;
    this.element = h('aside', { class: 'side', 'aria-label': 'Filters' }, details);
  }

  /** The address; its counts come later. */
  show(params: URLSearchParams): void {
    this.#params = params;
    const text = params.get('text') ?? '';
    if (document.activeElement !== this.#text && this.#text.value !== text) this.#text.value = text;
    this.#draw();
  }

  count(facets: Facets): void {
    this.#facets = facets;
    this.#draw();
  }

  #go(change: Parameters<typeof changed>[1], replace = false): void {
    go(href('briefing', changed(this.#params, change)), replace);
  }

  #draw(): void {
    const { status = {}, meeting_type = {}, internal = {}, recurring = {} } = this.#facets ?? {};
    const listed = (counts: Readonly<Record<string, number>>) =>
      Object.entries(counts).map(([value, n]) => ({ value, words: labelWords(value), n }));
    const types = listed(meeting_type).sort((a, b) => b.n - a.n);
    const flag = (counts: Readonly<Record<string, number>>, yes: string, no: string) => [
      { value: 'true', words: labelWords(yes), n: counts[yes] ?? 0 },
      { value: 'false', words: labelWords(no), n: counts[no] ?? 0 },
    ];
    fill(
      this.#groups,
      this.#select('kinds', 'Show', KIND_CHOICES, kindOf(this.#params)),
      this.#select('when', 'When', WHENS, whenOf(this.#params)),
      whenOf(this.#params) === 'span' && this.#days(),
      this.#list('meeting_types', 'Meeting type', types),
      this.#list('status', 'Status', listed(status).reverse()),
      this.#one('internal', 'Who takes part', flag(internal, 'internal', 'external')),
      this.#one('recurring', 'Rhythm', flag(recurring, 'recurring', 'single')),
      this.#group('Certainty', [
        this.#box('uncertain', { value: 'true', words: 'Unsure: a person should look', n: -1 }, () =>
          this.#flip('uncertain', 'true'),
        ),
      ]),
    );
    this.#drawClients();
  }

  #drawClients(): void {
    const wanted = this.#wantedClient.value.trim().toLowerCase();
    const chosen = this.#params.getAll('clients');
    const all = (this.#facets?.client ?? []).map(({ id, name, n }) => ({ value: id, words: name, n }));
    const found = all.filter(({ words }) => words.toLowerCase().includes(wanted));
    const first = found.filter(({ value }, place) => place < MOST_CLIENTS || chosen.includes(value));
    const more = found.length - first.length;
    fill(
      this.#clientChoices,
      first.map((choice) => this.#toggle('clients', choice)),
      found.length === 0 && h('p', { class: 'hint' }, 'No client of that name here'),
      more > 0 && h('p', { class: 'hint' }, `${count(more)} more: type a name`),
    );
  }

  #select(name: string, words: string, choices: Readonly<Record<string, string>>, chosen: string) {
    const id = `filter-${name}`;
    const options = Object.entries(choices).map(([value, label]) =>
      h('option', { value, selected: value === chosen }, label),
    );
    const change = (event: Event) => {
      if (!(event.target instanceof HTMLSelectElement)) return;
      // what is another kind of thing has another time that matters
      this.#go({ [name]: event.target.value, ...(name === 'kinds' ? { when: null, status: null } : {}) });
    };
    return h(
      'div',
      { class: 'group' },
      h('label', { class: 'field-label', for: id }, words),
      h('select', { id, on: { change } }, options),
    );
  }

  #days(): HTMLElement {
    const day = (name: 'from' | 'to', words: string) => {
      const change = (event: Event) => {
        if (event.target instanceof HTMLInputElement) this.#go({ [name]: event.target.value || null });
      };
      const value = this.#params.get(name) ?? '';
      const field = h('input', { type: 'date', id: `filter-${name}`, value, on: { change } });
      return h('div', {}, h('label', { class: 'field-label', for: `filter-${name}` }, words), field);
    };
    return h('div', { class: 'days' }, day('from', 'From'), day('to', 'To'));
  }

  #group(words: string, choices: readonly HTMLElement[]): HTMLElement | null {
    if (choices.length === 0) return null;
    return h('fieldset', { class: 'group' }, h('legend', {}, words), choices);
  }

  #list(name: string, words: string, choices: readonly Choice[]): HTMLElement | null {
    return this.#group(
      words,
      choices.map((choice) => this.#toggle(name, choice)),
    );
  }

  /** Of two that exclude each other; neither is an answer too. */
  #one(name: string, words: string, choices: readonly Choice[]): HTMLElement | null {
    if (choices.every(({ n }) => n === 0) && !this.#params.has(name)) return null;
    const boxes = choices.map((choice) => this.#box(name, choice, () => this.#flip(name, choice.value)));
    return this.#group(words, boxes);
  }

  #toggle(name: string, choice: Choice): HTMLElement {
    const change = () => go(href('briefing', toggled(this.#params, name, choice.value)));
    return this.#box(name, choice, change);
  }

  #flip(name: string, value: string): void {
    this.#go({ [name]: this.#params.get(name) === value ? null : value });
  }

  /** @param choice `n` under nought: how many is not known */
  #box(name: string, { value, words, n }: Choice, change: () => void): HTMLElement {
    const id = `filter-${name}-${value.replace(/[^a-z0-9-]/gi, '-')}`;
    const checked = this.#params.getAll(name).includes(value);
    return h(
      'label',
      { class: n === 0 && !checked ? 'choice none' : 'choice', for: id },
      h('input', { type: 'checkbox', id, checked, on: { change } }),
      h('span', { class: 'choice-words' }, words),
      n >= 0 && h('span', { class: 'n' }, count(n)),
    );
  }
}
