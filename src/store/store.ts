import { z } from 'zod';
import { TransientError } from '../core/errors.ts';
import { span } from '../core/trace.ts';

/**
 * The one door to the data: every read and write is a SQL function `public.<name>(p jsonb) returns jsonb`,
 * the same on every driver. Each call is one transaction.
 */
export interface Store extends AsyncDisposable {
  readonly driver: 'pglite' | 'postgres' | 'supabase' | 'daemon';
  /**
   * @param name a function of ours, such as `touchpoint_page_commit`
   * @param payload becomes its jsonb argument; strings must be storable (no NUL, no lone surrogate)
   * @throws {StoreConflict} when a compare-and-set lost (SQLSTATE PT409)
   * @throws {StoreUnavailable} when the database is away: nothing was acknowledged, try again
   * @throws {StoreError} for everything else
   */
  call(name: string, payload: object): Promise<unknown>;
  close(): Promise<void>;
}

export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: string | undefined;
  constructor(
    message: string,
    options: { readonly code?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = options.code;
  }
}

export class StoreConflict extends StoreError {
  override readonly name = 'StoreConflict';
}

export class StoreUnavailable extends TransientError {
  override readonly name: string = 'StoreUnavailable';
}

/** Two transactions stood in each other's way, and this one was undone as a whole. */
class StoreUndone extends StoreUnavailable {
  override readonly name = 'StoreUndone';
}

/** Deadlock, or no serial order. */
const UNDONE: ReadonlySet<string | undefined> = new Set(['40P01', '40001']);
/** How often a call is tried that is undone each time; the database has waited a second before it undoes anything. */
const TRIES = 5;

/**
 * A driver's error as one of ours, by SQLSTATE: class 08, 53 and 57 are the server's state, 40 a lost race.
 * @param code its SQLSTATE, or PostgREST's own code
 */
export function storeError(name: string, code: string | undefined, thrown: unknown): Error {
  const cause = new Error(wordsOf(thrown, code));
  if (code === 'PT409') return new StoreConflict(`${name}: somebody else moved the cursor`, { code, cause });
  if (UNDONE.has(code))
    return new StoreUndone(`${name}: another transaction was in the way (${code})`, { cause });
  if (code !== undefined && /^(08|40|53|57)/.test(code)) {
    return new StoreUnavailable(`${name}: the database cannot answer now (${code})`, { cause });
  }
  // no such function or schema; PGRST202 is PostgREST's word for the same
  if (code !== undefined && /^(42883|3F000|PGRST202)$/.test(code)) {
    return new StoreError(`${name} is not in the database (run: touchpoint migrate)`, { code, cause });
  }
  return new StoreError(`${name} failed`, { code, cause });
}

const Thrown = z.object({ message: z.string() });

/** What the database said, without what it quotes: class 22 (data exceptions) quotes the value, which may be content. */
function wordsOf(thrown: unknown, code: string | undefined): string {
  const { message } = Thrown.safeParse(thrown).data ?? { message: 'no reason given' };
  return code?.startsWith('22') === true ? message.replace(/".*"/s, '"…"') : message;
}

/** What was undone as a whole is done again at once: whoever was in the way goes on meanwhile. */
async function undisturbed(ask: () => Promise<unknown>): Promise<unknown> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUndone) || tried === TRIES) throw error;
    }
  }
}

/** Calls a function and parses its answer: a schema that drifted is named at once, not three calls later. */
export async function callStore<T>(
  store: Store,
  name: string,
  payload: object,
  schema: z.ZodType<T>,
): Promise<T> {
  const called = await span('store', { function: name, driver: store.driver }, () =>
    undisturbed(() => store.call(name, payload)),
  );
  const answer = schema.safeParse(called);
  if (!answer.success) {
    throw new StoreError(
      `${name} answered in an unknown shape (run: touchpoint migrate): ${z.prettifyError(answer.error)}`,
    );
  }
  return answer.data;
}
