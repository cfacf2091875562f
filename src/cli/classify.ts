import { z } from 'zod';
import type { Item, Tagger } from '../classify/tagger.ts';
import { KINDS, type Kind } from '../core/touchpoint.ts';
import type { Context } from './context.ts';
import { inputStream, readJsonLines } from './input.ts';
import { printJson } from './output.ts';

/** The kind each task is mostly asked about: for input that does not say. */
const USUAL_KIND = new Map<string, Kind>([
  ['intent', 'meeting'],
  ['topic', 'topic'],
  ['action', 'action'],
  ['risk', 'risk'],
  ['sentiment', 'nps'],
]);

const Line = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  kind: z.enum(KINDS).optional(),
  title: z.string().nullish(),
  text: z.string().nullish(),
});
type Line = z.infer<typeof Line>;

// Enough to keep every worker busy, little enough that answers flow.
const BATCH = 32;

/** JSON Lines in, JSON Lines out, in order; no store. */
export async function classify(context: Context, task: string, file: string | undefined): Promise<number> {
  const tagger = await context.tagger();
  let batch: Line[] = [];
  for await (const line of readJsonLines(inputStream(file), Line)) {
    batch.push(line);
    if (batch.length < BATCH) continue;
    await answer(tagger, task, batch);
    batch = [];
  }
  await answer(tagger, task, batch);
  return 0;
}

async function answer(tagger: Tagger, task: string, lines: readonly Line[]): Promise<void> {
  const items = lines.map(
    ({ kind, title, text }): Item => ({
      kind: kind ?? USUAL_KIND.get(task) ?? 'topic',
      title: title ?? '',
      text: text ?? '',
    }),
  );
  const answers = await tagger.classify(task, items);
  for (const [index, line] of lines.entries()) printJson({ id: line.id ?? null, ...answers[index] });
}
