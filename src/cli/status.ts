import type { Config } from '../core/config.ts';
import { type Probed, probeDashboard } from '../store/dashboard.ts';
import { readStatus, readTagRate, type StatusRow, type TagRate } from '../store/feeds.ts';
import {
  type FallbackLimits,
  type FallbackStanding,
  readFallbackStanding,
} from '../sync/fallback-standing.ts';
import { CIRCUIT, KIND_WORDS, STATE_WORDS } from '../sync/states.ts';
import type { Context } from './context.ts';
import { count, plural, printJson, printLine } from './output.ts';

/** What is stored, what waits, how fresh each feed is. */
export async function status(context: Context, options: { readonly json?: boolean }): Promise<number> {
  const store = await context.store();
  const report = await readStatus(store);
  const now = context.clock.now();
  const rate = await readTagRate(store, new Date(now).toISOString());
  const dashboard = await probeDashboard(store, context.config.dashboard.risks);
  const fallback = await readFallbackStanding(store, fallbackLimits(context.config), now);
  if (options.json === true) printJson({ ...report, tag_rate: rate, dashboard, fallback });
  else {
    printStatus(report, rate, now);
    printDashboard(dashboard);
    printFallback(fallback, context.config.fallback.daily_tokens);
  }
  return 0;
}

export function fallbackLimits({ fallback, fallbackAccess }: Config): FallbackLimits {
  return { provider: fallbackAccess?.provider ?? 'off', dailyTokens: fallback.daily_tokens };
}

/** One line: which of the dashboard's tables are there; nothing where none is. */
function printDashboard(probed: readonly Probed[]): void {
  const usable = probed.filter(({ problem }) => problem === null);
  if (usable.length > 0) printLine(`dashboard: reads ${usable.map(({ table }) => table).join(', ')}`);
  for (const { table, problem } of probed) {
    if (table !== null && problem !== null) printLine(`! dashboard ${table}: ${problem}`);
  }
}

/** Nothing where it is off and always was. */
function printFallback({ provider, today, total, ...rest }: FallbackStanding, budget: number | null): void {
  if (provider === 'off' && total.requests === 0) return;
  const of = budget === null ? '' : ` of ${count(budget)}`;
  const under = rest.reserved_tokens > 0 ? ` and ${count(rest.reserved_tokens)} reserved` : '';
  const left = rest.tokens_left === null ? '' : ` (${count(rest.tokens_left)} left)`;
  const price = total.micros > 0 ? `, at a price of ${(total.micros / 1e6).toFixed(2)}` : '';
  printLine(
    `second opinions (${provider}): today ${count(today.tokens)}${of} tokens${under}${left}, asked ${count(today.asked)}, answered ${count(today.answered)}`,
  );
  printLine(
    `  in all ${count(total.tokens)} tokens${price}: asked ${count(total.asked)} = answered ${count(total.answered)} + unsure ${count(total.unsure)} + refused ${count(total.refused)} + unusable ${count(total.unusable)}`,
  );
  printLine(
    `  uncertain now ${count(rest.uncertain)}; tagged without it: about ${count(rest.tokens_saved)} tokens saved`,
  );
  if (rest.last_error !== null) printLine(`! second opinions: ${rest.last_error} (${rest.last_error_at})`);
}

