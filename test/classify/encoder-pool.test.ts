import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Encoder } from '../../src/classify/encoder.ts';
import { EncoderUnavailable, findEncoder } from '../../src/classify/encoder-files.ts';
import type { WorkerSettings } from '../../src/classify/encoder-protocol.ts';
import { ConfigError, TransientError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { startWorker } from '../../src/core/worker.ts';
import { ENCODER, MODELS, modelsWith } from './model-folder.ts';

const files = await findEncoder(MODELS, ENCODER);

/** A thread that answers like the encoder's, without a model: the length of the text, or a failure if it asks for one. */
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
const DOES_NOT_START = 'process.exit(7)';

/** An encoder whose threads run these scripts in turn (the last one from then on), and the threads it started. */
function standIn(workers: number, scripts: readonly string[] = [STAND_IN]) {
  return watched(workers, files, (_, started) => {
    return new Worker(scripts[Math.min(started, scripts.length - 1)] ?? '', { eval: true });
  });
}

/** An encoder with the real model, and the threads it started. */
function real(workers: number, of = files) {
  const source = new URL('../../src/classify/encoder.ts', import.meta.url).href;
  return watched(workers, of, (settings) => startWorker(source, './encoder-worker', settings));
}

function watched(
  workers: number,
  of: typeof files,
  start: (settings: WorkerSettings, started: number) => Worker,
) {
  const threads: Worker[] = [];
  const encoder = new Encoder({
    files: of,
    workers,
    log: silentLog,
    start: (settings) => {
      const thread = start(settings, threads.length);
      threads.push(thread);
      return thread;
    },
  });
  onTestFinished(() => encoder.close());
  return { encoder, threads };
}

/** That many texts, of the lengths 1, 2, 3 and so on, and the stand-in's vectors of them. */
const texts = (count: number) => Array.from({ length: count }, (_, n) => 'x'.repeat(n + 1));
const lengths = (count: number) => texts(count).map((text) => Float32Array.of(text.length));

describe('the pool', () => {
  test('answers in the order of the texts, however they are spread over threads', async () => {
    const { encoder } = standIn(3);
    expect(await encoder.embed(texts(100))).toEqual(lengths(100));
  });

  test('starts no more threads than there is work for, nor than allowed', async () => {
    const { encoder, threads } = standIn(2);
    expect(threads).toHaveLength(0);
    await encoder.embed(['one text', 'one text']);
    expect(threads).toHaveLength(1);
    await encoder.embed(texts(20));
    expect(threads).toHaveLength(2);
  });

  test('lets a single question through before a backlog that came first', async () => {
    const { encoder } = standIn(1);
    const order: string[] = [];
    const backlog = encoder.embed(texts(60)).then(() => order.push('backlog'));
    const question = encoder.embed(['a question']).then(() => order.push('question'));
    await Promise.all([backlog, question]);
    expect(order).toEqual(['question', 'backlog']);
  });

  test('rejects with the reason on abort, and goes on with other work', async () => {
    const { encoder } = standIn(2);
    const abort = new AbortController();
    const reason = new Error('shutting down');
    const doomed = encoder.embed(texts(200), abort.signal);
    const other = encoder.embed(texts(50));
    abort.abort(reason);
    await expect(doomed).rejects.toBe(reason);
    expect(await other).toEqual(lengths(50));
    await expect(encoder.embed(['x'], abort.signal)).rejects.toBe(reason);
  });

  test('closes while work is under way, ends its threads and refuses more', async () => {
    const { encoder, threads } = standIn(2);
    await encoder.embed(texts(2));
    const exits = threads.map((thread) => once(thread, 'exit'));
    const doomed = expect(encoder.embed(texts(50))).rejects.toThrow(EncoderUnavailable);
    await Promise.all([encoder.close(), encoder.close()]);
    await doomed;
    for (const exit of exits) expect(await exit).toEqual([0]);
    await expect(encoder.embed(['more'])).rejects.toThrow(/closed/);
  });

  test('closes while its threads are still starting', async () => {
    const { encoder, threads } = standIn(2);
    const doomed = expect(encoder.embed(texts(5))).rejects.toThrow(EncoderUnavailable);
    await encoder.close();
    await doomed;
    expect(threads).toHaveLength(2);
  });
});

describe('a failing thread', () => {
  test('rejects the call whose text cannot be encoded, and no other', async () => {
    const { encoder } = standIn(2);
    const calls = [encoder.embed(['a', 'fail', 'ccc']), encoder.embed(['bb', 'a'])];
    const [failed, fine] = await Promise.allSettled(calls);
    const reason = { message: 'the encoder failed on a text: shape mismatch' };
    expect(failed).toMatchObject({ status: 'rejected', reason });
    expect(failed).not.toMatchObject({ reason: expect.any(EncoderUnavailable) });
    expect(fine).toEqual({ status: 'fulfilled', value: [Float32Array.of(2), Float32Array.of(1)] });
  });

  test('that dies takes the call it was reading for with it, says why, and is replaced', async () => {
    const { encoder, threads } = standIn(1);
    const doomed = encoder.embed(['die']);
    const fine = encoder.embed(texts(3));
    await expect(doomed).rejects.toThrow(/died over a text: out of memory/);
    await expect(doomed).rejects.toThrow(EncoderUnavailable);
    expect(await fine).toEqual(lengths(3));
    expect(threads).toHaveLength(2);
  });

  test('that dies while idle is replaced when there is work', async () => {
    const { encoder, threads } = standIn(1);
    await encoder.embed(['a']);
    await threads[0]?.terminate();
    expect(threads).toHaveLength(1);
    expect(await encoder.embed(texts(2))).toEqual(lengths(2));
  });

  test('that does not start leaves the work to the others', async () => {
    const { encoder, threads } = standIn(2, [STAND_IN, DOES_NOT_START]);
    expect(await encoder.embed(texts(40))).toEqual(lengths(40));
    expect(threads).toHaveLength(2);
  });

  test('fails every call when no other starts either, and is tried again at the next call', async () => {
    const { encoder, threads } = standIn(2, [DOES_NOT_START, DOES_NOT_START, STAND_IN]);
    const calls = [encoder.embed(texts(2)), encoder.embed(texts(3))];
    for (const call of calls) await expect(call).rejects.toThrow(/ended with code 7/);
    expect(threads).toHaveLength(2);
    expect(await encoder.embed(['a'])).toEqual([Float32Array.of(1)]);
  });

  test('of the real model that dies is replaced by one with the same vectors', async () => {
    const { encoder, threads } = real(1);
    const before = await encoder.embed(['Contract renewal']);
    // No order at all: the thread throws where nothing catches it.
    threads[0]?.postMessage(undefined);
    const doomed = encoder.embed(['quarterly review']);
    const queued = encoder.embed(['Contract renewal']);
    await expect(doomed).rejects.toThrow(EncoderUnavailable);
    expect(await queued).toEqual(before);
    expect(threads).toHaveLength(2);
  });

  test('that is inside the real model when the process exits does not turn the exit into a crash', async () => {
    const script = `
      import { Encoder } from './src/classify/encoder.ts';
      import { findEncoder } from './src/classify/encoder-files.ts';
      import { silentLog } from './src/core/log.ts';
      const files = await findEncoder('models', '${ENCODER}');
      const encoder = new Encoder({ files, workers: 2, log: silentLog });
      const long = (n) => n + ' quarterly'.repeat(400);
      encoder.embed(Array.from({ length: 100 }, (_, n) => long(n))).catch(() => {});
      for (let n = 100; n < 103; n++) await encoder.embed([long(n)]);
      process.exit(5);
    `;
    const root = join(import.meta.dirname, '../..');
    const node = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: root,
    });
    const errors: Buffer[] = [];
    node.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    expect(await once(node, 'exit')).toEqual([5, null]);
    expect(Buffer.concat(errors).toString()).toBe('');
  });
});

