import { randomUUID } from 'node:crypto';
import type { Config } from '../core/config.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import { withFields } from '../core/log.ts';
import { span } from '../core/trace.ts';
import { type Collected, collect } from '../sync/dashboard.ts';
import { type PassResult, syncPass } from '../sync/pass.ts';
import { hasFailed } from '../sync/problem.ts';
import { type Published, publish } from '../sync/publish.ts';
import { type Retained, retain } from '../sync/retention.ts';
import type { OpinionResult } from '../sync/second-opinion.ts';
import { type TagResult, tagPending } from '../sync/tagging.ts';
import { Tally } from '../sync/tally.ts';
import type { Context } from './context.ts';
import { count, endProgress, plural, printJson, printLine, progress } from './output.ts';
import { requireSchema } from './schema.ts';
import { printOpinions, secondOpinions } from './second-opinions.ts';
import { withSandboxClients } from './tenant.ts';

export interface SyncOptions {
  readonly mailbox?: string;
  readonly kind?: 'meeting' | 'email';
  readonly json?: boolean;
}

export interface TagReport {
  readonly tags: TagResult;
  /** Why tags wait, when the model is missing or broken. */
  readonly tagsWait: string | null;
}

export interface PassReport extends TagReport {
  readonly pass: PassResult;
  readonly retained: Retained;
  readonly dashboard: Pick<Collected & Published, 'tally' | 'problems'>;
  /** Null where the fallback is off or was not asked. */
  readonly opinions: OpinionResult | null;
}

/** One pass over all feeds, then tags for what needs them. Exit 1 when something failed that should not have. */
export async function sync(context: Context, options: SyncOptions): Promise<number> {
  await requireSchema(await context.store(), context.log);
  const report = await runPass(context, withSandboxClients(context.config), {
    ...options,
    retention: 'always',
    opinions: true,
  });
  if (options.json === true) printJson(asJson(report));
  else printReport(report);
  return hasFailed(report.pass.problems) || report.dashboard.problems.length > 0 ? 1 : 0;
}

export interface PassRun extends Omit<SyncOptions, 'json'> {
  readonly signal?: AbortSignal;
  readonly only?: 'dirty';
  /** How often what has had its time is deleted; `daily` by default. */
  readonly retention?: 'daily' | 'always';
  /** Waits for second opinions, so that they are published at once. */
  readonly opinions?: boolean;
}

/**
 * Ingest first (the dashboard's tables, whose clients and skips the feeds are screened by, then the feeds), retention, and
 * tags last: a missing model never holds up ingest. What the tags say is then published.
 */
export function runPass(context: Context, config: Config, options: PassRun = {}): Promise<PassReport> {
  // names the pass in every line of the log and in traces
  const run = randomUUID().slice(0, 8);
  return withFields({ run }, () => span('run', { run }, () => passAndTag(context, config, options)));
}

async function passAndTag(
  context: Context,
  config: Config,
  { retention = 'daily', ...options }: PassRun,
): Promise<PassReport> {
  const deps = await context.syncDeps();
  const signal = options.signal;
  const collected = options.only === 'dirty' ? NOTHING : await collect(deps, config, signal);
  const pass = await syncPass(deps, config, {
    ...options,
    onFeed: (done, total) => progress(`feeds ${done}/${total}`),
  });
  const retained = await retain(deps, config.retention, retention);
  const tagged = await tagWhatWaits(context, options);
  const opinions = options.opinions === true ? await secondOpinions(context, signal) : null;
  const published = await publish(deps, config, signal);
  return { pass, retained, dashboard: together(collected, published), opinions, ...tagged };
}

const NOTHING: Collected = { tally: new Tally(), problems: [] };

function together(...parts: readonly PassReport['dashboard'][]): PassReport['dashboard'] {
  const tally = new Tally();
  for (const part of parts) tally.include(part.tally);
  return { tally, problems: parts.flatMap(({ problems }) => problems) };
}

/** Tags and embeds what needs it; without a model it waits, and the answer says why. */
export async function tagWhatWaits(
  context: Context,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TagReport> {
  const { clock, log } = context;
  try {
    const deps = { store: await context.store(), tagger: await context.tagger(), clock, log };
    const onPage = (done: number) => progress(`tagged ${count(done)}`);
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const tags = await tagPending(deps, { onPage, ...signal });
    return { tags, tagsWait: null };
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    log.warn({ reason: reasonOf(error) }, 'tags wait');
    return { tags: { tagged: 0, failed: 0 }, tagsWait: reasonOf(error) };
  } finally {
    endProgress();
  }
}

export function asJson({ pass, retained, dashboard, opinions, tags, tagsWait }: PassReport) {
  return {
    feeds: pass.feeds,
    busy: pass.busy,
    requests: pass.requests,
    ...pass.tally.counts,
    reasons: pass.tally.reasons,
    ...retained,
    tagged: tags.tagged,
    tag_failures: tags.failed,
    tags_wait: tagsWait,
    second_opinions: opinions,
    dashboard: {
      ...dashboard.tally.counts,
      reasons: dashboard.tally.reasons,
      problems: dashboard.problems,
    },
    problems: pass.problems,
  };
}

export function printReport({ pass, retained, dashboard, opinions, ...tagged }: PassReport): void {
  const busy = pass.busy > 0 ? `, ${plural(pass.busy, 'feed')} busy elsewhere` : '';
  printLine(`${plural(pass.feeds, 'feed')}, ${plural(pass.requests, 'request')}${busy}`);
  printTally(pass.tally);
  const { expired, purged } = retained;
  if (expired + purged > 0)
    printLine(`retention: deleted ${count(expired)} old, ${count(purged)} marked deleted long ago`);
  printTags(tagged);
  printOpinions(opinions);
  printDashboard(dashboard);
  for (const { feed, reason } of pass.problems) printLine(`! ${feed}: ${reason}`);
}

/** Nothing where there is no dashboard, and nothing new in it. */
function printDashboard({ tally, problems }: PassReport['dashboard']): void {
  if (tally.fetched > 0) {
    printLine('dashboard:');
    printTally(tally);
  }
  for (const { source, reason } of problems) printLine(`! dashboard ${source}: ${reason}`);
}

export function printTally({ counts, reasons }: Tally): void {
  const { fetched, written, unchanged, skipped, failed } = counts;
  printLine(
    `fetched ${count(fetched)} = written ${count(written)} + unchanged ${count(unchanged)} + skipped ${count(skipped)} + failed ${count(failed)}`,
  );
  for (const [reason, number] of Object.entries(reasons)) printLine(`  ${reason}  ${count(number)}`);
}

export function printTags({ tags, tagsWait }: TagReport): void {
  printLine(tagsWait === null ? `tagged and embedded ${count(tags.tagged)}` : `tags wait: ${tagsWait}`);
  if (tags.failed > 0) printLine(`could not tag ${count(tags.failed)}`);
}
