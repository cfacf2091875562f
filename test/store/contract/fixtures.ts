import { expect } from 'vitest';
import type { Touchpoint } from '../../../src/core/touchpoint.ts';
import { type FeedRow, putFeeds } from '../../../src/store/feeds.ts';
import {
  type CopyRow,
  type ImportItem,
  importTouchpoints,
  type PageCommit,
} from '../../../src/store/pages.ts';
import type { Store } from '../../../src/store/store.ts';
import { readUntagged, saveTags } from '../../../src/store/tags.ts';
import type { Harness } from './harness.ts';

export const NOW = '2026-03-01T00:00:00.000Z';
export const VERSIONS = { encoder: 'encoder@1', taxonomy: 'taxonomy@1' };
export const NO_MATCH = { client: null, method: null, confidence: null };

export type Feed = FeedRow;
export type PageRest = Partial<PageCommit>;

let mailboxes = 0;
/** Each test has mailboxes and keys of its own, so that all can share one store. */
export async function newFeed(store: Store, kind: 'meeting' | 'email' = 'meeting'): Promise<Feed> {
  const mailbox = `m${++mailboxes}@example.test`;
  const [feed] = await putFeeds(store, mailbox, [{ kind, target: 'calendar', name: 'calendar' }]);
  if (feed === undefined) throw new Error('no feed');
  return feed;
}

/** A page that ends its round, read at `version`; the first one begins a full round. */
export function page(feed: Feed, version: number, rest: PageRest = {}): PageCommit {
  return {
    feed: feed.id,
    expect: version,
    owner: 'test',
    leaseSeconds: 60,
    now: NOW,
    mailbox: feed.mailbox,
    begin: version === 0 ? { round: 'full', scope: 's', window: null } : null,
    nextLink: null,
    deltaLink: 'https://graph.example/delta',
    copies: [],
    removed: [],
    forgotten: [],
    shown: [],
    series: [],
    ...rest,
  };
}

export function touchpoint(sourceKey: string, rest: Partial<Touchpoint> = {}): Touchpoint {
  return {
    kind: 'meeting',
    sourceKey,
    title: 'QBR',
    body: 'Agenda',
    people: [],
    occurredAt: '2026-03-02T00:00:00.000Z',
    endsAt: '2026-03-02T01:00:00.000Z',
    allDay: false,
    timeZone: 'UTC',
    details: {},
    ...rest,
  };
}

export function copy(graphId: string, point: Touchpoint, rest: Partial<CopyRow> = {}): CopyRow {
  return {
    graphId,
    etag: 'e1',
    series: null,
    modifiedAt: '2026-02-01T00:00:00.000Z',
    authoritative: false,
    touchpoint: point,
    match: NO_MATCH,
    ...rest,
  };
}

export function item(point: Touchpoint, match: ImportItem['match'] = NO_MATCH): ImportItem {
  return { touchpoint: point, match };
}

/** A unit vector at an angle (radians) from the first axis: the cosine of two is that of the angle between them. */
export function direction(angle: number): Float32Array {
  const vector = new Float32Array(384);
  vector.set([Math.cos(angle), Math.sin(angle)]);
  return vector;
}

export interface Seed {
  readonly point: Touchpoint;
  readonly angle: number;
  readonly match?: ImportItem['match'];
}

/** Imports touchpoints and gives each its vector. */
export async function seed({ store }: Harness, seeds: readonly Seed[], versions = VERSIONS): Promise<void> {
  await importTouchpoints(
    store,
    NOW,
    seeds.map(({ point, match }) => item(point, match)),
  );
  const wanted = new Map(
    seeds.map(({ point, angle }) => [JSON.stringify([point.kind, point.title, point.body]), angle]),
  );
  const found = await readUntagged(store, { ...versions, limit: 10_000, after: null });
  const rows = found.flatMap((row) => {
    const angle = wanted.get(JSON.stringify([row.kind, row.title, row.body]));
    if (angle === undefined) return [];
    return [{ id: row.id, textHash: row.text_hash, vector: direction(angle), uncertain: [], tags: [] }];
  });
  expect(await saveTags(store, { ...versions, now: NOW, rows, failed: [] })).toBe(seeds.length);
}

/** Title and deletion of a touchpoint by its key. */
export async function stored({ sql }: Harness, key: string): Promise<readonly Record<string, unknown>[]> {
  return sql(
    'select title, deleted_at is not null as deleted from touchpoint.touchpoints where source_key = $1',
    [key],
  );
}
