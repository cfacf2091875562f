import { copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { logOdds, openEntailment } from '../../src/classify/entailment.ts';
import { loadEntailment } from '../../src/classify/entailment-model.ts';
import { promptText } from '../../src/classify/prompt.ts';
import { createTagger } from '../../src/classify/tagger.ts';
import type { Task } from '../../src/classify/taxonomy.ts';
import { openWorkbench } from '../../src/classify/workbench.ts';
import { silentLog } from '../../src/core/log.ts';
import { madeUpTask } from './made-up.ts';
import { ENCODER, MODELS, TAXONOMY, temporaryFolder } from './model-folder.ts';
import { POSITIONS, tinyNli } from './tiny-nli.ts';

const LABELS = [
  'escalation',
  'renewal discussion',
  'training',
  'quarterly business review with figures',
  'none',
];
const TEXTS = [
  'Urgent: production is down at the hospital',
  'Renewal quote attached',
  'A course for the night shift, and then some more words so that this text is longer than the others are',
];
const HYPOTHESES = LABELS.map((label) => `This example is ${label}.`);

async function modelsDir(config?: object): Promise<string> {
  const folder = await temporaryFolder();
  await tinyNli(folder, 'tiny', config);
  return folder;
}

async function loaded(folder: string, dtype: 'q8' | 'fp32', hypotheses: readonly string[] = HYPOTHESES) {
  return loadEntailment({ modelsDir: folder, name: 'tiny', dtype, hypotheses, hubCache: null });
}

const softmax = (values: readonly number[]) => {
  const powers = values.map((value) => Math.exp(value - Math.max(...values)));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
};

/** By label, as the stock pipeline gives them. */
function scores(logits: Float32Array, multi: boolean): number[] {
  const odds = logOdds({ multi, labels: madeUpTask(LABELS).labels }, logits);
  return multi ? odds.map((odd) => 1 / (1 + Math.exp(-odd))) : softmax(odds);
}

describe.each([
  ['fp32', 1e-4],
  ['q8', 1e-4],
] as const)('entailment in %s', (dtype, tolerance) => {
  it.each([true, false])('gives the stock pipeline’s scores (several may hold: %s)', async (multi) => {
    const folder = await modelsDir();
    const model = await loaded(folder, dtype);
    env.localModelPath = folder;
    env.allowRemoteModels = false;
    const stock = await pipeline('zero-shot-classification', 'tiny', { dtype, local_files_only: true });
    for (const text of TEXTS) {
      const wanted = await stock(text, LABELS, { multi_label: multi });
      const found = scores(await model.logitsOf(text), multi);
      for (const [at, label] of wanted.labels.entries())
        expect(Math.abs((found[LABELS.indexOf(label)] ?? 0) - (wanted.scores[at] ?? 0))).toBeLessThan(
          tolerance,
        );
    }
    // they differ by a hundred times what is tolerated
    const spread = scores(await model.logitsOf(TEXTS[0] ?? ''), multi);
    expect(Math.max(...spread) - Math.min(...spread)).toBeGreaterThan(0.01);
    await Promise.all([model.release(), stock.dispose()]);
  });

  it('gives a label the same score whatever the other labels are', async () => {
    const folder = await modelsDir();
    const [all, one] = [await loaded(folder, dtype), await loaded(folder, dtype, HYPOTHESES.slice(1, 2))];
    for (const text of TEXTS) {
      const [many, alone] = [await all.logitsOf(text), await one.logitsOf(text)];
      for (const at of [0, 1]) expect(Math.abs((many[2 + at] ?? 0) - (alone[at] ?? 0))).toBeLessThan(1e-5);
    }
    await Promise.all([all.release(), one.release()]);
  });

  it('cuts the text and not the hypothesis, where the stock pipeline fails', async () => {
    const folder = await modelsDir();
    const model = await loaded(folder, dtype);
    const long = `${TEXTS[0]} ${'and more of the same words '.repeat(400)}`;
    env.localModelPath = folder;
    const stock = await pipeline('zero-shot-classification', 'tiny', { dtype, local_files_only: true });
    await expect(stock(long, LABELS)).rejects.toThrow();
    const found = await model.logitsOf(long);
    expect(new Set(found).size).toBe(2 * LABELS.length);
    expect(await model.logitsOf(`${long} with another end`)).toEqual(found);
    expect(await model.logitsOf(`Another beginning ${long}`)).not.toEqual(found);
    await Promise.all([model.release(), stock.dispose()]);
  });
});

describe('a model', () => {
  it('whose batches of 8 bits would mix labels is what the tests hold', async () => {
    // otherwise "one by one" could not be told from "all at once"
    const folder = await modelsDir();
    await copyFile(join(folder, 'tiny/onnx/model_quantized.onnx'), join(folder, 'tiny/onnx/model.onnx'));
    const [batched, single] = [await loaded(folder, 'fp32'), await loaded(folder, 'q8')];
    const [a, b] = [await batched.logitsOf(TEXTS[0] ?? ''), await single.logitsOf(TEXTS[0] ?? '')];
    expect(Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? 0))))).toBeGreaterThan(1e-4);
    await Promise.all([batched.release(), single.release()]);
  });

  it('is read by its own names of outputs, and refused where it has none', async () => {
    const swapped = await modelsDir({ label2id: { contradiction: 1, entailment: 2 } });
    const [normal, other] = [await loaded(await modelsDir(), 'fp32'), await loaded(swapped, 'fp32')];
    const [a, b] = [await normal.logitsOf(TEXTS[0] ?? ''), await other.logitsOf(TEXTS[0] ?? '')];
    expect([b[1], b[0]]).toEqual([a[0], a[1]]);
    await Promise.all([normal.release(), other.release()]);
    const two = await loaded(await modelsDir({ label2id: { entailment: 0, not_entailment: 1 } }), 'fp32');
    await two.release();
    await expect(loaded(await modelsDir({ label2id: { LABEL_0: 0, LABEL_1: 1 } }), 'fp32')).rejects.toThrow(
      'names no outputs',
    );
  });

  it('that leaves no room for any word still answers by the hypotheses', async () => {
    const folder = await modelsDir();
    const model = await loaded(folder, 'fp32', [`This ${'very '.repeat(POSITIONS - 6)}much.`]);
    expect(await model.logitsOf(TEXTS[0] ?? '')).toHaveLength(2);
    await model.release();
  });
});