describe('a model folder', () => {
  test('is identified by its weights', () => {
    expect(files.id).toMatch(/^touchpoint-minilm-v1@[0-9a-f]{8}$/);
  });

  test('that lacks files is refused, naming the folder and what is missing', async () => {
    const modelsDir = await modelsWith({ 'tokenizer.json': null, 'config.json': '' });
    const finding = findEncoder(modelsDir, ENCODER);
    await expect(finding).rejects.toThrow(EncoderUnavailable);
    await expect(finding).rejects.toThrow(TransientError);
    await expect(finding).rejects.toThrow(join(modelsDir, ENCODER));
    await expect(finding).rejects.toThrow('missing config.json, tokenizer.json');
  });

  test.each(['../secrets', '/etc', '', '.', 'a/b'])('is never looked for at %j', async (folder) => {
    await expect(findEncoder(MODELS, folder)).rejects.toThrow(ConfigError);
  });

  test('with broken weights makes every call fail with its name, without retrying in a loop', async () => {
    const modelsDir = await modelsWith({ 'onnx/model_quantized.onnx': 'not a model' });
    const { encoder, threads } = real(1, await findEncoder(modelsDir, ENCODER));
    const calls = [encoder.embed(texts(2)), encoder.embed(texts(1))];
    for (const call of calls) {
      await expect(call).rejects.toThrow(EncoderUnavailable);
      await expect(call).rejects.toThrow(join(modelsDir, ENCODER));
    }
    expect(threads).toHaveLength(1);
  });

  test('whose weights were replaced since it was identified is not used', async () => {
    const modelsDir = await modelsWith({});
    const { encoder } = real(1, await findEncoder(modelsDir, ENCODER));
    const weights = join(modelsDir, ENCODER, 'onnx/model_quantized.onnx');
    await unlink(weights);
    await writeFile(weights, 'other weights');
    await expect(encoder.embed(['x'])).rejects.toThrow(/replaced: wants touchpoint-minilm-v1@/);
  });
});
