import type { App } from './app.ts';
import { correctionForm } from './correction.ts';
import { fill, h } from './dom.ts';
import { icon } from './icons.ts';
import { bar, chip, originWords, uncertainMark } from './shared.ts';
import type { FeedbackRow, Label, Task, Touchpoint, Why } from './wire.ts';
import { ago, labelWords, percent, TASK_WORDS } from './words.ts';

/** What is said of a touchpoint, why, and what a person says of that: right, wrong, or better. */

export interface TagEvents {
  /** Words that an answer rests on. */
  readonly onEvidence: (words: readonly string[]) => void;
  /** Something holds now that did not. */
  readonly onSaved: () => Promise<void>;
}

export class TagEditor {
  readonly element = h('section', { class: 'tags', 'aria-label': 'Tags' });
  readonly #app: App;
  readonly #found: Touchpoint;
  readonly #events: TagEvents;
  readonly #said = h('p', { class: 'said', role: 'status' });

  constructor(app: App, found: Touchpoint, tasks: readonly Task[], events: TagEvents) {
    this.#app = app;
    this.#found = found;
    this.#events = events;
    const asked = tasks.filter(({ kinds }) => kinds.includes(found.kind));
    fill(
      this.element,
      h('h3', {}, 'Tags'),
      found.tagged_at === null && h('p', { class: 'hint' }, 'Touchpoint has not looked at it yet.'),
      asked.map((task) => this.#task(task)),
      this.#history(),
      this.#said,
    );
  }

  #task(task: Task): HTMLElement {
    const { current, settled, uncertain } = this.#found;
    const labels = current.filter((label) => label.task === task.task);
    const name = TASK_WORDS[task.task] ?? labelWords(task.task);
    const place = h('div', { class: 'task-more' });
    const correct = () => this.#correct(task, labels, place);
    return h(
      'div',
      { class: 'task', role: 'group', 'aria-label': name, 'data-task': task.task },
      h(
        'div',
        { class: 'task-head' },
        h('h4', {}, name),
        settled.includes(task.task) && h('span', { class: 'mark person' }, 'Set by a person'),
        uncertain.includes(task.task) && uncertainMark(),
      ),
      labels.length === 0 && h('p', { class: 'hint' }, 'None of the labels'),
      labels.map((label) => this.#label(label, labels, place)),
      h(
        'div',
        { class: 'task-actions' },
        this.#button(`task-up-${task.task}`, [icon('up'), 'Right'], () => {
          const shown = labels.map(({ label }) => label);
          return this.#say({ verdict: 'up', task: task.task, shown }, 'Thank you: kept as right.');
        }),
        this.#button(`task-correct-${task.task}`, ['Correct…'], correct),
        this.#button(`task-why-${task.task}`, ['Why?'], () => this.#why(task.task, labels[0]?.label, place)),
      ),
      place,
    );
  }

  #label(label: Label, all: readonly Label[], place: HTMLElement): HTMLElement {
    const words = labelWords(label.label);
    const shown = all.map((one) => one.label);
    const { task, label: id, origin, score } = label;
    return h(
      'div',
      { class: 'tag' },
      chip(id),
      origin === 'person'
        ? h('span', { class: 'tag-score' }, originWords(label))
        : [bar(score, `Probability of ${words}`), h('span', { class: 'tag-score' }, originWords(label))],
      h(
        'button',
        {
          type: 'button',
          class: 'thumb',
          id: `down-${task}-${id.replace(/\W+/g, '-')}`,
          'aria-label': `${words} is wrong`,
          title: 'Wrong: take it away',
          on: {
            click: () =>
              void this.#say({ verdict: 'down', task, label: id, shown }, `${words} was taken away.`, place),
          },
        },
        icon('down'),
      ),
    );
  }

  #button(id: string, words: readonly (Node | string)[], click: () => Promise<void> | void): HTMLElement {
    return h(
      'button',
      { type: 'button', class: 'button small', id, on: { click: () => void click() } },
      words,
    );
  }

  #correct(task: Task, labels: readonly Label[], place: HTMLElement): void {
    const held = labels.map(({ label }) => label);
    const onSave = (chosen: readonly string[]) =>
      this.#say({ verdict: 'labels', task: task.task, labels: chosen }, 'Saved. It holds for good.', place);
    fill(
      place,
      correctionForm(task, held, { onSave: (chosen) => void onSave(chosen), onCancel: () => fill(place) }),
    );
    place.querySelector('input')?.focus();
  }

  async #why(task: string, label: string | undefined, place: HTMLElement): Promise<void> {
    fill(place, h('p', { class: 'hint' }, 'Looking…'));
    try {
      const path = `touchpoints/${encodeURIComponent(this.#found.id)}/why`;
      const why = await this.#app.api.get<Why>(path, { task, label });
      this.#events.onEvidence(wordsOf(why));
      fill(place, reasons(why));
    } catch (error) {
      fill(place, problem(error));
    }
  }

  /** What was said before and still holds, each with the way to take it back. */
  #history(): HTMLElement | null {
    const held = this.#found.feedback.filter(({ holds, verdict }) => holds && verdict !== 'withdraw');
    if (held.length === 0) return null;
    return h(
      'ul',
      { class: 'history' },
      held.map((row) =>
        h(
          'li',
          {},
          `${saidWords(row)}, ${ago(row.at)}`,
          this.#button(`undo-${row.id}`, ['Undo'], () =>
            this.#say({ verdict: 'withdraw', withdraws: row.id }, 'Taken back.'),
          ),
        ),
      ),
    );
  }

  async #say(feedback: object, words: string, place: HTMLElement = this.#said): Promise<void> {
    try {
      await this.#app.api.post(`touchpoints/${encodeURIComponent(this.#found.id)}/feedback`, feedback);
      this.#app.announce(words);
      await this.#events.onSaved();
    } catch (error) {
      fill(place, problem(error));
    }
  }
}

function problem(error: unknown): HTMLElement {
  const reason = error instanceof Error ? error.message : 'something went wrong';
  return h('p', { class: 'notice', 'data-state': 'bad', role: 'alert' }, `That did not work: ${reason}`);
}

function saidWords({ task, verdict, labels, label }: FeedbackRow): string {
  const name = TASK_WORDS[task] ?? task;
  if (verdict === 'labels')
    return `${name}: corrected to ${(labels ?? []).map(labelWords).join(', ') || 'none of the labels'}`;
  if (verdict === 'down') return `${name}: ${labelWords(label ?? '')} is wrong`;
  return `${name}: right`;
}

/** What speaks for the answer, without the marks beside the words. */
function wordsOf({ evidence }: Why): string[] {
  return evidence
    .filter(({ weight }) => weight > 0)
    .map(({ text }) => text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter((word) => word !== '');
}

function reasons(why: Why): HTMLElement {
  const { label, scores } = why;
  const ranked = Object.entries(scores).sort(([, a], [, b]) => b - a);
  const words = wordsOf(why);
  return h(
    'div',
    { class: 'why' },
    words.length === 0
      ? h('p', {}, 'No single words stand out: it is the text as a whole.')
      : [
          h('p', {}, label === null ? 'It rests on' : `${labelWords(label)} rests on`),
          h(
            'ul',
            { class: 'evidence' },
            words.map((word) => h('li', {}, word)),
          ),
        ],
    h(
      'p',
      { class: 'hint' },
      ranked
        .slice(0, 4)
        .map(([name, score]) => `${labelWords(name)} ${percent(score)}`)
        .join(' · '),
    ),
  );
}
