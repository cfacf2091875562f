import { type Api, wasAborted } from './api.ts';
import type { SyncStatus } from './wire.ts';

/** How the sync stands, asked again and again: soon while something is under way, else now and then. */

const SOON_MS = 2_000;
const LATER_MS = 20_000;

export type Beat =
  | { readonly state: 'waiting' }
  | { readonly state: 'up'; readonly status: SyncStatus }
  | { readonly state: 'down'; readonly reason: string };

export class Pulse extends EventTarget {
  readonly #api: Api;
  #beat: Beat = { state: 'waiting' };
  #timer: number | undefined;
  #asking: AbortController | null = null;

  constructor(api: Api) {
    super();
    this.#api = api;
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.beat();
    });
  }

  get last(): Beat {
    return this.#beat;
  }

  /** Asks now, instead of when its time has come. */
  beat(): void {
    window.clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = new AbortController();
    void this.#ask(this.#asking.signal);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    try {
      this.#beat = { state: 'up', status: await this.#api.get<SyncStatus>('status', {}, signal) };
    } catch (error) {
      if (wasAborted(error)) return;
      this.#beat = { state: 'down', reason: error instanceof Error ? error.message : 'no answer' };
    }
    this.dispatchEvent(new Event('beat'));
    const soon = this.#beat.state !== 'up' || isBusy(this.#beat.status);
    this.#timer = window.setTimeout(() => this.beat(), document.hidden || !soon ? LATER_MS : SOON_MS);
  }
}

export function isFirstSync({ last_run }: SyncStatus): boolean {
  return last_run === null;
}

function isBusy(status: SyncStatus): boolean {
  return isFirstSync(status) || (status.untagged > 0 && !status.versions.paused);
}

export function stored({ touchpoints }: SyncStatus): number {
  return Object.values(touchpoints).reduce((sum, number) => sum + number, 0);
}
