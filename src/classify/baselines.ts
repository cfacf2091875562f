import type { Decision } from './decide.ts';
import type { Gold } from './examples.ts';
import { normalised } from './splits.ts';
import type { Task } from './taxonomy.ts';

/** Answers that know nothing but the commonest label, or nothing but the labels' names: what a model must beat. */

/** Always the label that most training items have. */
export function majority(task: Task, golds: readonly Gold[]): () => Decision {
  const counts = new Map<string | null, number>();
  for (const { right } of golds) {
    for (const label of right.length === 0 ? [null] : right) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const [commonest] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [null];
  return () => only(task, commonest);
}

/** The label whose name's words occur most, by their first five letters; `fallback` where no name does. */
export function keywords(task: Task, fallback: () => Decision): (prompt: string) => Decision {
  const stems = task.labels
    .filter(({ primary }) => primary)
    .map(({ id, name }) => ({ id, stems: normalised(name).split(' ').map(stemOf) }));
  return (prompt) => {
    const words = new Set(normalised(prompt).split(' ').map(stemOf));
    const hits = stems.map(({ id, stems: own }) => {
      return { id, share: own.filter((stem) => words.has(stem)).length / own.length };
    });
    const best = hits.reduce((top, hit) => (hit.share > top.share ? hit : top), { id: '', share: 0 });
    if (best.share > 0) return only(task, best.id);
    return task.none ? only(task, null) : fallback();
  };
}

function stemOf(word: string): string {
  return word.slice(0, 5);
}

function only(task: Task, label: string | null): Decision {
  return {
    primary: label,
    labels: label === null ? [] : [{ label, score: 1 }],
    scores: Object.fromEntries(task.labels.map(({ id }) => [id, id === label ? 1 : 0])),
    uncertain: false,
    confidence: 1,
  };
}
