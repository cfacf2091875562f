import { once } from 'node:events';
import { copyFile, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { Encoder } from '../../src/classify/encoder.ts';
import { EncoderUnavailable, findEncoder } from '../../src/classify/encoder-files.ts';
import { ConfigError, TransientError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { startWorker } from '../../src/core/worker.ts';
import { ENCODER, MODELS, modelsWith } from './model-folder.ts';

const files = await findEncoder(MODELS, ENCODER);
const shared = new Encoder({ files, workers: 2, log: silentLog });
afterAll(() => shared.close());

const text = (n: number) =>
  `Note ${n}: the client asks about invoice ${n * 7} and module ${'plus '.repeat(n % 9)}`;
/** About as long as a run can take: 256 tokens. */
const LONG = 'quarterly '.repeat(400);

async function vectorOf(of: string, encoder: Encoder = shared): Promise<Float32Array> {
  const [vector] = await encoder.embed([of]);
  if (vector === undefined) throw new Error('no vector');
  return vector;
}

describe('the pool', () => {
  test('lets a single question through before a backlog that came first', async () => {
    const order: string[] = [];
    const backlog = shared
      .embed(Array.from({ length: 60 }, (_, n) => text(n + 1_000)))
      .then(() => order.push('backlog'));
    const question = shared.embed(['a question']).then(() => order.push('question'));
    await Promise.all([backlog, question]);
    expect(order).toEqual(['question', 'backlog']);
  });

  test('rejects with the reason on abort, and goes on with other work', async () => {
    const abort = new AbortController();
    const reason = new Error('shutting down');
    const doomed = shared.embed(
      Array.from({ length: 200 }, (_, n) => text(n + 2_000)),
      abort.signal,
    );
    const other = shared.embed([text(1)]);
    abort.abort(reason);
    await expect(doomed).rejects.toBe(reason);
    expect(await other).toHaveLength(1);
    await expect(shared.embed(['x'], abort.signal)).rejects.toBe(reason);
  });

  test('starts no more threads than there is work for, nor than allowed', async () => {
    const { encoder, threads } = watched(2);
    expect(threads).toHaveLength(0);
    await encoder.embed(['one text']);
    expect(threads).toHaveLength(1);
    await encoder.embed(Array.from({ length: 20 }, (_, n) => text(n)));
    expect(threads).toHaveLength(2);
  });

  test('rejects what a dead thread was reading, and replaces the thread', async () => {
    const { encoder, threads } = watched(1);
    const before = await vectorOf(text(1), encoder);
    const doomed = encoder.embed([LONG]);
    const queued = encoder.embed([text(1)]);
    void threads[0]?.terminate();
    await expect(doomed).rejects.toThrow(EncoderUnavailable);
    await expect(doomed).rejects.toThrow(/thread died/);
    expect(await queued).toEqual([before]);
    expect(threads).toHaveLength(2);
  });

  test('survives a thread that dies while idle', async () => {
    const { encoder, threads } = watched(1);
    const before = await vectorOf(text(1), encoder);
    await threads[0]?.terminate();
    expect(await vectorOf(text(1), encoder)).toEqual(before);
  });

  test('closes while work is under way, ends its threads and refuses more', async () => {
    const { encoder, threads } = watched(2);
    await encoder.embed(['ready']);
    const exits = threads.map((thread) => once(thread, 'exit'));
    const doomed = encoder.embed(Array.from({ length: 50 }, (_, n) => text(n)));
    const rejection = expect(doomed).rejects.toThrow(EncoderUnavailable);
    await Promise.all([encoder.close(), encoder.close()]);
    await rejection;
    expect(await Promise.all(exits)).toEqual([[0]]);
    await expect(encoder.embed(['more'])).rejects.toThrow(/closed/);
  });
});

/** A thread that answers like the encoder's, without a model: how it fails is up to the text. */
const STAND_IN = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (order) => {
    if (order === null) parentPort.close();
    else if (order.text === 'die') throw new Error('out of memory');
    else if (order.text === 'fail') parentPort.postMessage({ type: 'failed', reason: 'shape mismatch' });
    else parentPort.postMessage({ type: 'vector', vector: Float32Array.of(order.text.length) });
  });
  parentPort.postMessage({ type: 'ready' });
`;

describe('a pool of failing threads', () => {
  const pool = (scripts: readonly string[]) => {
    let started = 0;
    const start = () => new Worker(scripts[Math.min(started++, scripts.length - 1)] ?? '', { eval: true });
    const encoder = new Encoder({ files, workers: 2, log: silentLog, start });
    onTestFinished(() => encoder.close());
    return { encoder, started: () => started };
  };

  test('rejects the call whose text cannot be encoded, and no other', async () => {
    const { encoder } = pool([STAND_IN]);
    const calls = [encoder.embed(['a', 'fail', 'ccc']), encoder.embed(['bb', 'a'])];
    const [failed, fine] = await Promise.allSettled(calls);
    expect(failed).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('shape mismatch') },
    });
    expect(failed).not.toMatchObject({ reason: expect.any(EncoderUnavailable) });
    expect(fine).toEqual({ status: 'fulfilled', value: [Float32Array.of(2), Float32Array.of(1)] });
  });

  test('says why a thread died, and finishes the calls it was not reading for', async () => {
    const { encoder, started } = pool([STAND_IN]);
    const doomed = encoder.embed(['die']);
    const fine = encoder.embed(['a', 'bb', 'ccc']);
    await expect(doomed).rejects.toThrow(/died over a text: out of memory/);
    expect(await fine).toHaveLength(3);
    expect(await encoder.embed(['dddd'])).toEqual([Float32Array.of(4)]);
    expect(started()).toBeLessThanOrEqual(3);
  });

  test('goes on with the threads it has when another does not start', async () => {
    const { encoder, started } = pool([STAND_IN, 'process.exit(7)']);
    expect(await encoder.embed(['a', 'bb', 'ccc', 'dddd'])).toHaveLength(4);
    expect(started()).toBe(2);
  });

  test('fails when no thread starts, and tries again at the next call', async () => {
    const { encoder, started } = pool(['process.exit(7)', 'process.exit(7)', STAND_IN]);
    await expect(encoder.embed(['a', 'bb'])).rejects.toThrow(EncoderUnavailable);
    expect(started()).toBe(2);
    expect(await encoder.embed(['a'])).toEqual([Float32Array.of(1)]);
  });
});

describe('a model folder', () => {
  test('is identified by its weights', () => {
    expect(files.id).toMatch(/^all-MiniLM-L6-v2@[0-9a-f]{8}$/);
  });

  test('that lacks files is refused, naming the folder and what is missing', async () => {
    const modelsDir = await modelsWith({ 'tokenizer.json': null, 'config.json': '' });
    const finding = findEncoder(modelsDir, ENCODER);
    await expect(finding).rejects.toThrow(EncoderUnavailable);
    await expect(finding).rejects.toThrow(TransientError);
    await expect(finding).rejects.toThrow(join(modelsDir, ENCODER));
    await expect(finding).rejects.toThrow('missing config.json, tokenizer.json');
  });

  test('outside the models folder is refused', async () => {
    for (const folder of ['../secrets', '/etc', '', '.', 'a/b']) {
      await expect(findEncoder(MODELS, folder)).rejects.toThrow(ConfigError);
    }
  });

  test('with broken weights makes every call fail with its name, without retrying in a loop', async () => {
    const modelsDir = await modelsWith({ 'onnx/model_quantized.onnx': 'not a model' });
    const { encoder, threads } = watched(1, await findEncoder(modelsDir, ENCODER));
    const calls = [encoder.embed([text(1), text(2)]), encoder.embed([text(3)])];
    for (const call of calls) {
      await expect(call).rejects.toThrow(EncoderUnavailable);
      await expect(call).rejects.toThrow(join(modelsDir, ENCODER));
    }
    expect(threads).toHaveLength(1);
  });

  test('whose weights were replaced fails until it is identified anew, and works again once mended', async () => {
    const modelsDir = await modelsWith({});
    const { encoder } = watched(1, await findEncoder(modelsDir, ENCODER));
    const weights = join(modelsDir, ENCODER, 'onnx/model_quantized.onnx');
    await unlink(weights);
    await writeFile(
      weights,
      (await readFile(join(MODELS, ENCODER, 'onnx/model_quantized.onnx'))).subarray(1),
    );
    await expect(encoder.embed(['x'])).rejects.toThrow(/replaced/);
    await copyFile(join(MODELS, ENCODER, 'onnx/model_quantized.onnx'), weights);
    expect(await encoder.embed(['x'])).toEqual(await shared.embed(['x']));
  });
});

/** An encoder of its own, and the threads it started. */
function watched(workers: number, of = files): { encoder: Encoder; threads: Worker[] } {
  const threads: Worker[] = [];
  const source = new URL('../../src/classify/encoder.ts', import.meta.url).href;
  const encoder = new Encoder({
    files: of,
    workers,
    log: silentLog,
    start: (settings) => {
      const thread = startWorker(source, './encoder-worker', settings);
      threads.push(thread);
      return thread;
    },
  });
  onTestFinished(() => encoder.close());
  return { encoder, threads };
}
