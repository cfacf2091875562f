/** A thread with one entailment model: some 25 ms a label, while the daemon's own thread must stay free. */
import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../core/errors.ts';
import type { Answer, Order, WorkerSettings } from './encoder-protocol.ts';
import { type EntailmentModel, type EntailmentSettings, loadEntailment } from './entailment-model.ts';
import { within } from './native-gate.ts';

if (parentPort === null) throw new Error('entailment-worker runs in a worker thread only');
const pool = parentPort;
const { gate, entailment }: WorkerSettings & { entailment: EntailmentSettings } = workerData;

try {
  const model = await within(gate, () => loadEntailment(entailment));
  pool.on('message', (order: Order) => {
    // detached on purpose: neither rejects, and the pool sends the next text only after its answer
    void (order === null ? release(model) : judge(model, order.text));
  });
  answer({ type: 'ready' });
} catch (error) {
  answer({ type: 'broken', reason: reasonOf(error) });
}

async function judge(model: EntailmentModel, premise: string): Promise<void> {
  try {
    const vector = await within(gate, () => model.logitsOf(premise));
    pool.postMessage({ type: 'vector', vector } satisfies Answer, [vector.buffer]);
  } catch (error) {
    // the reason comes from the runtime and speaks of shapes and types, not of the text
    answer({ type: 'failed', reason: reasonOf(error) });
  }
}

async function release(model: EntailmentModel): Promise<void> {
  await within(gate, () => model.release());
  pool.close();
}

function answer(message: Answer): void {
  pool.postMessage(message);
}
