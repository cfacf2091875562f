import { z } from 'zod';
import { type ImportItem, importRow, Outcome } from './pages.ts';
import { callStore, type Store } from './store.ts';

/** The dashboard's own tables, as far as they exist: typed calls. */

/** Sources that touchpoints are made of. */
export const SOURCES = ['actions', 'nps', 'topics', 'knowledge', 'risks'] as const;
export type Source = (typeof SOURCES)[number];

/** Where the risks of plans lie: a table of schema public, its key, the JSON column and the way to the list inside it. */
export interface RiskPlace {
  readonly table: string;
  readonly id: string;
  readonly column: string;
  readonly path: readonly string[];
  readonly client_name: string;
  readonly client_uuid: string;
}

const Probed = z.object({
  source: z.string(),
  /** Null when it is not there. */
  table: z.string().nullable(),
  columns: z.array(z.string()),
  /** Columns that would be used if they were there. */
  absent: z.array(z.string()),
  /** Why it cannot be read; null when it can. */
  problem: z.string().nullable(),
});
export type Probed = z.infer<typeof Probed>;

/** What is there, asked of the catalog; a store without a dashboard answers with tables that are all missing. */
export function probeDashboard(store: Store, risks: RiskPlace): Promise<Probed[]> {
  return callStore(store, 'touchpoint_dashboard_probe', { risks }, z.array(Probed));
}

const DashboardRow = z.object({
  key: z.string(),
  hash: z.string(),
  /** Columns by the dashboard's own names, as far as they exist. */
  row: z.record(z.string(), z.unknown()),
});
export type DashboardRow = z.infer<typeof DashboardRow>;

export interface SourcePage {
  readonly source: Source;
  /** Of the rules that rows are read by: under another one all are read again. */
  readonly version: string;
  readonly limit: number;
  readonly after: string | null;
  readonly risks: RiskPlace;
}

/** Rows that say something else than when they were last read, by key; empty when the table cannot be read. */
export function readSource(store: Store, { after, ...page }: SourcePage): Promise<DashboardRow[]> {
  const payload = { ...page, after: after ?? undefined };
  return callStore(store, 'touchpoint_dashboard_page', payload, z.array(DashboardRow));
}

export interface ReadRow extends Pick<DashboardRow, 'key' | 'hash'> {
  readonly item: ImportItem | null;
  /** Without an item: what the row had is wiped, not marked deleted. */
  readonly erase: boolean;
}

const Committed = z.object({
  outcomes: z.array(z.object({ source_key: z.string(), outcome: Outcome })),
  deleted: z.number(),
});

/**
 * One page: touchpoints, and what was read of the rows, in one transaction.
 * @throws {StoreConflict} when newer lists of what to leave out hold than `privacy`
 */
export function commitSource(
  store: Store,
  page: { readonly source: Source; readonly now: string; readonly privacy: number },
  rows: readonly ReadRow[],
): Promise<z.infer<typeof Committed>> {
  const payload = {
    ...page,
    rows: rows.map(({ key, hash, item, erase }) => ({
      key,
      hash,
      source_key: item?.touchpoint.sourceKey ?? null,
      erase,
    })),
    items: rows.flatMap(({ item }) => (item === null ? [] : [importRow(item, page.now)])),
  };
  return callStore(store, 'touchpoint_dashboard_commit', payload, Committed);
}

const Gone = z.object({ rows: z.number(), deleted: z.number() });

/** Marks deleted what was made of rows that are no longer there. */
export function dropGone(
  store: Store,
  request: { readonly source: Source; readonly now: string; readonly risks: RiskPlace },
): Promise<z.infer<typeof Gone>> {
  return callStore(store, 'touchpoint_dashboard_gone', request, Gone);
}

const Rows = z.array(z.record(z.string(), z.unknown())).nullable();
const Links = z.record(z.string(), z.string());
const Directory = z.object({ clients: Rows, aliases: Rows, domains: Rows, links: Links });
/** The dashboard's clients as its rows have them, null for tables that cannot be read, and which client of ours each is. */
export type DashboardDirectory = z.infer<typeof Directory>;

export function readDirectory(store: Store): Promise<DashboardDirectory> {
  return callStore(store, 'touchpoint_dashboard_directory', {}, Directory);
}

export interface DashboardClient {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly domains: readonly string[];
}

/** All clients of the dashboard. @returns our client's id by the dashboard's */
export async function putDashboardClients(
  store: Store,
  clients: readonly DashboardClient[],
): Promise<Readonly<Record<string, string>>> {
  const Answer = z.object({ links: Links });
  return (await callStore(store, 'touchpoint_dashboard_clients_put', { clients }, Answer)).links;
}

const Skips = z.object({
  added: z.number(),
  withdrawn: z.number(),
  touchpoints: z.number(),
  /** Rows without an address or an event. */
  unusable: z.number(),
});

/** What people skipped in the dashboard becomes skips of their own mailboxes. */
export function takeSkips(store: Store, now: string): Promise<z.infer<typeof Skips>> {
  return callStore(store, 'touchpoint_dashboard_skips', { now }, Skips);
}
