/**
 * A thread with one ONNX session: inference blocks the thread it runs on, and the daemon's must stay free to answer
 * webhooks within three seconds. One text per run, because the 8-bit activations are scaled by whatever is in the
 * batch: alone, a text always has the same vector.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AutoModel, AutoTokenizer, env, LogLevel, type Tensor } from '@huggingface/transformers';
import { reasonOf } from '../core/errors.ts';
import { DIMENSIONS, encoderId, WITH_FEATURES } from './encoder-files.ts';
import type { Answer, Order, WorkerSettings } from './encoder-protocol.ts';
import { within } from './native-gate.ts';

/** The encoder was trained on at most this many tokens; more gain nothing and cost time. */
const LONGEST = 256;
/** ONNX Runtime's severity: 3 is error. */
const ERRORS_ONLY = 3;

if (parentPort === null) throw new Error('encoder-worker runs in a worker thread only');
const pool = parentPort;
const settings: WorkerSettings = workerData;

env.allowRemoteModels = false;
env.localModelPath = settings.modelsDir;
env.useFSCache = false;
// On an error the library prints the model's inputs, which are the text.
env.logLevel = LogLevel.NONE;

try {
  const encoder = await within(settings.gate, load);
  pool.on('message', (order: Order) => {
    // Detached on purpose: `encode` never rejects, and the pool sends the next text only after its answer.
    void (order === null ? encoder.release() : encode(encoder, order.text));
  });
  answer({ type: 'ready' });
} catch (error) {
  answer({ type: 'broken', reason: reasonOf(error) });
}

type Encoder = Awaited<ReturnType<typeof load>>;

async function load() {
  const found = await encoderId(settings.modelsDir, settings.folder);
  if (found !== settings.id)
    throw new Error(`the weights were replaced: wants ${settings.id}, found ${found}`);
  const tokenizer = await AutoTokenizer.from_pretrained(settings.folder, { local_files_only: true });
  const model = await AutoModel.from_pretrained(settings.folder, {
    local_files_only: true,
    dtype: 'q8',
    // One thread per worker: two workers on two cores beat one session on two threads (25 against 42 ms a run).
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: ERRORS_ONLY },
  });
  await vectorOf('probe');
  return { vectorOf, release };

  async function vectorOf(text: string): Promise<Float32Array<ArrayBuffer>> {
    const inputs = tokenizer([text], { padding: false, truncation: true, max_length: LONGEST });
    const outputs: Record<string, Tensor> = await model(inputs);
    try {
      const reading = new Float32Array(settings.width);
      reading.set(unitMean(outputs['last_hidden_state']));
      if (settings.width === WITH_FEATURES) reading.set(unitMean(outputs['features']), DIMENSIONS);
      return reading;
    } finally {
      for (const output of Object.values(outputs)) output.dispose();
    }
  }

  async function release(): Promise<void> {
    await within(settings.gate, () => model.dispose());
    pool.close();
  }
}

async function encode(encoder: Encoder, text: string): Promise<void> {
  try {
    const vector = await within(settings.gate, () => encoder.vectorOf(text));
    pool.postMessage({ type: 'vector', vector } satisfies Answer, [vector.buffer]);
  } catch (error) {
    // The reason comes from the runtime and speaks of shapes and types, not of the text.
    answer({ type: 'failed', reason: reasonOf(error) });
  }
}

/** Mean of a text's states of 384 numbers (a batch of one has no padding, so the mask is all ones), unit length. */
function unitMean(output: Tensor | undefined): Float32Array<ArrayBuffer> {
  const [, tokens = 0, width] = output?.dims ?? [];
  if (width !== DIMENSIONS)
    throw new Error(`wants states of ${DIMENSIONS} numbers, the model gives ${width}`);
  const states: ArrayLike<number> = output?.data ?? [];
  const sum = new Float64Array(DIMENSIONS);
  for (let at = 0; at < tokens * DIMENSIONS; at++) {
    const dimension = at % DIMENSIONS;
    sum[dimension] = (sum[dimension] ?? 0) + (states[at] ?? 0);
  }
  const length = Math.hypot(...sum);
  if (!(length > 0 && length < Number.POSITIVE_INFINITY)) throw new Error('the model gives no direction');
  return Float32Array.from(sum, (value) => value / length);
}

function answer(message: Answer): void {
  pool.postMessage(message);
}
