import type { Worker } from 'node:worker_threads';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type Begin, spansHere } from '../core/trace.ts';
import { startWorker } from '../core/worker.ts';
import { type EncoderFiles, EncoderUnavailable } from './encoder-files.ts';
import type { Answer, Order, WorkerSettings } from './encoder-protocol.ts';
import { createGate, shut } from './native-gate.ts';

/** Longer than a model takes to load on a busy machine (0.2 s on an idle one), in milliseconds. */
const PATIENCE_AT_EXIT = 2_000;

export interface EncoderOptions {
  readonly files: EncoderFiles;
  /** Threads at most; each takes one core and about 150 MB from its first text on. */
  readonly workers: number;
  readonly log: Log;
  /** How a thread is started; another way is for tests that need a hand on it. */
  readonly start?: (settings: WorkerSettings) => Worker;
}

/** One `embed` under way: its distinct texts, how far they have been handed out, and what came back. */
interface Call {
  readonly texts: readonly string[];
  readonly vectors: Map<string, Float32Array>;
  handedOut: number;
  /** One span for each text, below whoever called. */
  readonly begin: Begin;
  readonly settle: (error?: unknown) => void;
}

interface Slot {
  readonly worker: Worker;
  state:
    | 'starting'
    | 'idle'
    | { readonly call: Call; readonly text: string; readonly end: (error?: unknown) => void };
  /** What it said before it died. */
  lastWords: string;
}

/**
 * A pool of encoder threads, started when there is work for them. Calls take turns text by text, so that a search
 * waits for one run and not for a backlog; one thread reads one text at a time.
 */
export class Encoder implements AsyncDisposable {
  readonly id: string;
  readonly #options: EncoderOptions;
  readonly #slots = new Set<Slot>();
  readonly #gate = createGate();
  readonly #atExit = () => shut(this.#gate, PATIENCE_AT_EXIT);
  /** Calls with texts left to hand out; the first has the next turn. */
  #turns: Call[] = [];
  readonly #calls = new Set<Call>();
  #mayStart = true;
  #closing: Promise<void> | undefined;

  constructor(options: EncoderOptions) {
    this.id = options.files.id;
    this.#options = options;
  }

  /**
   * One reading per text, in order; equal texts share theirs: a unit vector of 384 numbers, for the search, and behind it
   * 384 more where the encoder has features for the heads.
   * @throws EncoderUnavailable when the model does not load, a thread dies over one of these texts, or after `close`
   * @throws the signal's reason as soon as it aborts
   */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw closed();
    if (texts.length === 0) return [];
    const vectors = await this.#call([...new Set(texts)], signal);
    return texts.map((text) => {
      const vector = vectors.get(text);
      if (vector === undefined) throw new Error('the encoder lost a text');
      return vector;
    });
  }

  #call(texts: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Float32Array>> {
    return new Promise((resolve, reject) => {
      const vectors = new Map<string, Float32Array>();
      const onAbort = () => call.settle(signal?.reason);
      const call: Call = {
        texts,
        vectors,
        handedOut: 0,
        begin: spansHere(),
        settle: (error) => {
          signal?.removeEventListener('abort', onAbort);
          this.#calls.delete(call);
          this.#turns = this.#turns.filter((other) => other !== call);
          if (vectors.size === texts.length) resolve(vectors);
          else reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#calls.add(call);
      this.#turns.push(call);
      this.#mayStart = true;
      this.#pump();
    });
  }

  /** Hands texts to idle threads, and starts threads while there are more texts than threads about to be ready. */
  #pump(): void {
    for (const slot of this.#slots) {
      if (slot.state === 'idle') this.#handOut(slot);
    }
    const starting = [...this.#slots].filter(({ state }) => state === 'starting').length;
    const waiting = this.#turns.reduce((sum, { texts, handedOut }) => sum + texts.length - handedOut, 0);
    const room = this.#options.workers - this.#slots.size;
    const wanted = this.#mayStart ? Math.min(room, waiting - starting) : 0;
    for (let started = 0; started < wanted; started++) this.#startSlot();
  }

  #handOut(slot: Slot): void {
    const call = this.#turns.shift();
    const text = call?.texts[call.handedOut];
    if (call === undefined || text === undefined) return;
    call.handedOut += 1;
    if (call.handedOut < call.texts.length) this.#turns.push(call);
    slot.state = { call, text, end: call.begin('encode', { encoder: this.id, characters: text.length }) };
    slot.worker.postMessage({ text } satisfies Order);
  }

  #startSlot(): void {
    const { modelsDir, folder, width, id } = this.#options.files;
    const start = this.#options.start ?? defaultStart;
    if (this.#slots.size === 0) process.once('exit', this.#atExit);
    const slot: Slot = {
      worker: start({ modelsDir, folder, width, id, gate: this.#gate }),
      state: 'starting',
      lastWords: '',
    };
    this.#slots.add(slot);
    slot.worker.on('message', (answer: Answer) => this.#onAnswer(slot, answer));
    slot.worker.on('error', (error) => {
      slot.lastWords = reasonOf(error);
    });
    slot.worker.on('exit', (code) => this.#onExit(slot, code));
  }

  #onAnswer(slot: Slot, answer: Answer): void {
    if (answer.type === 'broken') {
      slot.lastWords = answer.reason;
      return;
    }
    if (typeof slot.state === 'object') {
      const { call, text, end } = slot.state;
      end(answer.type === 'failed' ? new Error(answer.reason) : undefined);
      if (answer.type === 'vector') call.vectors.set(text, answer.vector);
      if (answer.type === 'failed') call.settle(new Error(`the encoder failed on a text: ${answer.reason}`));
      if (call.vectors.size === call.texts.length) call.settle();
    }
    slot.state = 'idle';
    this.#pump();
  }

  /** A thread that ended takes its own text's call with it, and is replaced as soon as there is work. */
  #onExit(slot: Slot, code: number): void {
    this.#slots.delete(slot);
    if (this.#slots.size === 0) process.off('exit', this.#atExit);
    if (this.#closing !== undefined) return;
    const reason = slot.lastWords || `ended with code ${code}`;
    this.#options.log.warn({ encoder: this.id, code, reason }, 'encoder thread ended');
    if (slot.state === 'starting') {
      // Not tried again before the next call: a broken model would be loaded in a loop.
      this.#mayStart = false;
      if (this.#slots.size === 0) this.#failAll(unavailable(this.#options.files, reason));
    } else {
      this.#mayStart = true;
      if (slot.state !== 'idle') {
        const died = new EncoderUnavailable(`an encoder thread died over a text: ${reason}`);
        slot.state.end(died);
        slot.state.call.settle(died);
      }
    }
    this.#pump();
  }

  #failAll(error: Error): void {
    for (const call of [...this.#calls]) call.settle(error);
  }

  /** Rejects what is under way, then ends every thread after the run it is in. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#failAll(closed());
    const ends = [...this.#slots].map(({ worker }) => {
      // A thread that is still loading reads this once it is ready; terminating it inside native code could crash.
      worker.postMessage(null satisfies Order);
      return new Promise((resolve) => worker.once('exit', resolve));
    });
    await Promise.all(ends);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function defaultStart(settings: WorkerSettings): Worker {
  return startWorker(import.meta.url, './encoder-worker', settings);
}

function closed(): Error {
  return new EncoderUnavailable('the encoder is closed');
}

function unavailable({ modelsDir, folder }: EncoderFiles, reason: string): Error {
  return new EncoderUnavailable(`the encoder in ${modelsDir}/${folder} does not load as ONNX q8: ${reason}`);
}
