import type { Config } from '../core/config.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import { type PassResult, syncPass } from '../sync/pass.ts';
import { type TagResult, tagPending } from '../sync/tagging.ts';
import type { Context } from './context.ts';
import { count, endProgress, plural, printJson, printLine, progress } from './output.ts';
import { withSandboxClients } from './tenant.ts';

export interface SyncOptions {
  readonly mailbox?: string;
  readonly kind?: 'meeting' | 'email';
  readonly json?: boolean;
}

export interface PassReport {
  readonly pass: PassResult;
  readonly tags: TagResult;
  /** Why tags wait, when the model is missing or broken. */
  readonly tagsWait: string | null;
}

/** One pass over all feeds, then tags for what needs them. Exit 1 when something failed that should not have. */
export async function sync(context: Context, options: SyncOptions): Promise<number> {
  const report = await runPass(context, withSandboxClients(context.config), options);
  if (options.json === true) printJson(asJson(report));
  else printReport(report);
  return report.pass.problems.some(({ transient }) => transient) ? 1 : 0;
}

/** Ingest first, tags after: a missing model never holds up ingest. */
export async function runPass(
  context: Context,
  config: Config,
  options: Omit<SyncOptions, 'json'> & { readonly signal?: AbortSignal } = {},
): Promise<PassReport> {
  const deps = await context.syncDeps();
  const pass = await syncPass(deps, config, {
    ...options,
    onFeed: (done, total) => progress(`feeds ${done}/${total}`),
  });
  try {
    const tagger = await context.tagger();
    const onPage = (done: number) => progress(`tagged ${count(done)}`);
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const tags = await tagPending({ ...deps, tagger }, { onPage, ...signal });
    return { pass, tags, tagsWait: null };
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    context.log.warn({ reason: reasonOf(error) }, 'tags wait');
    return { pass, tags: { tagged: 0, failed: 0 }, tagsWait: reasonOf(error) };
  } finally {
    endProgress();
  }
}

export function asJson({ pass, tags, tagsWait }: PassReport) {
  return {
    feeds: pass.feeds,
    busy: pass.busy,
    requests: pass.requests,
    ...pass.tally.counts,
    reasons: pass.tally.reasons,
    tagged: tags.tagged,
    tag_failures: tags.failed,
    tags_wait: tagsWait,
    problems: pass.problems,
  };
}

export function printReport({ pass, tags, tagsWait }: PassReport): void {
  const { fetched, written, unchanged, skipped, failed } = pass.tally.counts;
  const busy = pass.busy > 0 ? `, ${plural(pass.busy, 'feed')} busy elsewhere` : '';
  printLine(`${plural(pass.feeds, 'feed')}, ${plural(pass.requests, 'request')}${busy}`);
  printLine(
    `fetched ${count(fetched)} = written ${count(written)} + unchanged ${count(unchanged)} + skipped ${count(skipped)} + failed ${count(failed)}`,
  );
  for (const [reason, number] of Object.entries(pass.tally.reasons)) printLine(`  ${reason}  ${count(number)}`);
  printLine(tagsWait === null ? `tagged and embedded ${count(tags.tagged)}` : `tags wait: ${tagsWait}`);
  if (tags.failed > 0) printLine(`could not tag ${count(tags.failed)}`);
  for (const { feed, reason } of pass.problems) printLine(`! ${feed}: ${reason}`);
}
