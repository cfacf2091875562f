import type { Classification, Item, Tagger } from './tagger.ts';

/** Why an answer was given: which words of the text it rests on. */

export interface Evidence {
  /** Words of the title or the text, as they stand there. */
  readonly text: string;
  /** How far the label's log-odds fall when they are left out; above 0. */
  readonly weight: number;
}

export interface Explanation {
  readonly label: string;
  readonly classification: Classification;
  /** Strongest first, five at most. */
  readonly evidence: readonly Evidence[];
}

// Each part is one more pass of the encoder: some 24 of 10 to 40 ms.
const MOST_PARTS = 24;
const SHOWN = 5;
/** Scores are rounded to 4 decimals: closer to 0 or 1 than this they say no more. */
const EDGE = 5e-5;

/**
 * Leaves out one part of the text after the other and looks how the answer changes; null when the answer is that no label
 * holds. @param label the label to explain; the primary one by default
 */
export async function explain(
  tagger: Pick<Tagger, 'classify'>,
  task: string,
  { item, label, signal }: { readonly item: Item; readonly label?: string; readonly signal?: AbortSignal },
): Promise<Explanation | null> {
  const parts = partsOf(item);
  const without = parts.map((part) => part.rest);
  const [classification, ...others] = await tagger.classify(task, [item, ...without], signal);
  const asked = label ?? classification?.primary ?? null;
  if (classification === undefined || asked === null || classification.scores[asked] === undefined)
    return null;
  const whole = logOdds(classification.scores[asked]);
  const evidence = parts
    .map(({ text }, at) => ({ text, weight: rounded(whole - logOdds(others[at]?.scores[asked] ?? 0)) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, SHOWN);
  return { label: asked, classification, evidence };
}

interface Part {
  readonly text: string;
  /** The item without it. */
  readonly rest: Item;
}

/** Words of a short text, clauses of a longer one. */
function partsOf(item: Item): Part[] {
  const fields = [item.title, item.text].map((text) => text.match(/\S+/g) ?? []);
  const words = fields.flat().length;
  if (words < 2) return [];
  const grouped = fields.map((field) => (words <= MOST_PARTS ? field.map((word) => [word]) : clauses(field)));
  const size = Math.ceil(grouped.flat().length / MOST_PARTS);
  const [title = [], text = []] = grouped.map((groups) => merged(groups, size));
  const joined = (groups: readonly (readonly string[])[], leftOut: number) =>
    groups
      .filter((_, at) => at !== leftOut)
      .flat()
      .join(' ');
  return [
    ...title.map((part, at) => ({ text: part.join(' '), rest: { ...item, title: joined(title, at) } })),
    ...text.map((part, at) => ({ text: part.join(' '), rest: { ...item, text: joined(text, at) } })),
  ];
}

function clauses(words: readonly string[]): string[][] {
  const found: string[][] = [[]];
  for (const word of words) {
    found.at(-1)?.push(word);
    if (/[.,;:!?)]$/.test(word)) found.push([]);
  }
  return found.filter((clause) => clause.length > 0);
}

function merged(groups: readonly (readonly string[])[], size: number): string[][] {
  const count = Math.ceil(groups.length / size);
  return Array.from({ length: count }, (_, at) => groups.slice(at * size, (at + 1) * size).flat());
}

function logOdds(score: number): number {
  const share = Math.min(1 - EDGE, Math.max(EDGE, score));
  return Math.log(share / (1 - share));
}

function rounded(weight: number): number {
  return Math.round(weight * 100) / 100;
}
