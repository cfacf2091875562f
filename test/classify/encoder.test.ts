import { env, pipeline } from '@huggingface/transformers';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { Encoder } from '../../src/classify/encoder.ts';
import { DIMENSIONS, findEncoder, searchVector, WITH_FEATURES } from '../../src/classify/encoder-files.ts';
import { dot } from '../../src/classify/heads.ts';
import { silentLog } from '../../src/core/log.ts';
import { ENCODER, MODELS } from './model-folder.ts';

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

describe('vectors', () => {
  test('have 384 numbers and unit length, and so have the features behind them', async () => {
    expect(files.width).toBe(WITH_FEATURES);
    for (const reading of await shared.embed(['Weekly catch-up', LONG, '10', 'x'])) {
      const [search, features] = [searchVector(reading), reading.subarray(DIMENSIONS)];
      for (const part of [search, features]) {
        expect(part).toHaveLength(DIMENSIONS);
        expect(dot(part, part)).toBeCloseTo(1, 5);
      }
      expect(features).not.toEqual(search);
    }
  });

  test('of a text are exactly the same alone and amid thirty others under way', async () => {
    const alone = await vectorOf('Contract renewal and pricing');
    const others = Array.from({ length: 30 }, (_, n) => shared.embed([text(n), text(n + 100)]));
    const amid = await vectorOf('Contract renewal and pricing');
    const [, inside] = await shared.embed([text(500), 'Contract renewal and pricing', text(501)]);
    await Promise.all(others);
    expect(amid).toEqual(alone);
    expect(inside).toEqual(alone);
  });

  test('come in the order of the texts, one for each, duplicates included', async () => {
    const texts = [text(3), text(1), text(3), text(2)];
    const vectors = await shared.embed(texts);
    const each = await Promise.all(texts.map((one) => vectorOf(one)));
    expect(vectors).toEqual(each);
    expect(await shared.embed([])).toEqual([]);
  });

  test.each([
    ['the invoice is wrong', 'you billed us the incorrect amount'],
    ['the system is slow every morning', 'pages take for ever to load before noon'],
    ['our champion is leaving the company', 'the sponsor resigned'],
  ])('bring %j nearer to %j than to something else', async (one, paraphrase) => {
    const readings = await shared.embed([one, paraphrase, 'lunch menu for the team party']);
    const [a, b, c] = readings.map(searchVector);
    expect(dot(a ?? [], b ?? [])).toBeGreaterThan(dot(a ?? [], c ?? []) + 0.2);
  });

  test.each([
    ['empty', ''],
    ['emoji only', '😀👍🏽'],
    ['Japanese', '四半期レビューの会議'],
    ['Arabic', 'اجتماع المراجعة'],
    ['a NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\uD800b'],
    ['special tokens', '[CLS] [SEP] [MASK] [PAD]'],
    ['100 kB', 'renewal terms '.repeat(7_200)],
    ['one endless word', 'a'.repeat(100_000)],
  ])('are defined for %s', async (_, odd) => {
    const reading = await vectorOf(odd);
    expect(dot(searchVector(reading), searchVector(reading))).toBeCloseTo(1, 5);
    expect(await vectorOf(odd)).toEqual(reading);
  });

  test("are those of Transformers.js's own feature extraction", async () => {
    env.allowRemoteModels = false;
    env.localModelPath = MODELS;
    const extract = await pipeline('feature-extraction', ENCODER, { dtype: 'q8' });
    onTestFinished(() => extract.dispose());
    for (const one of ['', 'Weekly catch-up', text(8), 'Sev1: nobody can log in!']) {
      const output = await extract([one], { pooling: 'mean', normalize: true });
      const theirs = Float32Array.from(output.data, Number);
      const ours = searchVector(await vectorOf(one));
      const apart = ours.map((value, at) => Math.abs(value - (theirs[at] ?? Number.NaN)));
      expect(Math.max(...apart)).toBeLessThan(1e-5);
    }
  });
});
