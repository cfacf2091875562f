import { z } from 'zod';
import { KINDS, type Kind } from '../core/touchpoint.ts';
import type { TouchpointName, Withholding } from './briefing.ts';
import { callStore, type Store, StoreError } from './store.ts';

/** What people say of labels: it holds at once and for good, and is kept for training. */

/** Tasks with their labels, as the taxonomy has them: the store does not know it. */
export type KnownTasks = Readonly<
  Record<string, { readonly labels: readonly { readonly id: string; readonly primary?: boolean }[] }>
>;

export type Verdict =
  /** These hold, the primary first, and no others; none at all is an answer too. */
  | { readonly verdict: 'labels'; readonly task: string; readonly labels: readonly string[] }
  /** What is shown is right. `shown`: the labels that the person saw, primary first; refused when they changed. */
  | {
      readonly verdict: 'up';
      readonly task: string;
      readonly label?: string;
      readonly shown?: readonly string[];
    }
  /** This label does not hold: it is hidden for good. */
  | {
      readonly verdict: 'down';
      readonly task: string;
      readonly label: string;
      readonly shown?: readonly string[];
    }
  /** Takes an earlier word back, by its id. */
  | { readonly verdict: 'withdraw'; readonly withdraws: number };

export type NewFeedback = Verdict &
  TouchpointName &
  Withholding & {
    readonly now: string;
    /** Who says it, as the caller knows them; erased when they are forgotten. */
    readonly by?: string;
    readonly comment?: string;
  };

export const Saved = z.object({
  id: z.number(),
  touchpoint: z.uuid(),
  task: z.string(),
  /** That hold now, the primary first. */
  labels: z.array(z.string()),
  settled: z.boolean(),
  uncertain: z.array(z.string()),
});
export type SavedFeedback = z.infer<typeof Saved>;

/**
 * Keeps one word of feedback and makes it hold.
 * @throws {StoreError} with code PT404 (no such touchpoint or feedback, or its kind is withheld) or PT400 (no such task
 *   or label, or it makes no sense)
 * @throws {StoreConflict} when the labels are no longer those that were seen, or it was withdrawn already
 */
export async function putFeedback(
  store: Store,
  tasks: KnownTasks,
  feedback: NewFeedback,
): Promise<SavedFeedback> {
  checkLabels(tasks, feedback);
  return callStore(store, 'touchpoint_feedback_put', feedback, Saved);
}

/** What is withdrawn may be of a task that the taxonomy no longer has, and so may a label that is taken away. */
function checkLabels(tasks: KnownTasks, feedback: NewFeedback): void {
  if (feedback.verdict !== 'labels' && feedback.verdict !== 'up') return;
  const known = Object.hasOwn(tasks, feedback.task) ? tasks[feedback.task] : undefined;
  if (known === undefined) throw refused('task: wants one of the taxonomy');
  if (feedback.verdict === 'up') return;
  const find = (label: string) => known.labels.find(({ id }) => id === label);
  if (!feedback.labels.every(find)) throw refused(`labels: wants labels of ${feedback.task}`);
  const [first] = feedback.labels;
  if (first !== undefined && find(first)?.primary === false)
    throw refused('labels: wants one first that can stand alone');
}

function refused(message: string): StoreError {
  return new StoreError(message, { code: 'PT400' });
}

const Line = z.object({
  id: z.number(),
  touchpoint: z.uuid(),
  kind: z.enum(KINDS),
  title: z.string(),
  text: z.string(),
  task: z.string(),
  verdict: z.enum(['labels', 'up', 'down', 'withdraw']),
  labels: z.array(z.string()).nullable(),
  label: z.string().nullable(),
  at: z.string(),
});
export type FeedbackLine = z.infer<typeof Line>;

/** What holds of the feedback, oldest first; with `all` everything that was ever said. */
export async function* exportFeedback(
  store: Store,
  filter: Withholding & { readonly kinds?: readonly Kind[]; readonly all?: boolean } = {},
  pageSize = 500,
): AsyncGenerator<FeedbackLine> {
  const read = (after: number) =>
    callStore(store, 'touchpoint_feedback_export', { ...filter, after, limit: pageSize }, z.array(Line));
  yield* byId(read, pageSize);
}

const Said = z.object({ id: z.number(), by: z.string().nullable(), comment: z.string().nullable() });
export type Said = z.infer<typeof Said>;

/** Who said what beside the labels: all of the feedback that can name somebody. */
export async function* readFeedbackPeople(store: Store, pageSize = 500): AsyncGenerator<Said> {
  const read = (after: number) =>
    callStore(store, 'touchpoint_feedback_people', { after, limit: pageSize }, z.array(Said));
  yield* byId(read, pageSize);
}

async function* byId<T extends { readonly id: number }>(
  read: (after: number) => Promise<readonly T[]>,
  pageSize: number,
): AsyncGenerator<T> {
  let after = 0;
  for (;;) {
    const rows = await read(after);
    yield* rows;
    if (rows.length < pageSize) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/** Erases names and comments of these rows, for good. Returns how many rows lost something. */
export async function eraseFeedbackPeople(
  store: Store,
  rows: { readonly by: readonly number[]; readonly comments: readonly number[] },
): Promise<number> {
  const answer = await callStore(store, 'touchpoint_feedback_erase', rows, z.object({ erased: z.number() }));
  return answer.erased;
}
