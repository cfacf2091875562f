import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { momentMs } from '../../src/graph/instants.ts';
import { mapEvent, mapMessage, parseDeltaItem } from '../../src/graph/mapping.ts';
import { Page } from '../../src/graph/schemas.ts';

/** Recorded answers of the real Graph, kept outside the project: nothing in them may get lost or be refused. */

const folder = path.resolve('..', 'shared', 'graph-recordings');
const Recording = z.object({ body: z.record(z.string(), z.unknown()) });
const Item = z.looseObject({ id: z.string().min(1), '@odata.type': z.string().optional() });
type Item = z.infer<typeof Item>;

interface Found {
  readonly name: string;
  readonly kind: 'event' | 'message';
  readonly item: Item;
}

function kindOf(item: Item, body: Record<string, unknown>): Found['kind'] | null {
  const named = `${item['@odata.type'] ?? ''} ${body['@odata.context'] ?? ''}`.toLowerCase();
  if (/graph\.event\b|\(event\)|\/events|calendarview/.test(named)) return 'event';
  return /graph\.message\b|\(message\)|\/messages\b/.test(named) && !named.includes('attachments')
    ? 'message'
    : null;
}

function recorded(): Found[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json'),
  );
  return files.flatMap((file) => {
    const recording = Recording.safeParse(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
    if (!recording.success) return [];
    const { body } = recording.data;
    const items = Array.isArray(body['value']) ? body['value'] : [body];
    return items.flatMap((raw, index) => {
      const item = Item.safeParse(raw);
      const kind = item.success ? kindOf(item.data, body) : null;
      return item.success && kind !== null ? [{ name: `${file} #${index}`, kind, item: item.data }] : [];
    });
  });
}

const found = recorded();

describe.skipIf(found.length === 0)('recordings of Graph', () => {
  test('there are events and messages among them', () => {
    expect(found.filter(({ kind }) => kind === 'event').length).toBeGreaterThan(10);
    expect(found.filter(({ kind }) => kind === 'message').length).toBeGreaterThan(10);
  });

  test.each(found.filter(({ item }) => item['@removed'] !== undefined))(
    '$name is a tombstone',
    ({ kind, item }) => {
      expect(parseDeltaItem(kind, item)).toEqual({ type: 'removed', graphId: item.id, reason: 'deleted' });
    },
  );

  const live = found.filter(({ item }) => item['@removed'] === undefined);
  test.each(live.filter(({ kind }) => kind === 'event'))('$name is read as an event', ({ item }) => {
    const parsed = parseDeltaItem('event', item);
    if (parsed.type !== 'event') throw new Error(JSON.stringify(parsed));
    for (const key of ['id', 'subject', 'start', 'seriesMasterId', 'iCalUId', 'isAllDay'] as const) {
      if (item[key] !== undefined) expect(parsed.event[key]).toEqual(item[key]);
    }
    const mapped = mapEvent(parsed.event, null);
    if (parsed.event.type === 'seriesMaster') expect(mapped).toMatchObject({ reason: 'series master' });
    else if (item['start'] === undefined) expect(mapped).toMatchObject({ reason: 'start missing' });
    else if (item['subject'] === undefined) expect(mapped).toMatchObject({ reason: 'series master missing' });
    else {
      if (mapped.outcome !== 'keep') throw new Error(JSON.stringify(mapped));
      expect(mapped.touchpoint.title).toBe(String(item['subject']).replace(/\s+/g, ' ').trim());
      expect(Date.parse(mapped.touchpoint.occurredAt ?? '')).toBe(momentMs(parsed.event.start));
      expect(mapped.touchpoint.body).not.toMatch(/<[a-z]|Join Microsoft Teams|Conference ID/i);
    }
  });

  test.each(live.filter(({ kind }) => kind === 'message'))('$name is read as a message', ({ item }) => {
    const parsed = parseDeltaItem('message', item);
    if (parsed.type !== 'message') throw new Error(JSON.stringify(parsed));
    for (const key of ['id', 'subject', 'receivedDateTime', 'internetMessageId'] as const) {
      if (item[key] !== undefined) expect(parsed.message[key]).toBe(item[key]);
    }
    const mapped = mapMessage(parsed.message, { mailbox: 'someone@example.com', notBefore: null });
    if (item['isDraft'] === true) expect(mapped).toMatchObject({ outcome: 'skip', reason: 'draft' });
    else if (mapped.outcome !== 'keep') expect(mapped).toMatchObject({ outcome: 'skip', reason: 'partial' });
    else {
      expect(mapped.touchpoint.sourceKey).toBe(item['internetMessageId'] ?? `graph:${item.id}`);
      expect(mapped.touchpoint.body).not.toMatch(/<[a-z]+[ >]|^From:/im);
      if (item['body'] !== undefined) expect(mapped.touchpoint.body).not.toBe('');
    }
  });

  test('pages carry their links, one of either kind', () => {
    const links = readdirSync(path.join(folder, 'docs2021'))
      .filter((file) => file.startsWith('delta-query-'))
      .map((file) =>
        Page.parse(
          Recording.parse(JSON.parse(readFileSync(path.join(folder, 'docs2021', file), 'utf8'))).body,
        ),
      )
      .map(
        (page) => [page['@odata.nextLink'], page['@odata.deltaLink']].filter((link) => link != null).length,
      );
    expect(links.length).toBeGreaterThan(5);
    expect(new Set(links)).toEqual(new Set([1]));
  });
});
