import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { reasonOf } from '../core/errors.ts';
import { shortHash } from '../core/hash.ts';
import type { Log } from '../core/log.ts';
import {
  commitSource,
  type DashboardRow,
  dropGone,
  type Probed,
  probeDashboard,
  putDashboardClients,
  type ReadRow,
  readDirectory,
  readSource,
  SOURCES,
  type Source,
  takeSkips,
} from '../store/dashboard.ts';
import { type ClientRow, putClients } from '../store/feeds.ts';
import { readPrivacy } from '../store/privacy.ts';
import { type Store, StoreConflict } from '../store/store.ts';
import { type ClientRules, directoryOf, isForgottenRow, matchRow } from './dashboard-clients.ts';
import { MAPPING, readRow } from './dashboard-rows.ts';
import type { PageRules } from './page.ts';
import { screenRow } from './privacy.ts';
import { Forgotten } from './redact.ts';
import { pageRules, screeningHash } from './rules.ts';
import { Tally } from './tally.ts';

/** Collects what the dashboard's own tables say, where they exist: by content hash, page by page, each page one store call. */

export interface DashboardDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DashboardProblem {
  readonly source: string;
  readonly reason: string;
}

export interface Collected {
  readonly tally: Tally;
  readonly problems: readonly DashboardProblem[];
}

const PAGE = 100;
// Somebody who is forgotten meanwhile makes a page be read again, by the lists that hold then.
const ATTEMPTS = 3;

/** Trouble with one table stays its own; without a dashboard nothing happens. @throws only when stopped by the signal */
export async function collect(deps: DashboardDeps, config: Config, signal?: AbortSignal): Promise<Collected> {
  const tally = new Tally();
  const problems: DashboardProblem[] = [];
  const attempt = async (source: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      signal?.throwIfAborted();
      deps.log.warn({ source, reason: reasonOf(error) }, 'dashboard table not collected');
      problems.push({ source, reason: reasonOf(error) });
    }
  };
  let probed: readonly Probed[] = [];
  await attempt('probe', async () => {
    probed = await probeDashboard(deps.store, config.dashboard.risks);
  });
  problems.push(...expectedButMissing(probed, config.dashboard));
  const isWanted = (source: Wanted) =>
    config.dashboard.collect[source] !== 'off' &&
    probed.some((table) => table.source === source && table.problem === null);
  if (isWanted('clients')) await attempt('clients', () => takeClients(deps));
  if (isWanted('skips')) await attempt('skips', () => countSkips(deps, tally));
  let rules: RowRules | null = null;
  for (const source of SOURCES) {
    if (!isWanted(source)) continue;
    await attempt(source, async () => {
      rules ??= await rowRules(deps, config);
      rules = await collectSource(deps, config, { source, rules, tally, signal });
    });
  }
  return { tally, problems };
}

type Wanted = keyof Config['dashboard']['collect'];

function expectedButMissing(probed: readonly Probed[], { collect }: Config['dashboard']): DashboardProblem[] {
  return probed.flatMap(({ source, problem }) =>
    problem !== null && Object.entries(collect).some(([name, how]) => name === source && how === 'on')
      ? [{ source, reason: problem }]
      : [],
  );
}

/** The dashboard's clients become ours, but for those that were forgotten. */
async function takeClients({ store }: DashboardDeps): Promise<void> {
  const lists = new Forgotten((await readPrivacy(store)).forgotten);
  const { clients } = directoryOf(await readDirectory(store), lists);
  await putDashboardClients(store, clients);
}

async function countSkips({ store, clock }: DashboardDeps, tally: Tally): Promise<void> {
  const { added, withdrawn, unusable } = await takeSkips(store, new Date(clock.now()).toISOString());
  tally.add('written', 'skips added', added);
  tally.add('written', 'skips withdrawn', withdrawn);
  tally.add('failed', 'skips without an address or an event', unusable);
}

interface SourceWork {
  readonly source: Source;
  readonly rules: RowRules;
  readonly tally: Tally;
  readonly signal: AbortSignal | undefined;
}

