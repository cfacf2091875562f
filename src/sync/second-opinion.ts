import { claimUncertain, settle } from '../store/opinions.ts';
import { OpinionRun, questionVersions, type RunDeps, type Stopped } from './opinion-run.ts';

/**
 * Asks the fallback about what the tagger was unsure of: after tagging, apart from it, and within a budget. Whatever goes
 * wrong here, the items stay as they are, marked uncertain.
 */

export interface OpinionDeps extends Omit<RunDeps, 'book'> {
  /** The tagger's version of it. */
  readonly version: string;
}

export interface OpinionResult {
  /** Tasks that an earlier answer was put in place for. */
  readonly reused: number;
  /** Tasks of items: answered + unsure + refused + unusable. */
  readonly asked: number;
  readonly answered: number;
  readonly tokens: number;
  readonly stopped: Stopped | null;
}

/** Longer than every try and wait of one claim takes, in seconds; then others may take it. */
const CLAIM_SECONDS = 900;

/** Asks until nothing is left, the budget is spent, the endpoint is away, or `signal` aborts. Throws for the store alone. */
export async function askSecondOpinions(deps: OpinionDeps, signal: AbortSignal): Promise<OpinionResult> {
  const run = new OpinionRun({ ...deps, book: (settlement) => settle(deps.store, settlement) }, signal);
  let reused = 0;
  while (run.stopped === null) {
    const claimed = await claim(deps);
    reused += claimed.reused;
    if (claimed.rows.length === 0) break;
    await run.putAll(claimed.rows);
  }
  const { asked, answered, tokens, stopped } = run;
  return { reused, asked, answered, tokens, stopped };
}

function claim(deps: OpinionDeps) {
  const { clock, owner, version, settings } = deps;
  return claimUncertain(deps.store, {
    now: new Date(clock.now()).toISOString(),
    owner,
    seconds: CLAIM_SECONDS,
    taxonomy: version,
    limit: settings.batch,
    tasks: questionVersions(deps),
    withholdKinds: settings.withholdKinds,
    withholdLabels: settings.withholdLabels,
  });
}
