import { hasFailed } from '../sync/problem.ts';
import {
  type Progress,
  type ResyncOptions,
  type ResyncResult,
  resync as resyncFeeds,
} from '../sync/resync.ts';
import type { Context } from './context.ts';
import { count, endProgress, plural, printJson, printLine, progress } from './output.ts';
import { printTags, printTally, type TagReport, tagWhatWaits } from './sync.ts';
import { withSandboxClients } from './tenant.ts';

export interface ResyncCommand extends Pick<ResyncOptions, 'mailbox' | 'kind' | 'from' | 'to' | 'dryRun'> {
  readonly json?: boolean;
}

/** The manual resync, then tags for what needs them. Exit 1 when a feed could not be read that should have been. */
export async function resync(context: Context, { json, ...options }: ResyncCommand): Promise<number> {
  const deps = await context.syncDeps();
  const config = withSandboxClients(context.config);
  const result = await resyncFeeds(deps, config, { ...options, onProgress: showProgress }).finally(
    endProgress,
  );
  const tagged = options.dryRun === true ? null : await tagWhatWaits(context);
  if (json === true) printJson(asJson(result, tagged));
  else print(result, tagged);
  return hasFailed(result.problems) ? 1 : 0;
}

function showProgress({ done, feeds, items, waiting }: Progress): void {
  const busy = waiting > 0 ? `, waiting for ${plural(waiting, 'busy feed')}` : '';
  progress(`feeds ${done}/${feeds}, ${plural(items, 'item')}${busy}`);
}

function asJson({ tally, foreseen, problems, ...totals }: ResyncResult, tagged: TagReport | null) {
  const common = { dry_run: tagged === null, ...totals, ...tally.counts, reasons: tally.reasons, problems };
  if (tagged === null) return { ...common, changes: foreseen };
  const { tags, tagsWait } = tagged;
  return { ...common, tagged: tags.tagged, tag_failures: tags.failed, tags_wait: tagsWait };
}

function print(
  { feeds, requests, tally, removed, deleted, foreseen, problems }: ResyncResult,
  tagged: TagReport | null,
) {
  printLine(`${plural(feeds, 'feed')}, ${plural(requests, 'request')}`);
  printTally(tally);
  if (tagged === null) {
    printLine(`nothing was written; ${plural(removed, 'copy', 'copies')} would be removed`);
    for (const { outcome, feed, key } of foreseen) printLine(`  ${outcome}  ${feed}  ${key}`);
  } else {
    printLine(
      `removed ${plural(removed, 'copy', 'copies')} that ${removed === 1 ? 'is' : 'are'} no longer there, ${count(deleted)} touchpoints deleted`,
    );
    printTags(tagged);
  }
  for (const { feed, reason } of problems) printLine(`! ${feed}: ${reason}`);
}
