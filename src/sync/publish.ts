import type { Config } from '../core/config.ts';
import { reasonOf } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import {
  COLUMN_TARGETS,
  type ColumnTarget,
  type MeetingRow,
  meetingsToPublish,
  publishColumn,
  publishMeetings,
} from '../store/publish.ts';
import { StoreError } from '../store/store.ts';
import { suffixes } from './clients.ts';
import type { DashboardDeps, DashboardProblem } from './dashboard.ts';
import { MEETING_RULES, type MeetingRules, meetingRow } from './publish-meeting.ts';
import { Tally } from './tally.ts';

/** Publishes into the dashboard's own tables what is switched on, in batches; an idle pass writes nothing. */

export interface Published {
  readonly tally: Tally;
  readonly problems: readonly DashboardProblem[];
}

const BATCH = 500;
// A table that changes what is written into it (a trigger of its own) would be written for ever.
const MOST_BATCHES = 1000;

/** Trouble with one table stays its own. @throws only when stopped by the signal */
export async function publish(deps: DashboardDeps, config: Config, signal?: AbortSignal): Promise<Published> {
  const tally = new Tally();
  const problems: DashboardProblem[] = [];
  const attempt = async (source: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      signal?.throwIfAborted();
      deps.log.warn({ source, reason: reasonOf(error) }, 'dashboard table not published to');
      problems.push({ source, reason: reasonOf(error) });
    }
  };
  const wanted = config.dashboard.publish;
  if (wanted.meetings === 'on') {
    await attempt('meetings', () => publishAllMeetings(deps, config, { tally, problems, signal }));
  }
  for (const target of COLUMN_TARGETS) {
    if (wanted[target] === 'on')
      await attempt(target, () => publishAll(deps, target, { tally, problems, signal }));
  }
  return { tally, problems };
}

interface Work {
  readonly tally: Tally;
  readonly problems: DashboardProblem[];
  readonly signal: AbortSignal | undefined;
}

async function publishAll(
  { store }: DashboardDeps,
  target: ColumnTarget,
  { tally, problems, signal }: Work,
): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    signal?.throwIfAborted();
    const { written, deleted, kept, problem } = await publishColumn(store, target, BATCH);
    if (problem !== null) problems.push({ source: target, reason: problem });
    tally.add('written', `${target} published`, written);
    tally.add('written', `${target} withdrawn`, deleted);
    if (written + deleted > 0) continue;
    tally.add('skipped', `${target} somebody's own`, kept);
    return;
  }
}

async function publishAllMeetings(
  deps: DashboardDeps,
  config: Config,
  { tally, signal }: Work,
): Promise<void> {
  const rules = meetingRules(config, deps.clock.now());
  const version = shortHash(JSON.stringify([MEETING_RULES, rules.timeZone, config.internal_domains]));
  const now = new Date(rules.now).toISOString();
  let after: string | null = null;
  for (;;) {
    signal?.throwIfAborted();
    const page = await meetingsToPublish(deps.store, { version, now, limit: BATCH, after });
    after = page.at(-1)?.id ?? null;
    if (after === null) return;
    await publishRows(
      deps,
      page.map((meeting) => meetingRow(meeting, rules)),
      tally,
    );
  }
}

function meetingRules({ internal_domains, dashboard }: Config, now: number): MeetingRules {
  const isOurs = (address: string) =>
    suffixes(address.slice(address.lastIndexOf('@') + 1)).some((tail) => internal_domains.includes(tail));
  const isInternal = (addresses: readonly string[]) =>
    addresses.every((address) => address === '' || isOurs(address));
  return { now, timeZone: dashboard.time_zone, isInternal };
}

/** A batch that the table refuses is written row by row, so that a bad one costs itself only. */
async function publishRows(deps: DashboardDeps, rows: readonly MeetingRow[], tally: Tally): Promise<void> {
  try {
    for (const outcome of Object.values(await publishMeetings(deps.store, rows))) {
      if (outcome === 'unchanged') tally.add('unchanged', 'meetings same content');
      else if (outcome === 'kept') tally.add('skipped', `meetings somebody's own`);
      else tally.add('written', `meetings ${outcome}`);
    }
  } catch (error) {
    // the words of the refusal may hold the row's
    if (!(error instanceof StoreError)) throw error;
    if (rows.length > 1) {
      for (const row of rows) await publishRows(deps, [row], tally);
      return;
    }
    tally.add('failed', `meetings refused (${error.code ?? 'no code'})`);
    deps.log.warn({ touchpoint: rows[0]?.id, code: error.code }, 'the dashboard refuses a meeting');
  }
}