describe('a task with an entailment model', () => {
  let folder: string;
  let taxonomyFile: string;
  const close: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const { mkdtemp } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    folder = await mkdtemp(join(tmpdir(), 'touchpoint-nli-'));
    await tinyNli(folder, 'maker/tiny');
    await symlink(join(MODELS, ENCODER), join(folder, ENCODER));
    const taxonomy = parse(await readFile(TAXONOMY, 'utf8'));
    Object.assign(taxonomy.tasks.risk, { engine: 'entailment', model: 'maker/tiny' });
    taxonomyFile = join(folder, 'taxonomy.yaml');
    await writeFile(taxonomyFile, stringify(taxonomy));
  });
  afterAll(async () => {
    for (const one of close) await one();
    const { rm } = await import('node:fs/promises');
    await rm(folder, { recursive: true, force: true });
  });
  const open = async (file: string) => {
    const options = { modelsDir: folder, encoder: ENCODER, taxonomyFile: file, workers: 1, log: silentLog };
    const tagger = await createTagger(options);
    close.push(() => tagger.close());
    return tagger;
  };
  const item = { kind: 'risk' as const, title: 'Budget cut', text: 'They want to pay half of it next year' };

  it('is answered by it in a thread of its own, and the other tasks as ever', {
    timeout: 120_000,
  }, async () => {
    const [mixed, plain] = [await open(taxonomyFile), await open(TAXONOMY)];
    expect(mixed.taxonomy).not.toBe(plain.taxonomy);
    const [[a], [b]] = [await mixed.tag([item]), await plain.tag([item])];
    expect(a?.tasks['topic']).toEqual(b?.tasks['topic']);
    expect(a?.vector).toEqual(b?.vector);
    expect(a?.tasks['risk']?.scores).not.toEqual(b?.tasks['risk']?.scores);
    expect(await mixed.classify('risk', [item])).toEqual([a?.tasks['risk']]);
    const total = Object.values(a?.tasks['risk']?.scores ?? {}).reduce((sum, score) => sum + score, 0);
    expect(total).toBeCloseTo(1, 3);
  });

  it('is answered by it on the workbench too, where evaluation measures', { timeout: 120_000 }, async () => {
    const options = { modelsDir: folder, encoder: ENCODER, taxonomyFile, workers: 1, log: silentLog };
    await using bench = await openWorkbench(options);
    const items = [item, { ...item, title: 'Sponsor leaves' }];
    const prompts = items.map(promptText);
    const texts = (await bench.vectors(prompts)).map((vector, at) => ({ prompt: prompts[at] ?? '', vector }));
    const tagger = await open(taxonomyFile);
    for (const task of ['risk', 'topic']) {
      const answers = await bench.answers(task, texts);
      expect(answers.map(({ confidence: _, ...rest }) => rest)).toEqual(await tagger.classify(task, items));
    }
  });

  it('says nothing of a text that says nothing, and answers the same whatever else is under way', {
    timeout: 120_000,
  }, async () => {
    const tagger = await open(taxonomyFile);
    const empty = { ...item, title: '', text: '🙂 …' };
    const items = [empty, item, { ...item, text: 'x'.repeat(100_000) }, item];
    const [nothing, first, , again] = await tagger.classify('risk', items);
    expect(nothing).toMatchObject({ primary: null, labels: [], uncertain: true });
    expect(again).toEqual(first);
    const [alone] = await (await open(taxonomyFile)).classify('risk', [item]);
    expect(alone).toEqual(first);
  });

  it('is refused where its model is neither here nor may be fetched', async () => {
    const task: Task = madeUpTask(['a', 'b'], {
      engine: 'entailment',
      model: 'Xenova/mobilebert-uncased-mnli',
    });
    const options = { modelsDir: folder, cacheDir: undefined, log: silentLog };
    await expect(
      openEntailment({ tasks: { risk: task } }, { ...options, allowRemote: false }),
    ).rejects.toThrow('tasks.risk.model');
    const opened = await openEntailment({ tasks: { risk: task } }, { ...options, allowRemote: true });
    expect(opened.id).toBe('Xenova/mobilebert-uncased-mnli@hub');
  });
});
