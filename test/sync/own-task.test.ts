import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { headsSchema } from '../../src/classify/heads.ts';
import { createTagger } from '../../src/classify/tagger.ts';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { Context } from '../../src/cli/context.ts';
import { train } from '../../src/cli/train.ts';
import { loadConfig } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { putFeedback } from '../../src/store/feedback.ts';
import { importTouchpoints } from '../../src/store/pages.ts';
import { TAXONOMY } from '../classify/model-folder.ts';
import { touchpoint } from '../store/contract/fixtures.ts';
import { HELP, JUDGED, SAID, TAUGHT } from './own-task-texts.ts';

/** A task of one's own from its descriptions to feedback: the real encoder, the real store, what a person runs. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-own-task-'));
  const taxonomy = parse(await readFile(TAXONOMY, 'utf8'));
  await writeFile(
    path.join(folder, 'taxonomy.yaml'),
    stringify({ tasks: { ...taxonomy.tasks, help: HELP } }),
  );
  await writeFile(path.join(folder, 'touchpoint.yaml'), 'taxonomy: taxonomy.yaml\nmodels: { workers: 1 }\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function context(): Promise<Context> {
  const env = { TOUCHPOINT_DATA_DIR: path.join(folder, 'data') };
  return new Context(await loadConfig(env, undefined, folder), silentLog);
}

type Texts = Readonly<Record<string, readonly string[]>>;
const flat = (texts: Texts) =>
  Object.entries(texts).flatMap(([label, all]) => all.map((text) => ({ label, text })));

/** Shares of right answers by a tagger made anew, as the daemon makes one after its restart. */
async function accuracy() {
  await using opened = await context();
  await using tagger = await createTagger(opened.taggerOptions());
  const share = async (texts: Texts) => {
    const items = flat(texts);
    const asked = items.map(({ text }) => ({ kind: 'email' as const, title: '', text }));
    const answers = await tagger.classify('help', asked);
    return items.filter(({ label }, at) => answers[at]?.primary === label).length / items.length;
  };
  return { judged: await share(JUDGED), said: await share(SAID) };
}

async function trained(options: object) {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await using opened = await context();
    await train(opened, { tolerance: 0.01, json: true, ...options });
  } finally {
    spy.mockRestore();
  }
  return JSON.parse(written.join(''));
}

async function examples(name: string, each: number): Promise<string> {
  const file = path.join(folder, name);
  const lines = Object.entries(TAUGHT).flatMap(([label, texts]) =>
    texts.slice(0, each).map((text) => JSON.stringify({ kind: 'email', text, labels: { help: [label] } })),
  );
  await writeFile(file, lines.join('\n'));
  return file;
}

async function correct(): Promise<void> {
  await using opened = await context();
  const store = await opened.store();
  const taxonomy = await readTaxonomy(path.join(folder, 'taxonomy.yaml'));
  const now = '2026-03-01T00:00:00.000Z';
  const said = flat(SAID);
  const match = { client: null, method: null, confidence: null };
  const points = said.map(({ text }, n) => ({
    touchpoint: touchpoint(`m${n}`, { kind: 'email', title: '', body: text }),
    match,
  }));
  await importTouchpoints(store, now, points);
  for (const [n, { label }] of said.entries()) {
    const whole = { verdict: 'labels', task: 'help', labels: [label] } as const;
    await putFeedback(store, taxonomy.tasks, { now, kind: 'email', source_key: `m${n}`, ...whole });
  }
}

const help = ({ tasks }: { tasks: readonly { task: string }[] }) => tasks.find(({ task }) => task === 'help');

it('learns from descriptions, examples and feedback, and goes back', { timeout: 120_000 }, async () => {
  const described = await accuracy();

  const eight = await trained({ data: [await examples('eight.jsonl', 8)] });
  expect(help(eight)).toMatchObject({ verdict: 'replaced', judgedOn: 'items unseen' });
  // the heads that ship stay beside it
  const { tasks } = headsSchema.parse(JSON.parse(await readFile(eight.file, 'utf8')));
  expect(Object.keys(tasks).sort()).toEqual(['action', 'help', 'intent', 'risk', 'sentiment', 'topic']);
  const withEight = await accuracy();

  const sixteen = await examples('sixteen.jsonl', 16);
  expect(help(await trained({ data: [sixteen] }))).toMatchObject({ verdict: 'replaced' });
  const withSixteen = await accuracy();

  await correct();
  const after = await trained({ data: [sixteen], storeFeedback: true });
  expect(after).toMatchObject({ feedback: 6, unused: 0, written: true });
  const withFeedback = await accuracy();

  await trained({ undo: true });
  const undone = await accuracy();
  for (const [step, { judged, said }] of Object.entries({ described, withEight, withSixteen, withFeedback }))
    console.log(
      `own task, ${step}: ${percent(judged)} of held-out texts, ${percent(said)} of corrected ones`,
    );
  expect(described.judged).toBeGreaterThan(0.5);
  expect(withEight.judged).toBeGreaterThan(described.judged);
  expect(withSixteen.judged).toBeGreaterThan(described.judged);
  expect(withFeedback.said).toBeGreaterThan(withSixteen.said);
  expect(withFeedback.judged).toBeGreaterThan(described.judged);
  expect(undone).toEqual(withSixteen);
});

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
