/** What the encoder's pool and its worker threads say to each other. */

import type { ReadingWidth } from './encoder-files.ts';
import type { NativeGate } from './native-gate.ts';

/** Given to a worker thread when it starts. */
export interface WorkerSettings {
  readonly modelsDir: string;
  readonly folder: string;
  /** The encoder the pool answers for: a worker that finds other weights in the folder refuses to start. */
  readonly id: string;
  /** Numbers that each text gives. */
  readonly width: ReadingWidth;
  /** Shared by the pool's threads: what they are inside of when the process ends. */
  readonly gate: NativeGate;
}

/** Pool to worker: one text at a time; `null` asks it to release its session and end. */
export type Order = { readonly text: string } | null;

/** Worker to pool: `ready` or `broken` once, then one answer per text. */
export type Answer =
  | { readonly type: 'ready' }
  | { readonly type: 'broken'; readonly reason: string }
  | { readonly type: 'vector'; readonly vector: Float32Array<ArrayBuffer> }
  | { readonly type: 'failed'; readonly reason: string };
