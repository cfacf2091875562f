import { fill, h } from './dom.ts';

/** Asks for the API key; it is kept for this tab alone and goes nowhere but into the request's header. */

export function askKey(wrong: boolean): Promise<string> {
  return new Promise((resolve) => {
    const field = h('input', {
      ...{ id: 'api-key', name: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false' },
      ...{ required: true, 'aria-describedby': 'api-key-help' },
    });
    const submit = (event: Event) => {
      event.preventDefault();
      const key = field.value.trim();
      if (key === '' || !/^[\x21-\x7e]+$/.test(key)) return field.select();
      dialog.close();
      dialog.remove();
      resolve(key);
    };
    const dialog = h('dialog', {
      ...{ class: 'key', 'aria-labelledby': 'api-key-title' },
      on: { cancel: (event) => event.preventDefault() },
    });
    fill(
      dialog,
      h(
        'form',
        { on: { submit } },
        h('h2', { id: 'api-key-title' }, 'API key'),
        h(
          'p',
          { id: 'api-key-help', role: wrong ? 'alert' : null },
          wrong ? 'That key is not known here. ' : '',
          'Touchpoint asks for a key. It is kept until this tab is closed.',
        ),
        h('label', { for: 'api-key' }, 'Key'),
        field,
        h('button', { type: 'submit', class: 'button primary' }, 'Continue'),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}
