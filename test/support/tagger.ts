import type { Tagger } from '../../src/classify/tagger.ts';

/** A tagger that answers at once, for tests about flow; the real one has tests of its own. */
export function quickTagger(
  options: {
    readonly fail?: (title: string) => Error | undefined;
    readonly encoder?: string;
    readonly taxonomy?: string;
  } = {},
): Tagger & { readonly seen: string[] } {
  const seen: string[] = [];
  const vector = () => new Float32Array(384).fill(1 / Math.sqrt(384));
  return {
    seen,
    encoder: options.encoder ?? 'quick@1',
    taxonomy: options.taxonomy ?? 'quick',
    dimensions: 384,
    async tag(items) {
      return items.map(({ title }) => {
        const error = options.fail?.(title);
        if (error !== undefined) throw error;
        seen.push(title);
        const label = { label: 'qbr', score: 0.9 };
        const intent = { primary: 'qbr', labels: [label], scores: { qbr: 0.9 }, uncertain: false };
        return { vector: vector(), tasks: { intent } };
      });
    },
    classify: async () => [],
    embed: async (texts) => texts.map(() => vector()),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** One that gives every item the same labels: scores by task and label. */
export function labelTagger(
  tasks: Readonly<Record<string, Readonly<Record<string, number>>>>,
  version = 'labels',
): Tagger {
  const classified = Object.entries(tasks).map(([task, scores]) => {
    const labels = Object.entries(scores).map(([label, score]) => ({ label, score }));
    return [task, { primary: labels[0]?.label ?? null, labels, scores, uncertain: false }] as const;
  });
  const vector = new Float32Array(384).fill(1 / Math.sqrt(384));
  return {
    ...quickTagger(),
    taxonomy: version,
    tag: async (items) => items.map(() => ({ vector, tasks: Object.fromEntries(classified) })),
  };
}
