import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DIMENSIONS } from '../../src/classify/encoder-files.ts';
import { type Example, readExamples } from '../../src/classify/examples.ts';
import { learnFeedback, readFeedback } from '../../src/classify/feedback.ts';
import { lessonsFrom } from '../../src/classify/lessons.ts';
import { readTaxonomy } from '../../src/classify/taxonomy.ts';
import { cachedVectors } from '../../src/classify/vector-cache.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/log.ts';
import { numbers, vectorFor } from './made-up.ts';
import { TAXONOMY, temporaryFolder } from './model-folder.ts';

const taxonomy = await readTaxonomy(TAXONOMY);

async function file(...lines: readonly (object | string)[]): Promise<string> {
  const path = join(await temporaryFolder(), 'lines.jsonl');
  await writeFile(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return path;
}

describe('labelled items', () => {
  test('are read with or without ids, titles and splits', async () => {
    const read = await readExamples([await file({ kind: 'risk', text: 'x', risk: ['churn'] }, '')]);
    expect(read).toEqual([{ kind: 'risk', title: '', text: 'x', risk: ['churn'] }]);
  });

  test.each<[string, object | string, string]>([
    ['a misspelt member', { kind: 'risk', text: 'x', risks: ['churn'] }, 'lines.jsonl line 2'],
    ['no kind', { text: 'x' }, 'kind'],
    ['no JSON', 'risk: churn', 'line 2: not JSON'],
  ])('with %s are refused, naming the line', async (_, line, message) => {
    const reading = readExamples([await file({ kind: 'risk', text: 'fine' }, line)]);
    await expect(reading).rejects.toThrow(ConfigError);
    await expect(reading).rejects.toThrow(message);
  });

  test('that are not there name the file', async () => {
    await expect(readExamples(['/nowhere/items.jsonl'])).rejects.toThrow(
      '/nowhere/items.jsonl cannot be read',
    );
  });
});

describe('lessons', () => {
  test('know whether an item was written beside others of nearly the same wording', () => {
    const item = (text: string, group?: string): Example => {
      return { kind: 'nps', title: '', text, sentiment: 'positive', split: 'dev', ...(group && { group }) };
    };
    const examples = [item('Fast', 'pair'), item('Not slow', 'pair'), item('A joy', 'alone'), item('Good')];
    expect(lessonsFrom({ examples, feedback: [] }).map(({ paired }) => paired)).toEqual([
      ...[true, true],
      ...[false, false],
    ]);
  });
});

describe('feedback', () => {
  test('of a store leaves out what the taxonomy no longer has, and counts it', async () => {
    async function* said() {
      const risk = { title: '', text: 'They pay late', task: 'risk' };
      yield { ...risk, labels: ['commercial', 'churn'] };
      yield { ...risk, task: 'topic', label: 'value & pricing', agrees: false };
      yield { ...risk, label: 'churn', agrees: false };
      yield { ...risk, labels: ['abandoned'] };
      yield { ...risk, task: 'constructor', labels: [] };
    }
    const { feedback, unused } = await learnFeedback(said(), taxonomy);
    expect(feedback.map(({ task, gold }) => [task, gold.right])).toEqual([
      ['risk', ['commercial']],
      ['topic', []],
    ]);
    expect(unused).toBe(3);
  });

  const line = (more: object) => ({ kind: 'risk', text: 'They pay late', task: 'risk', ...more });

  test('is a correction or a thumb; a thumb down on competing labels says too little', async () => {
    const path = await file(
      line({ labels: ['commercial', 'churn'] }),
      line({ label: 'commercial', agrees: true }),
      line({ label: 'churn', agrees: false }),
      line({ task: 'topic', label: 'value & pricing', agrees: false }),
      line({ task: 'intent', labels: [] }),
    );
    const { feedback, unused } = await readFeedback(path, taxonomy);
    expect(unused).toBe(1);
    expect(feedback.map(({ gold }) => gold)).toMatchObject([
      { primary: 'commercial', right: ['commercial'], labels: ['commercial', 'churn'] },
      { primary: 'commercial', labels: ['commercial'] },
      { labels: [], judged: ['value & pricing'] },
      { labels: [], right: [] },
    ]);
  });

  test.each([
    ['an unknown task', { task: 'mood', labels: [] }, "line 1: task: 'mood'"],
    ['an unknown label', { labels: ['late'] }, "line 1: 'late' is no label of risk"],
    ['nothing said', {}, 'line 1'],
  ])('with %s is refused', async (_, more, message) => {
    await expect(readFeedback(await file(line(more)), taxonomy)).rejects.toThrow(message);
  });
});

describe('lessons', () => {
  const example = (text: string, split: Example['split']): Example => {
    return { kind: 'risk', title: '', text, risk: ['technical'], topics: [], ...(split && { split }) };
  };
  const said = (text: string) => {
    return { title: '', text, task: 'risk', gold: { labels: ['churn'], right: ['churn'], primary: 'churn' } };
  };

  const texts = (lessons: readonly { readonly prompt: string }[]) => lessons.map(({ prompt }) => prompt);

  test('come from train and dev items alone, and from texts that can be read', () => {
    const examples = [
      example('a b c', 'train'),
      example('d e f', 'dev'),
      example('g h i', 'test'),
      example('…', 'train'),
    ];
    const lessons = lessonsFrom({ examples, feedback: [] });
    expect(lessons.map(({ prompt, split }) => [prompt, split])).toEqual([
      ['a b c', 'train'],
      ['d e f', 'dev'],
    ]);
  });

  test('let what people said replace the written label of its task, and count for more', () => {
    const examples = [example('They left', 'train')];
    const lessons = lessonsFrom({ examples, feedback: [said('they LEFT!')] });
    expect(lessons.map(({ goldOf }) => goldOf('risk')?.labels)).toEqual([undefined, ['churn']]);
    expect(lessons.map(({ goldOf }) => goldOf('topic')?.labels)).toEqual([[], undefined]);
    expect(lessons[1]?.importance).toBeGreaterThan(1);
  });

  test('never come from feedback on what nearly is an item that chooses or judges', () => {
    const feedback = [said('they left us in May')];
    expect(lessonsFrom({ examples: [example('They left us in June', 'test')], feedback })).toEqual([]);
    const chosen = lessonsFrom({ examples: [example('They left us in June', 'dev')], feedback });
    expect(texts(chosen)).toEqual(['They left us in June']);
  });

  test("come from the taxonomy's own phrases too, which say nothing about other labels of several", () => {
    const lessons = lessonsFrom({ examples: [], feedback: [], taxonomy });
    const phrase = lessons.find(({ prompt }) => prompt === 'QBR with the hospital');
    expect(phrase?.goldOf('intent')).toMatchObject({ labels: ['qbr'], judged: ['qbr'] });
    expect(phrase?.goldOf('topic')).toBeUndefined();
    const mixed = lessons.find(({ prompt }) => prompt === 'Great people, poor software');
    expect(mixed?.goldOf('sentiment')).toMatchObject({ labels: ['mixed'], right: [], judged: ['mixed'] });
  });

  test('leave out a phrase that is nearly an item that judges', () => {
    const examples = [example('QBR with the big hospital', 'test')];
    const lessons = lessonsFrom({ examples, feedback: [], taxonomy });
    expect(texts(lessons)).not.toContain('QBR with the hospital');
    expect(texts(lessons)).toContain('QBR preparation Q3');
  });
});

describe('the cache of vectors', () => {
  function cache(dir: string) {
    const asked: string[] = [];
    const random = numbers(9);
    const embed = async (texts: readonly string[]) => {
      asked.push(...texts);
      return texts.map(() => vectorFor(1, 1, random));
    };
    return { asked, settings: { encoder: 'made-up@0', width: DIMENSIONS, embed, dir, log: silentLog } };
  }

  test('gives each text its vector and asks the encoder only for new ones', async () => {
    const { asked, settings } = cache(await temporaryFolder());
    const first = await cachedVectors(settings, ['a', 'b', 'a']);
    expect(first[0]).toEqual(first[2]);
    expect(await cachedVectors(settings, ['b', 'c', 'a'])).toEqual([first[1], expect.anything(), first[0]]);
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  test('mends itself after an interruption in the middle of a record', async () => {
    const dir = await temporaryFolder();
    const { asked, settings } = cache(dir);
    const [first] = await cachedVectors(settings, ['a', 'b']);
    const path = join(dir, 'vectors-made-up@0.f32');
    await truncate(path, (await stat(path)).size - 100);
    const again = await cachedVectors(settings, ['a', 'b', 'c']);
    expect(again[0]).toEqual(first);
    expect(await cachedVectors(settings, ['a', 'b', 'c'])).toEqual(again);
    expect(asked).toEqual(['a', 'b', 'b', 'c']);
    expect((await readFile(path)).length).toBe(3 * (16 + 4 * 384));
  });

  test('holds no text', async () => {
    const dir = await temporaryFolder();
    await cachedVectors(cache(dir).settings, ['a secret of a client']);
    expect((await readFile(join(dir, 'vectors-made-up@0.f32'))).includes('secret')).toBe(false);
  });
});
