import type { Kind } from '../core/touchpoint.ts';
import { type OpinionRow, settle } from '../store/opinions.ts';
import { OpinionRun, type OpinionSettings, type RunDeps, type Stopped } from './opinion-run.ts';

/**
 * The fallback's answers to labelled items, to be measured beside our own: the same questions as second opinions put, out
 * of the same budget of the day. Nothing of the answers is stored.
 */

export interface LabelledItem {
  readonly kind: Kind;
  readonly title: string;
  readonly text: string;
  readonly tasks: readonly string[];
}

export interface Opinions {
  /** Of the items in their order: by task what came of the question; nothing where it was not asked. */
  readonly rows: readonly ReadonlyMap<string, OpinionRow>[];
  readonly tokens: number;
  readonly stopped: Stopped | null;
}

/** Asks item after item until all are asked, the budget is spent, or the endpoint is away. Throws for the store alone. */
export async function askAboutLabelled(
  deps: Omit<RunDeps, 'book'>,
  items: readonly LabelledItem[],
  signal: AbortSignal,
): Promise<Opinions> {
  const found = items.map(() => new Map<string, OpinionRow>());
  const book: RunDeps['book'] = (settlement) => {
    for (const row of settlement.rows) found[Number(row.touchpoint)]?.set(row.task, row);
    return settle(deps.store, { ...settlement, rows: [], released: [] });
  };
  const run = new OpinionRun({ ...deps, book }, signal);
  const { batch } = deps.settings;
  for (let from = 0; from < items.length && run.stopped === null; from += batch) {
    await run.putAll(items.slice(from, from + batch).map((item, at) => claimed(item, from + at)));
  }
  return { rows: found, tokens: run.tokens, stopped: run.stopped };
}

/** A labelled item names nobody apart from its text; its place stands for an id. */
function claimed({ kind, title, text, tasks }: LabelledItem, at: number) {
  const nobody = { people: [], client_names: [] };
  return { id: String(at), kind, title, body: text, text_hash: '', ...nobody, tasks: [...tasks] };
}

/** Whether an item that carries these labels may leave the machine. */
export function mayGo(
  { withholdKinds, withholdLabels }: Pick<OpinionSettings, 'withholdKinds' | 'withholdLabels'>,
  kind: Kind,
  carries: (task: string, label: string) => boolean,
): boolean {
  return !withholdKinds.includes(kind) && !withholdLabels.some(({ task, label }) => carries(task, label));
}
