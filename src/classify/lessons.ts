import { shortHash } from '../core/hash.ts';
import { phrasesOf } from './derive-heads.ts';
import { type Example, first, type Gold, goldOf, type Split } from './examples.ts';
import type { Feedback } from './feedback.ts';
import { legibility, promptText } from './prompt.ts';
import { nearPairs, normalised, place } from './splits.ts';
import type { Label, Taxonomy } from './taxonomy.ts';
import type { Sample } from './training-problem.ts';

/** A person's word on a real item counts as much as this many written ones. */
const FEEDBACK_COUNTS = 5;

/** Something that can be learnt: a text, what is right about it, and what it may be used for. */
export interface Lesson {
  /** What the encoder reads. */
  readonly prompt: string;
  readonly split: Split;
  readonly importance: number;
  readonly goldOf: (task: string) => Gold | undefined;
  /** Written beside others of nearly the same wording, to be told from them: harder than what one meets. */
  readonly paired?: boolean;
}

export interface Material {
  readonly examples: readonly Example[];
  readonly feedback: readonly Feedback[];
  /** Without one its phrases are no lessons. */
  readonly taxonomy?: Taxonomy;
}

/**
 * Lessons for the train and dev splits; examples without a split get one by their text. What an item that chooses or
 * judges says must not be taught, whoever says it: feedback and phrases that come near one are left out. What people
 * said replaces the written label. Texts without a letter or digit teach nothing.
 */
export function lessonsFrom({ examples, feedback, taxonomy }: Material): readonly Lesson[] {
  const sizes = new Map<string | undefined, number>();
  for (const { group } of examples) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const items = withSplits(examples).map(({ example, split }): Lesson => {
    const paired = example.group !== undefined && sizes.get(example.group) !== 1;
    const goldFor = (task: string) => goldOf(task, example);
    return { prompt: promptText(example), split, importance: 1, goldOf: goldFor, paired };
  });
  const held = items.filter(({ split }) => split !== 'train').map(({ prompt }) => prompt);
  const said = apartFrom(
    held,
    feedback.map((one) => ({ ...one, prompt: promptText(one) })),
  );
  const corrected = new Set(said.map(({ task, prompt }) => `${task} ${normalised(prompt)}`));
  const written = items.map((lesson): Lesson => {
    if (lesson.split !== 'train') return lesson;
    const key = normalised(lesson.prompt);
    return {
      ...lesson,
      goldOf: (task) => (corrected.has(`${task} ${key}`) ? undefined : lesson.goldOf(task)),
    };
  });
  const spoken = said.map(({ task, gold, prompt }): Lesson => {
    const goldFor = (asked: string) => (asked === task ? gold : undefined);
    return { prompt, split: 'train', importance: FEEDBACK_COUNTS, goldOf: goldFor };
  });
  const phrases = taxonomy === undefined ? [] : apartFrom(held, lessonsOf(taxonomy));
  return [...phrases, ...written, ...spoken].filter(
    ({ prompt, split }) => split !== 'test' && legibility(prompt) !== 'nothing',
  );
}

/** Those whose text is not nearly one of these. */
function apartFrom<T extends { readonly prompt: string }>(
  held: readonly string[],
  items: readonly T[],
): readonly T[] {
  const near = new Set<number>();
  for (const [first, second] of nearPairs([...held, ...items.map(({ prompt }) => prompt)])) {
    if (first < held.length && second >= held.length) near.add(second - held.length);
  }
  return items.filter((_, at) => !near.has(at));
}

/**
 * The taxonomy's own phrases as lessons: what a label plainly is. Where several labels may hold, a phrase of one says
 * nothing about the others.
 */
function lessonsOf(taxonomy: Taxonomy): readonly Lesson[] {
  return Object.entries(taxonomy.tasks).flatMap(([name, task]) => {
    const answers = task.labels.filter(({ primary }) => primary).map(({ id }) => id);
    return task.labels.flatMap((label) => {
      const gold = goldOfPhrase(label, task.multi ? [label.id] : answers);
      const goldFor = (asked: string) => (asked === name ? gold : undefined);
      return phrasesOf(label).map((prompt): Lesson => {
        return { prompt, split: 'train', importance: 1, goldOf: goldFor };
      });
    });
  });
}

function goldOfPhrase({ id, primary }: Label, judged: readonly string[]): Gold {
  return primary ? { ...first([id]), judged } : { labels: [id], right: [], judged: [id] };
}

/** Each item with its split, given or drawn; items that belong nowhere are left out. */
export function withSplits(examples: readonly Example[]): readonly { example: Example; split: Split }[] {
  const entries = examples.map((example) => {
    const text = promptText(example);
    const { group, split } = example;
    const id = shortHash(`${example.kind} ${normalised(text)}`);
    return { id, text, ...(group === undefined ? {} : { group }), ...(split === undefined ? {} : { split }) };
  });
  const placed = entries.every(({ split }) => split !== undefined) ? entries : place(entries);
  return examples.flatMap((example, at) => {
    const split = placed[at]?.split;
    return split === undefined ? [] : [{ example, split }];
  });
}

/** The lessons that say something about a task, with their vectors. */
export function samplesFor(
  task: string,
  lessons: readonly Lesson[],
  vectors: readonly Float32Array[],
): readonly Sample[] {
  return lessons.flatMap(({ goldOf: goldFor, split, importance, paired = false }, at) => {
    const [gold, vector] = [goldFor(task), vectors[at]];
    return gold === undefined || vector === undefined ? [] : [{ gold, vector, split, importance, paired }];
  });
}
