import { readStatus, type StatusRow } from '../store/feeds.ts';
import type { Context } from './context.ts';
import { count, plural, printJson, printLine } from './output.ts';

/** What is stored, what waits, how fresh each feed is. */
export async function status(context: Context, options: { readonly json?: boolean }): Promise<number> {
  const report = await readStatus(await context.store());
  if (options.json === true) printJson(report);
  else printStatus(report, context.clock.now());
  return 0;
}

function printStatus(report: StatusRow, now: number): void {
  const kinds = Object.entries(report.touchpoints).map(([kind, number]) => `${count(number)} ${kind}`);
  printLine(
    `touchpoints: ${kinds.join(', ') || 'none yet'} (${count(report.copies)} copies, ${count(report.deleted)} deleted)`,
  );
  printLine(
    `with a client ${count(report.with_client)}, embedded ${count(report.embedded)}, waiting for tags ${count(report.untagged)}`,
  );
  if (report.tag_failures > 0)
    printLine(`! ${plural(report.tag_failures, 'touchpoint')} could not be tagged`);
  const run = report.last_run;
  if (run !== null) {
    printLine(
      `last pass ${ago(run.ended_at, now)}: fetched ${count(run.fetched)} = written ${count(run.written)} + unchanged ${count(run.unchanged)} + skipped ${count(run.skipped)} + failed ${count(run.failed)}`,
    );
    for (const { feed, reason } of run.errors) printLine(`! ${feed}: ${reason}`);
  }
  printPolled(report);
  for (const feed of report.feeds) {
    const state = feed.last_error ?? (feed.complete ? 'in step' : 'first round not complete');
    printLine(`  ${feed.mailbox} ${feed.name}: ${state}, ${ago(feed.last_success_at, now)}`);
  }
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
