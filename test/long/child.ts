import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** A process of the service, as the test sees it from outside. */

const Event = z.looseObject({ event: z.string() });
type Event = z.infer<typeof Event>;

// The embedded store's code is compiled in each of hundreds of processes: quickly, for it will not run for long.
const NODE = ['--liftoff-only', '--import', 'tsx'];

interface Waiting {
  readonly event: string;
  readonly resolve: (found: Event | null) => void;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #seen: Event[] = [];
  readonly #onEvent: ((event: Event) => void) | undefined;
  /** Resolves with the signal that ended it, or rejects when it ended by itself with an error. */
  readonly ended: Promise<NodeJS.Signals | null>;
  #waiting: Waiting[] = [];
  #isOver = false;
  #said = '';

  /** @param orders what the script is to do: it finds them in its first argument, as JSON */
  constructor(script: string, orders: object, onEvent?: (event: Event) => void) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    this.#onEvent = onEvent;
    this.#process = spawn(process.execPath, [...NODE, file, JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-4000);
    });
    this.#process.on('message', (message) => this.#hear(Event.parse(message)));
    this.ended = this.#end();
    // whoever waits for an event is told as well
    this.ended.catch(() => undefined);
  }

  /** The first such event, at once when it has come already; null when the process was killed before it. */
  async next(event: string): Promise<Event | null> {
    const seen = this.#seen.find((found) => found.event === event);
    if (seen !== undefined) return seen;
    const found = await new Promise<Event | null>((resolve) => {
      if (this.#isOver) return resolve(null);
      this.#waiting.push({ event, resolve });
    });
    if (found === null) await this.ended;
    return found;
  }

  has(event: string): boolean {
    return this.#seen.some((found) => found.event === event);
  }

  /** The same as `next` for a process that nobody kills. */
  async expect(event: string): Promise<Event> {
    const found = await this.next(event);
    if (found === null) throw new Error(`the process ended before it was ${event}: ${this.#said}`);
    return found;
  }

  /** Tells it something; a dead one does not mind. */
  tell(order: string | { readonly order: string; readonly now?: number }): void {
    const message = typeof order === 'string' ? { order } : order;
    if (this.#process.connected) this.#process.send(message, () => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  #hear(event: Event): void {
    this.#seen.push(event);
    this.#onEvent?.(event);
    for (const waiting of this.#waiting) if (waiting.event === event.event) waiting.resolve(event);
    this.#waiting = this.#waiting.filter((waiting) => waiting.event !== event.event);
  }

  async #end(): Promise<NodeJS.Signals | null> {
    const [code, signal] = await once(this.#process, 'close');
    this.#isOver = true;
    for (const { resolve } of this.#waiting) resolve(null);
    this.#waiting = [];
    if (code !== 0 && signal !== 'SIGKILL') {
      throw new Error(`the process ended with ${code ?? signal}: ${this.#said}`);
    }
    return signal;
  }
}
