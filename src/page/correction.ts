import { h } from './dom.ts';
import type { Task } from './wire.ts';
import { labelWords } from './words.ts';

export interface CorrectionEvents {
  /** Labels that hold, the main one first. */
  readonly onSave: (labels: readonly string[]) => void;
  readonly onCancel: () => void;
}

/** All labels of a task to choose from; the first one chosen is the main one. */
export function correctionForm(task: Task, held: readonly string[], events: CorrectionEvents): HTMLElement {
  const chosen = new Set(held);
  const type = task.multi || task.labels.some(({ primary }) => !primary) ? 'checkbox' : 'radio';
  const choose = (label: string, on: boolean) => {
    if (type === 'radio') chosen.clear();
    if (on) chosen.add(label);
    else chosen.delete(label);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    events.onSave([...chosen]);
  };
  return h(
    'form',
    { class: 'correction', on: { submit } },
    h(
      'fieldset',
      {},
      h(
        'legend',
        {},
        type === 'radio' ? 'Which one holds?' : 'Which ones hold? The first you choose is the main one.',
      ),
      task.labels.map(({ id, name, description }) =>
        h(
          'label',
          { class: 'choice', title: description },
          h('input', {
            ...{ type, name: `correct-${task.task}`, value: id, checked: chosen.has(id) },
            on: {
              change: (event) => event.target instanceof HTMLInputElement && choose(id, event.target.checked),
            },
          }),
          h('span', { class: 'choice-words' }, name || labelWords(id)),
        ),
      ),
    ),
    h(
      'div',
      { class: 'task-actions' },
      h('button', { type: 'submit', class: 'button small primary' }, 'Save'),
      h('button', { type: 'button', class: 'button small', on: { click: events.onCancel } }, 'Cancel'),
    ),
  );
}