function printStatus(report: StatusRow, rate: TagRate, now: number): void {
  const kinds = Object.entries(report.touchpoints).map(([kind, number]) => `${count(number)} ${kind}`);
  printLine(
    `touchpoints: ${kinds.join(', ') || 'none yet'} (${count(report.copies)} copies, ${count(report.deleted)} deleted)`,
  );
  printLine(
    `with a client ${count(report.with_client)}, embedded ${count(report.embedded)}, waiting for tags ${count(report.untagged)}`,
  );
  printLine(tagLine(rate, now));
  printVersions(report.versions);
  if (report.tag_failures > 0)
    printLine(`! ${plural(report.tag_failures, 'touchpoint')} could not be tagged`);
  const run = report.last_run;
  if (run !== null) {
    printLine(
      `last pass ${ago(run.ended_at, now)}: fetched ${count(run.fetched)} = written ${count(run.written)} + unchanged ${count(run.unchanged)} + skipped ${count(run.skipped)} + failed ${count(run.failed)}`,
    );
  }
  const standings = report.mailboxes.flatMap(standingOf);
  for (const { feed, line } of standings) printLine(`! ${feed}: ${line}`);
  // how a mailbox stands was among the errors of the pass that found it
  const failures = (run?.errors ?? []).filter(({ feed }) => !standings.some((known) => known.feed === feed));
  for (const { feed, reason } of failures) printLine(`! ${feed}: ${reason}`);
  printPolled(report);
  for (const feed of report.feeds) {
    const state = feed.last_error ?? (feed.complete ? 'in step' : 'first round not complete');
    printLine(`  ${feed.mailbox} ${feed.name}: ${state}, ${ago(feed.last_success_at, now)}`);
  }
}

/** How fast tags are made, and how long the one that waits longest has waited. */
function tagLine({ hour, day, waiting_since }: TagRate, now: number): string {
  const waits = waiting_since === null ? '' : `; the oldest that waits was stored ${ago(waiting_since, now)}`;
  return `tagged in the last hour ${count(hour)}, in the last day ${count(day)}${waits}`;
}

/** Only what is under way or in the way: one encoder that serves needs no line. */
function printVersions({ serving, building, paused, aside }: StatusRow['versions']): void {
  if (building !== null) {
    const done = `${count(building.done)} of ${count(building.total)}`;
    printLine(`encoder ${building.encoder} is being built: ${done}; until then ${serving} answers searches`);
  }
  if (paused) printLine('! tagging is paused: touchpoint tag --resume');
  if (aside !== null) {
    printLine(
      `! a tagger with encoder ${aside.encoder} and taxonomy ${aside.taxonomy} stands aside (${aside.at})`,
    );
  }
}

/** Of mailboxes that cannot be read, or not in full; nothing of the others. */
function standingOf({
  mailbox,
  state,
  reason,
  failures,
  retry_at,
  refusals,
}: StatusRow['mailboxes'][number]) {
  const next = (instant: string | null | undefined) => (instant == null ? '' : ` (asked again ${instant})`);
  const lines: { feed: string; line: string }[] = [];
  if (state !== 'active') {
    const said = reason === null ? '' : `: ${reason}`;
    lines.push({ feed: mailbox, line: `${STATE_WORDS[state]}${said}${next(refusals[0]?.retry_at)}` });
  } else {
    for (const refusal of refusals) {
      const line = `${STATE_WORDS[refusal.state]}: ${refusal.reason}${next(refusal.retry_at)}`;
      lines.push({ feed: `${mailbox} ${KIND_WORDS[refusal.kind]}`, line });
    }
  }
  if (failures >= CIRCUIT.failures) {
    const line = `no answer in ${plural(failures, 'pass', 'passes')} in a row${next(retry_at)}`;
    lines.push({ feed: mailbox, line });
  }
  return lines;
}

/** Only what is not as it should be: mailboxes that are told of changes need no line. */
function printPolled({ subscriptions }: StatusRow): void {
  for (const { mailbox, kind, reason, retry_at } of subscriptions) {
    if (reason === null) continue;
    const next = retry_at === null ? '' : ` (next try ${retry_at})`;
    printLine(`! ${mailbox} ${kind}: polled, without notifications: ${reason}${next}`);
  }
}

function ago(instant: string | null, now: number): string {
  if (instant === null) return 'never';
  const minutes = Math.round((now - Date.parse(instant)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 120) return `${plural(minutes, 'minute')} ago`;
  return `${plural(Math.round(minutes / 60), 'hour')} ago`;
}
