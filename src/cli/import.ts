import { readFile } from 'node:fs/promises';
import { parse as parseCsv } from 'csv-parse/sync';
import { DateTime } from 'luxon';
import { z } from 'zod';
import { ConfigError, reasonOf, TransientError } from '../core/errors.ts';
import { clip, storable } from '../core/text.ts';
import { KINDS, type Kind, type Touchpoint } from '../core/touchpoint.ts';
import { type ClientRow, putClients } from '../store/feeds.ts';
import { type ImportItem, importTouchpoints } from '../store/pages.ts';
import { readPrivacy } from '../store/privacy.ts';
import type { Store } from '../store/store.ts';
import { Forgotten, folded } from '../sync/redact.ts';
import { tagPending } from '../sync/tagging.ts';
import type { Context } from './context.ts';
import { checked, inputStream, readJsonLines } from './input.ts';
import { count, endProgress, printJson, printLine, progress } from './output.ts';

const blank = (value: unknown) => (value === '' ? null : value);
const Row = z.object({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  kind: z.preprocess(blank, z.enum(KINDS).nullish()),
  client: z.preprocess(blank, z.string().nullish()),
  date: z.preprocess(blank, z.string().nullish()),
  title: z.string().nullish(),
  text: z.string().nullish(),
});
type Row = z.infer<typeof Row>;

export interface ImportOptions {
  readonly kind: Kind;
  readonly tag: boolean;
  readonly json?: boolean;
}

const PAGE = 200;
/** Characters of an imported text that are kept, as for mail. */
const MOST_TEXT = 20_000;

/** Touchpoints from JSON Lines or CSV into the store, then tags for them. The same id again replaces what it said. */
export async function importFile(
  context: Context,
  file: string | undefined,
  options: ImportOptions,
): Promise<number> {
  const store = await context.store();
  const totals: Record<string, number> = {};
  let page: Row[] = [];
  const flush = async () => {
    for (const outcome of await storePage(context, store, { rows: page, options })) {
      totals[outcome] = (totals[outcome] ?? 0) + 1;
    }
    page = [];
  };
  for await (const row of readRows(file)) {
    page.push(row);
    if (page.length === PAGE) await flush();
  }
  if (page.length > 0) await flush();
  const tagged = options.tag ? await tagImported(context, store) : 0;
  if (options.json === true) printJson({ ...totals, tagged });
  else {
    const outcomes = Object.entries(totals).map(([outcome, number]) => `${outcome} ${count(number)}`);
    printLine(`${outcomes.join(', ') || 'nothing to import'}; tagged and embedded ${count(tagged)}`);
  }
  return 0;
}

async function* readRows(file: string | undefined): AsyncGenerator<Row> {
  if (file?.toLowerCase().endsWith('.csv') !== true) {
    yield* readJsonLines(inputStream(file), Row);
    return;
  }
  let records: unknown[];
  try {
    records = parseCsv(await readFile(file, 'utf8'), { columns: true, bom: true, skip_empty_lines: true });
  } catch (cause) {
    throw new ConfigError(`${file} is not CSV with a header line`, { cause });
  }
  for (const [index, record] of records.entries()) yield checked(record, `row ${index + 1}`, Row);
}

interface ImportPage {
  readonly rows: readonly Row[];
  readonly options: ImportOptions;
}

async function storePage(context: Context, store: Store, { rows, options }: ImportPage): Promise<string[]> {
  // the same id twice in one file: the last one wins
  const latest = [...new Map(rows.map((row) => [`${row.kind ?? options.kind} ${row.id}`, row])).values()];
  const lists = await readPrivacy(store);
  const forgotten = new Forgotten(lists.forgotten);
  const wanted = latest.filter(({ client }) => client == null || !forgotten.has('client', folded(client)));
  const clients = await clientIds(store, wanted);
  const items = wanted.map((row): ImportItem => {
    const client = row.client == null ? null : (clients.get(row.client.trim().toLowerCase()) ?? null);
    const match =
      client === null
        ? { client, method: null, confidence: null }
        : { client, method: 'given', confidence: 1 };
    return { touchpoint: withoutForgotten(forgotten, toTouchpoint(row, options.kind)), match };
  });
  const now = new Date(context.clock.now()).toISOString();
  const outcomes = (await importTouchpoints(store, now, items, lists.version)).map(({ outcome }) => outcome);
  return [...outcomes, ...latest.slice(wanted.length).map(() => 'forgotten')];
}

/** Imported texts name no people apart: whom we were asked to forget leaves the words. */
function withoutForgotten(forgotten: Forgotten, touchpoint: Touchpoint): Touchpoint {
  return {
    ...touchpoint,
    title: forgotten.redact(touchpoint.title),
    body: forgotten.redact(touchpoint.body),
  };
}

/** Clients by lower-cased name and alias; names that nobody knows become clients. */
async function clientIds(store: Store, rows: readonly Row[]): Promise<Map<string, string>> {
  const names = new Set(rows.flatMap(({ client }) => (client == null ? [] : [storable(client.trim())])));
  let ids = byName(await putClients(store, 'import', []));
  const unknown = [...names].filter((name) => !ids.has(name.toLowerCase()));
  if (unknown.length > 0) {
    const clients = unknown.map((name) => ({ name, aliases: [], domains: [] }));
    ids = byName(await putClients(store, 'import', clients));
  }
  return ids;
}

function byName(clients: readonly ClientRow[]): Map<string, string> {
  const aliases = clients.flatMap(({ id, aliases }) =>
    aliases.map((alias) => [alias.toLowerCase(), id] as const),
  );
  return new Map([...aliases, ...clients.map(({ id, name }) => [name.toLowerCase(), id] as const)]);
}

function toTouchpoint(row: Row, kind: Kind): Touchpoint {
  const date = row.date == null ? null : DateTime.fromISO(row.date, { zone: 'utc' });
  if (date !== null && (!date.isValid || date.year < 1900 || date.year > 2200)) {
    throw new ConfigError(
      `id ${row.id}: date: wants an ISO 8601 date such as 2026-03-01 or 2026-03-01T09:00:00Z`,
    );
  }
  return {
    kind: row.kind ?? kind,
    sourceKey: storable(row.id),
    title: clip(storable(row.title ?? ''), 1000),
    body: clip(storable(row.text ?? ''), MOST_TEXT),
    people: [],
    occurredAt: date === null ? null : date.toJSDate().toISOString(),
    endsAt: null,
    allDay: false,
    timeZone: 'UTC',
    details: {},
  };
}

async function tagImported(context: Context, store: Store): Promise<number> {
  try {
    const deps = { store, tagger: await context.tagger(), clock: context.clock, log: context.log };
    const { tagged } = await tagPending(deps, { onPage: (done) => progress(`tagged ${count(done)}`) });
    endProgress();
    return tagged;
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    context.log.warn({ reason: reasonOf(error) }, 'imported; tags wait');
    return 0;
  }
}
