/**
 * onnxruntime-node aborts the whole process (SIGABRT, exit code 134) when `process.exit` ends a thread that is inside
 * its native code. So threads announce when they go in, and the end of the process waits for them to come out.
 */
export type NativeGate = Int32Array<SharedArrayBuffer>;

/** 1 once the process is ending. */
const SHUT = 0;
/** How many threads are inside. */
const INSIDE = 1;

export function createGate(): NativeGate {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** Runs `work` inside the gate; once the gate is shut it never begins, and the promise stays open. */
export async function within<T>(gate: NativeGate, work: () => Promise<T>): Promise<T> {
  Atomics.add(gate, INSIDE, 1);
  try {
    if (Atomics.load(gate, SHUT) === 0) return await work();
  } finally {
    Atomics.sub(gate, INSIDE, 1);
    Atomics.notify(gate, INSIDE);
  }
  return new Promise(() => {});
}

/** Lets nobody in any more and blocks until everybody is out, `patience` milliseconds for each at most. */
export function shut(gate: NativeGate, patience: number): void {
  Atomics.store(gate, SHUT, 1);
  for (let inside = Atomics.load(gate, INSIDE); inside > 0; inside = Atomics.load(gate, INSIDE)) {
    if (Atomics.wait(gate, INSIDE, inside, patience) === 'timed-out') return;
  }
}