/** @returns the rules that hold in the end */
async function collectSource(deps: DashboardDeps, config: Config, work: SourceWork): Promise<RowRules> {
  const { source, tally, signal } = work;
  const { risks } = config.dashboard;
  let { rules } = work;
  let [after, lost]: [string | null, number] = [null, 0];
  for (;;) {
    signal?.throwIfAborted();
    const { version } = rules;
    const page: DashboardRow[] = await readSource(deps.store, { source, version, limit: PAGE, after, risks });
    if (page.length === 0) break;
    try {
      await storePage(deps, { source, page, rules, tally });
      after = page.at(-1)?.key ?? null;
    } catch (error) {
      lost += 1;
      if (!(error instanceof StoreConflict) || lost === ATTEMPTS) throw error;
      // what was stored by the old lists is screened by whoever changed them
      rules = await rowRules(deps, config);
    }
  }
  const now = new Date(deps.clock.now()).toISOString();
  tally.add('written', `${source} removed`, (await dropGone(deps.store, { source, now, risks })).rows);
  return rules;
}

interface RowRules extends PageRules, Pick<ClientRules, 'links'> {
  /** Dashboard ids of clients that were forgotten. */
  readonly forgotten: ReadonlySet<string>;
  /** Another one makes every row be read again. */
  readonly version: string;
}

/** The rules of every page, and what rows are matched by: the dashboard's ids of clients. */
async function rowRules({ store, clock }: DashboardDeps, config: Config): Promise<RowRules> {
  const rules = await pageRules(store, config, clock.now());
  const rows = await readDirectory(store);
  const { forgotten } = directoryOf(rows, rules.privacy.forgotten);
  const known = await putClients(store, 'configuration', []);
  const decides = [
    MAPPING,
    screeningHash(config),
    known.map(({ id, name, aliases }: ClientRow) => [id, name, aliases]),
    Object.entries(rows.links).sort(),
    rules.privacy.forgotten.digest,
  ];
  return { ...rules, links: rows.links, forgotten, version: shortHash(JSON.stringify(decides)) };
}

interface PageWork {
  readonly source: Source;
  readonly page: readonly DashboardRow[];
  readonly rules: RowRules;
  readonly tally: Tally;
}

async function storePage(deps: DashboardDeps, { source, page, rules, tally }: PageWork): Promise<void> {
  const counts = tally.branch();
  const rows = page.map((row) => readOne(row, { source, rules, tally: counts }));
  const now = new Date(deps.clock.now()).toISOString();
  const { outcomes } = await commitSource(deps.store, { source, now, privacy: rules.privacy.version }, rows);
  const kept = rows.filter(({ item }) => item !== null).length;
  for (const { outcome } of outcomes) {
    if (outcome === 'unchanged') counts.add('unchanged', `${source} same content`);
    else counts.add('written', `${source} ${outcome}`);
  }
  counts.add('skipped', `${source} duplicate`, kept - outcomes.length);
  tally.include(counts);
}

/** One row by the rules; what is no touchpoint is counted here. */
function readOne(
  { row, key, hash }: DashboardRow,
  { source, rules, tally }: Omit<PageWork, 'page'>,
): ReadRow {
  const nothing = (erase: boolean) => ({ key, hash, item: null, erase });
  const read = readRow(source, { row, key, hash });
  if (read.outcome !== 'keep') {
    tally.add(read.outcome === 'skip' ? 'skipped' : 'failed', `${source} ${read.reason}`);
    return nothing(false);
  }
  const { touchpoint, given } = read;
  if (isForgottenRow({ forgotten: rules.forgotten, lists: rules.privacy.forgotten }, given)) {
    tally.add('skipped', `${source} forgotten client`);
    return nothing(true);
  }
  const match = matchRow(rules, touchpoint, given);
  const verdict = screenRow(rules.privacy, touchpoint, match);
  if (verdict.outcome === 'drop') {
    tally.add('skipped', `${source} ${verdict.reason}`);
    return nothing(true);
  }
  return { key, hash, item: { touchpoint: verdict.touchpoint, match }, erase: false };
}
