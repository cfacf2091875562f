import { appendFile, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { readExamples } from '../../src/classify/examples.ts';
import { headsSchema } from '../../src/classify/heads.ts';
import { createTagger } from '../../src/classify/tagger.ts';
import { silentLog } from '../../src/core/log.ts';
import { packagePath } from '../../src/core/paths.ts';
import { putFeedback } from '../../src/store/feedback.ts';
import { openEmbedded } from '../../src/store/open.ts';
import { importTouchpoints } from '../../src/store/pages.ts';
import { tinyNli } from '../classify/tiny-nli.ts';
import { touchpoint } from '../store/contract/fixtures.ts';
import { runCommand } from './run-command.ts';

/** Training and evaluation as a person runs them, on a few of the shipped items. */

let folder: string;
let labelled: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-train-'));
  labelled = path.join(folder, 'risks.jsonl');
  const all = await readExamples([packagePath('config', 'training', 'risks.jsonl')]);
  const dev = all.filter(({ split, risk }) => split === 'dev' && risk !== undefined).slice(0, 30);
  const train = all.filter(({ split }) => split === 'train').slice(0, 90);
  await writeFile(labelled, [...train, ...dev].map((item) => JSON.stringify(item)).join('\n'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[]) => {
  return runCommand(args, { cwd: folder, env: { TOUCHPOINT_DATA_DIR: path.join(folder, 'data') } });
};

const trained = z.looseObject({
  items: z.number(),
  written: z.boolean(),
  file: z.string(),
  tasks: z.array(z.looseObject({ task: z.string(), verdict: z.string() })),
});

describe('train', () => {
  const outFile = () => path.join(folder, 'models', 'touchpoint-minilm-v1', 'heads.json');

  it('says what would change and writes only when it is meant to', { timeout: 60_000 }, async () => {
    // any head is good enough here: what is tested is where it goes
    const args = ['train', '--data', labelled, '--tolerance', '1', '--output', 'models'];
    const dry = await run([...args, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, err: '' });
    expect(dry.out).toContain('nothing written');
    await expect(readFile(outFile())).rejects.toThrow('ENOENT');

    const { code, out } = await run([...args, '--json']);
    expect(code).toBe(0);
    const said = trained.parse(JSON.parse(out));
    expect(said).toMatchObject({ written: true, file: outFile() });
    const verdicts = Object.fromEntries(said.tasks.map(({ task, verdict }) => [task, verdict]));
    expect(verdicts).toMatchObject({
      risk: 'replaced',
      topic: 'replaced',
      sentiment: 'kept: too little data',
    });
    const heads = headsSchema.parse(JSON.parse(await readFile(outFile(), 'utf8')));
    expect(heads.tasks['risk']?.dev?.items).toBe(30);
  });

  it('learns from what people said in the store, beside a file', { timeout: 60_000 }, async () => {
    const store = await openEmbedded(path.join(folder, 'data'));
    const now = '2026-03-01T00:00:00.000Z';
    const match = { client: null, method: null, confidence: null };
    const points = ['Sponsor leaves in May', 'Their invoices stay unpaid'].map((title, n) => ({
      touchpoint: touchpoint(`r${n}`, { kind: 'risk', title, body: '' }),
      match,
    }));
    await importTouchpoints(store, now, points);
    const tasks = { risk: { labels: [{ id: 'relationship' }, { id: 'commercial' }] } };
    for (const [n, label] of ['relationship', 'commercial'].entries()) {
      const verdict = { verdict: 'labels', task: 'risk', labels: [label] } as const;
      await putFeedback(store, tasks, { now, kind: 'risk', source_key: `r${n}`, ...verdict });
    }
    await store.close();
    await writeFile(
      path.join(folder, 'said.jsonl'),
      JSON.stringify({ kind: 'risk', title: 'They look at another vendor', task: 'risk', labels: ['churn'] }),
    );
    const args = ['train', '--data', labelled, '--dry-run', '--json', '--feedback', 'said.jsonl'];
    const counts = async (...more: string[]) =>
      z
        .looseObject({ feedback: z.number(), unused: z.number() })
        .parse(JSON.parse((await run([...args, ...more])).out));
    expect(await counts()).toMatchObject({ feedback: 1, unused: 0 });
    expect(await counts('--store-feedback')).toMatchObject({ feedback: 3, unused: 0 });
  });

  it('leaves the installed package alone', { timeout: 60_000 }, async () => {
    const shipped = packagePath('models', 'touchpoint-minilm-v1', 'heads.json');
    const before = await readFile(shipped, 'utf8');
    const { out } = await run(['train', '--data', labelled, '--tolerance', '1', '--json']);
    const own = path.join(folder, 'data', 'models', 'touchpoint-minilm-v1', 'heads.json');
    expect(trained.parse(JSON.parse(out))).toMatchObject({ written: true, file: own });
    expect(await readFile(shipped, 'utf8')).toBe(before);
    // which a tagger then uses
    const { heads } = z
      .looseObject({ heads: z.string() })
      .parse(
        JSON.parse((await run(['evaluate', labelled, '--split', 'dev', '--task', 'risk', '--json'])).out),
      );
    expect(heads).not.toBe('derived');
    await rm(path.join(folder, 'data', 'models'), { recursive: true });
  });

  it.each([
    [
      'an unknown label',
      '{"id":"r9","kind":"risk","text":"x","risk":["chrun"]}',
      "item r9: 'chrun' is no label of risk",
    ],
    ['a broken line', '{"kind":"risk"', 'wrong.jsonl line 1: not JSON'],
  ])('refuses %s with 2', async (_, line, message) => {
    await writeFile(path.join(folder, 'wrong.jsonl'), line);
    const { code, out, err } = await run(['train', '--data', 'wrong.jsonl']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});

describe('evaluate', () => {
  it('prints tables and draws every task', { timeout: 60_000 }, async () => {
    const { code, out } = await run(['evaluate', labelled, '--split', 'dev', '--svg', 'charts']);
    expect(code).toBe(0);
    expect(out).toContain('30 items of the dev split');
    expect(out).toMatch(/^\| risk +\| 30 /m);
    expect((await readdir(path.join(folder, 'charts'))).sort()).toEqual([
      'risk-confusion.svg',
      'risk-reliability.svg',
      'topic-confusion.svg',
      'topic-reliability.svg',
    ]);
  });

  it('compares two models folders and fails where too much turned', { timeout: 60_000 }, async () => {
    const old = packagePath('models');
    const args = ['evaluate', labelled, '--split', 'dev', '--json', '--compare', old];
    const same = await run([...args, old, '--most-flips', '0', '--least-overlap', '1']);
    expect(same.code).toBe(0);
    expect(JSON.parse(same.out)).toMatchObject({ items: 30, vectors: { overlap: 1 }, exceeded: [] });
    const now = path.join(folder, 'now');
    await cp(path.join(old, 'touchpoint-minilm-v1'), path.join(now, 'touchpoint-minilm-v1'), {
      recursive: true,
    });
    await rm(path.join(now, 'touchpoint-minilm-v1', 'heads.json'));
    const { code, out } = await run([...args, now, '--most-flips', '0']);
    expect(code).toBe(1);
    const { exceeded, tasks } = JSON.parse(out);
    expect(exceeded[0]).toMatch(/of the answers turned, at most 0.0 % may/);
    for (const { items, mended, broken, accuracy } of tasks)
      expect(accuracy.now - accuracy.old).toBeCloseTo((mended - broken) / items, 10);
    // the same weights under another hash: a property is added to the file, and the old heads are not for it
    const weights = path.join(now, 'touchpoint-minilm-v1', 'onnx', 'model_quantized.onnx');
    await appendFile(weights, Buffer.from([0x72, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76]));
    const other = await run([...args, now, '--most-flips', '0', '--same-heads']);
    expect(other).toMatchObject({ code: 0 });
    const report = JSON.parse(other.out);
    expect(report.old).not.toBe(report.new);
    expect(report.tasks[0]).toMatchObject({ flips: 0 });
  });

  it('measures a task’s own entailment model, which train leaves', { timeout: 120_000 }, async () => {
    const models = path.join(folder, 'entailed');
    await tinyNli(models, 'maker/tiny');
    await symlink(packagePath('models', 'touchpoint-minilm-v1'), path.join(models, 'touchpoint-minilm-v1'));
    const taxonomy = parse(await readFile(packagePath('config', 'taxonomy.yaml'), 'utf8'));
    Object.assign(taxonomy.tasks.risk, { engine: 'entailment', model: 'maker/tiny' });
    const taxonomyFile = path.join(folder, 'entailed.yaml');
    await writeFile(taxonomyFile, stringify(taxonomy));
    const settings = `taxonomy: entailed.yaml\nmodels: { folder: ${models} }\n`;
    await writeFile(path.join(folder, 'entailed-settings.yaml'), settings);
    const args = ['--config', 'entailed-settings.yaml', '--json'];

    const measured = await run(['evaluate', labelled, '--split', 'dev', '--task', 'risk', ...args]);
    const [report] = JSON.parse(measured.out).tasks;
    const dev = (await readExamples([labelled])).filter(({ split }) => split === 'dev');
    const options = { modelsDir: models, encoder: 'touchpoint-minilm-v1', taxonomyFile, workers: 1 };
    await using tagger = await createTagger({ ...options, log: silentLog });
    const answers = await tagger.classify('risk', dev);
    const right = dev.filter(({ risk }, at) => (risk?.[0] ?? null) === answers[at]?.primary);
    expect(report).toMatchObject({ task: 'risk', measures: { items: dev.length } });
    expect(report.measures.accuracy).toBeCloseTo(right.length / dev.length, 10);

    // a model that knows nothing answers otherwise than our heads
    const heads = await run(['evaluate', labelled, '--split', 'dev', '--task', 'risk', '--json']);
    expect(JSON.parse(heads.out).tasks[0].measures.accuracy).toBeGreaterThan(report.measures.accuracy);

    // training does not even need its files
    await rm(path.join(models, 'maker'), { recursive: true });
    const fit = ['train', '--data', labelled, '--tolerance', '1', '--dry-run', ...args.slice(0, 2)];
    expect((await run(fit)).out).toMatch(/^risk +left: has no head \(an entailment model answers it/m);
    expect((await run(fit)).out).toMatch(/^topic +replaced/m);
  });

  it('says so when there is nothing to measure', async () => {
    const { code, err } = await run(['evaluate', labelled, '--split', 'test']);
    expect(code).toBe(2);
    expect(err).toContain('nothing to evaluate');
  });
});
