import type { App } from './app.ts';
import { fill, h } from './dom.ts';
import { Latest } from './shared.ts';
import type { ResyncRun } from './wire.ts';
import { count, plural } from './words.ts';

/** The manual resync: of everything, one mailbox or one kind; followed while it runs. */

export class ResyncPanel {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #mailbox = h('select', { id: 'resync-mailbox' }, h('option', { value: '' }, 'All mailboxes'));
  readonly #kind = h(
    'select',
    { id: 'resync-kind' },
    h('option', { value: '' }, 'Calendar and mail'),
    h('option', { value: 'meeting' }, 'Calendar'),
    h('option', { value: 'email' }, 'Mail'),
  );
  readonly #dry = h('input', { type: 'checkbox', id: 'resync-dry' });
  readonly #button = h('button', { type: 'submit', class: 'button primary' }, 'Resync');
  readonly #progress = h('div', { class: 'progress', role: 'status' });
  readonly #latest = new Latest();
  #known = '';

  constructor(app: App) {
    this.#app = app;
    const submit = (event: Event) => {
      event.preventDefault();
      void this.#start();
    };
    this.element = h(
      'section',
      { class: 'card', 'aria-labelledby': 'resync-title' },
      h('h2', { id: 'resync-title' }, 'Resync'),
      h(
        'p',
        { class: 'hint' },
        'Reads everything anew and drops what is no longer there. Tags of people stay.',
      ),
      h(
        'form',
        { class: 'resync', on: { submit } },
        h('div', {}, h('label', { class: 'field-label', for: 'resync-mailbox' }, 'Mailbox'), this.#mailbox),
        h('div', {}, h('label', { class: 'field-label', for: 'resync-kind' }, 'What'), this.#kind),
        h('label', { class: 'choice', for: 'resync-dry' }, this.#dry, 'Only say what would change'),
        this.#button,
      ),
      this.#progress,
    );
  }

  mailboxes(names: readonly string[]): void {
    if (this.#known === names.join()) return;
    this.#known = names.join();
    const chosen = this.#mailbox.value;
    const options = names.map((name) => h('option', { value: name, selected: name === chosen }, name));
    fill(this.#mailbox, h('option', { value: '' }, 'All mailboxes'), options);
  }

  close(): void {
    this.#latest.stop();
  }

  async #start(): Promise<void> {
    const [mailbox, kind] = [this.#mailbox.value, this.#kind.value];
    const dry = this.#dry.checked;
    const order = {
      ...(mailbox === '' ? {} : { mailbox }),
      ...(kind === '' ? {} : { kind }),
      dry_run: dry,
    };
    this.#button.disabled = true;
    try {
      await this.#latest.run(async (signal) => {
        const begun = await this.#app.api.post<ResyncRun>('resync', order, signal);
        fill(this.#progress, progressOf(begun));
        for await (const { data } of this.#app.api.follow(`resync/${begun.id}/events`, signal)) {
          if (data !== '') this.#draw(JSON.parse(data), dry);
        }
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'something went wrong';
      fill(this.#progress, h('p', { class: 'notice', 'data-state': 'bad', role: 'alert' }, reason));
    } finally {
      this.#button.disabled = false;
      this.#app.pulse.beat();
    }
  }

  #draw(run: ResyncRun, dry: boolean): void {
    fill(this.#progress, run.state === 'running' ? progressOf(run) : resultOf(run, dry));
  }
}

function progressOf({ progress }: ResyncRun): HTMLElement[] {
  const { feeds, done, items, waiting } = progress;
  const pauses = waiting > 0 ? `, ${plural(waiting, 'request')} waiting for Microsoft` : '';
  const words =
    feeds === 0
      ? 'Starting'
      : `${count(done)} of ${plural(feeds, 'feed')}, ${plural(items, 'item')} read${pauses}`;
  return [
    h('progress', { max: Math.max(feeds, 1), value: done, 'aria-label': 'Resync' }),
    h('p', { 'data-run': 'running' }, words),
  ];
}

function resultOf({ result, reason, state }: ResyncRun, dry: boolean): HTMLElement[] {
  const failed = h(
    'p',
    { class: 'notice', 'data-state': 'bad', 'data-run': state },
    `It failed: ${reason ?? ''}`,
  );
  if (result === null) return [failed];
  const { fetched, written, unchanged, skipped, failed: bad, removed, deleted, problems } = result;
  const counts = `${count(fetched)} fetched = ${count(written)} written + ${count(unchanged)} unchanged + ${count(skipped)} skipped + ${count(bad)} failed`;
  return [
    ...(state === 'failed' ? [failed] : []),
    h(
      'p',
      { class: 'notice', 'data-state': state === 'done' ? 'good' : 'busy', 'data-run': state },
      `${dry ? 'Nothing was changed. It would be: ' : ''}${counts}; ${plural(removed, 'copy', 'copies')} dropped, ${plural(deleted, 'touchpoint')} deleted.`,
    ),
    ...problems.map(({ feed, reason: why }) => h('p', { class: 'hint' }, `${feed}: ${why}`)),
  ];
}
