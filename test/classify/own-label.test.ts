import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Decision } from '../../src/classify/decide.ts';
import { among, type Example, readExamples, trainingFiles } from '../../src/classify/examples.ts';
import type { Feedback } from '../../src/classify/feedback.ts';
import { NO_HEADS, toHeads } from '../../src/classify/heads.ts';
import { lessonsFrom } from '../../src/classify/lessons.ts';
import { promptText } from '../../src/classify/prompt.ts';
import { refit } from '../../src/classify/refit.ts';
import { openWorkbench, type Workbench } from '../../src/classify/workbench.ts';
import { silentLog } from '../../src/core/log.ts';
import { CORRECTED, JUDGED, TAUGHT } from './data-migration.ts';
import { ENCODER, MODELS, TAXONOMY } from './model-folder.ts';

/** A label of one's own, from its description alone to feedback: what it gains at each step, with the real encoder. */

const LABEL = 'data migration';
const OWN = {
  id: LABEL,
  name: 'Data migration',
  description:
    'Moving historical records out of an old system into a new one: extracts, mapping, trial loads, reconciliation',
};

let bench: Workbench;
let folder: string;
let shipped: readonly Example[];
beforeAll(async () => {
  const { mkdtemp } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  folder = await mkdtemp(join(tmpdir(), 'touchpoint-own-'));
  const taxonomy = parse(await readFile(TAXONOMY, 'utf8'));
  taxonomy.tasks.topic.labels.push(OWN);
  const taxonomyFile = join(folder, 'taxonomy.yaml');
  await writeFile(taxonomyFile, stringify(taxonomy));
  const options = { modelsDir: MODELS, encoder: ENCODER, taxonomyFile, workers: 2, cacheDir: folder };
  bench = await openWorkbench({ ...options, log: silentLog });
  const all = await readExamples(await trainingFiles(join(import.meta.dirname, '../../config/training')));
  const about = all.filter(
    ({ topics, title, text }) => topics !== undefined && !/migrat/i.test(title + text),
  );
  const some = (split: string, count: number) => about.filter((one) => one.split === split).slice(0, count);
  shipped = [...some('train', 300), ...some('dev', 120), ...some('test', 200)];
}, 120_000);
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  const { rm } = await import('node:fs/promises');
  await rm(folder, { recursive: true, force: true });
});

const own = (text: string): Example => ({ kind: 'topic', title: '', text, topics: [LABEL] });

interface Figures {
  readonly recall: number;
  readonly falseAlarms: number;
  readonly f1: number;
  readonly others: number;
}

/** Of the judged texts, and of shipped test items that are about something else. */
async function measured(examples: readonly Example[], feedback: readonly Feedback[]): Promise<Figures> {
  const heads = await headsFor(examples, feedback);
  const score = await bench.scorer(heads);
  const items = shipped.filter(({ split }) => split === 'test');
  const prompts = [...JUDGED, ...items.map(promptText)];
  const vectors = await bench.vectors(prompts);
  const answers = prompts.map((prompt, at): Decision => {
    return score('topic', { prompt, vector: vectors[at] ?? new Float32Array() });
  });
  const says = answers.map(({ labels }) => labels.some(({ label }) => label === LABEL));
  const hits = says.slice(0, JUDGED.length).filter(Boolean).length;
  const alarms = says.slice(JUDGED.length).filter(Boolean).length;
  const right = items.filter(({ topics = [] }, at) =>
    topics.includes(answers[JUDGED.length + at]?.primary ?? ''),
  );
  return {
    recall: hits / JUDGED.length,
    falseAlarms: alarms / items.length,
    f1: (2 * hits) / (JUDGED.length + hits + alarms),
    others: right.length / items.length,
  };
}

async function headsFor(examples: readonly Example[], feedback: readonly Feedback[]) {
  if (examples.length === 0 && feedback.length === 0) return bench.inUse?.heads ?? NO_HEADS;
  const learnt = [...shipped.filter(({ split }) => split !== 'test'), ...examples];
  const lessons = lessonsFrom({ examples: learnt, feedback, taxonomy: bench.taxonomy });
  const vectors = await bench.vectors(lessons.map(({ prompt }) => prompt));
  const { file } = await refit(bench, lessons, { tolerance: 1, vectors, feedback: feedback.length });
  return toHeads(file);
}

describe('a label of one’s own', () => {
  it('works from its description, and better with examples and feedback', { timeout: 240_000 }, async () => {
    const feedback = CORRECTED.map((text): Feedback => {
      return { title: '', text, task: 'topic', gold: among([LABEL], LABEL) };
    });
    const steps = {
      'description alone': await measured([], []),
      '8 examples': await measured(TAUGHT.slice(0, 8).map(own), []),
      '16 examples': await measured(TAUGHT.map(own), []),
      '16 examples and 6 corrections': await measured(TAUGHT.map(own), feedback),
    };
    for (const [step, { recall, falseAlarms, f1, others }] of Object.entries(steps)) {
      const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
      console.log(
        `own label, ${step}: recall ${percent(recall)}, false alarms ${percent(falseAlarms)}, F1 ${percent(f1)}, other topics right ${percent(others)}`,
      );
    }
    const all = Object.values(steps);
    expect(steps['description alone'].recall).toBeGreaterThan(0.5);
    for (const [at, { recall, f1 }] of all.entries()) {
      expect(recall).toBeGreaterThanOrEqual(all[at - 1]?.recall ?? 0);
      expect(f1).toBeGreaterThanOrEqual(steps['description alone'].f1);
    }
    expect(steps['16 examples and 6 corrections'].recall).toBeGreaterThan(0.85);
  });
});
