import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { truth } from '../../src/sandbox/truth.ts';
import {
  AMELIA,
  calendar,
  DEV,
  Item,
  instances,
  json,
  messages,
  Page,
  start,
  WINDOW,
  walk,
} from './support.ts';

/** A reader that does only what Graph's behaviour forces on it: what it holds must equal the truth after every round. */
class Reader {
  readonly #sandbox: Sandbox;
  readonly #mailbox: string;
  readonly #masters = new Map<string, Item>();
  readonly events = new Map<string, Item>();
  #link: string;

  constructor(sandbox: Sandbox, mailbox: string) {
    this.#sandbox = sandbox;
    this.#mailbox = mailbox;
    this.#link = calendar(mailbox);
  }

  async round(size: number): Promise<void> {
    const { items, deltaLink } = await walk(this.#sandbox, this.#link, size);
    this.#link = deltaLink;
    const reappeared = new Set<string>();
    for (const item of items) {
      if (item['@removed'] !== undefined) this.#drop(item.id);
      else if (item.type === 'seriesMaster') reappeared.add(item.id);
      else this.events.set(item.id, item);
      if (item.type === 'seriesMaster') this.#masters.set(item.id, item);
    }
    for (const id of reappeared) if (this.#masters.has(id)) await this.#replace(id);
  }

  #drop(id: string): void {
    this.events.delete(id);
    this.#masters.delete(id);
    for (const [key, { seriesMasterId }] of this.events) if (seriesMasterId === id) this.events.delete(key);
  }

  async #replace(master: string): Promise<void> {
    for (const [key, { seriesMasterId }] of this.events)
      if (seriesMasterId === master) this.events.delete(key);
    const page = Page.parse(await json(this.#sandbox, instances(this.#mailbox, master)));
    for (const item of page.value.map((value) => Item.parse(value))) this.events.set(item.id, item);
  }

  async titleOf(item: Item): Promise<string | undefined> {
    if (item.subject !== undefined) return item.subject;
    const id = item.seriesMasterId ?? '';
    const master =
      this.#masters.get(id) ?? Item.parse(await json(this.#sandbox, `users/${this.#mailbox}/events/${id}`));
    this.#masters.set(id, master);
    return master.subject;
  }

  async held(): Promise<Record<string, string>> {
    const entries = [...this.events.values()].map(
      async (item) => [item.id, `${item.start?.dateTime.slice(0, 19)} ${await this.titleOf(item)}`] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }
}

function calendarTruth(sandbox: Sandbox, mailbox: string): Record<string, string> {
  const all = truth(sandbox.tenant, { ...WINDOW, mailFrom: Number.POSITIVE_INFINITY });
  const mine = all.flatMap((entry) =>
    entry.copies
      .filter((copy) => copy.mailbox === mailbox)
      .map(({ graphId }) => [graphId, `${entry.start.slice(0, 19)} ${entry.title}`] as const),
  );
  return Object.fromEntries(mine);
}

describe('a reader that follows the delta rounds', () => {
  test.each(['all', 'master'] as const)(
    'holds every calendar as it is, whatever happens, when a reappearing master brings %s',
    async (seriesEcho) => {
      await using sandbox = await start();
      sandbox.habits.seriesEcho = seriesEcho;
      const readers = sandbox.tenant.mailboxes
        .slice(1, 5)
        .map(({ address }) => ({ address, reader: new Reader(sandbox, address) }));
      for (let round = 0; round <= 4; round += 1) {
        for (const { address, reader } of readers) {
          await reader.round(7 + round * 10);
          expect(await reader.held(), `round ${round}, ${address}`).toEqual(calendarTruth(sandbox, address));
        }
        for (let step = 0; step < 3; step += 1) sandbox.mutate();
      }
    },
  );

  test('holds every mail folder as it is', async () => {
    await using sandbox = await start();
    const folders = ['inbox', 'sentitems', 'archive', 'deleteditems', 'drafts'];
    const feeds = [AMELIA, DEV].flatMap((mailbox) =>
      folders.map((folder) => ({
        mailbox,
        folder,
        link: messages(mailbox, folder, '?$select=subject'),
        held: new Map<string, string>(),
      })),
    );
    for (let round = 0; round <= 4; round += 1) {
      for (const feed of feeds) {
        const { items, deltaLink } = await walk(sandbox, feed.link, 40);
        feed.link = deltaLink;
        for (const { id, subject, ...rest } of items) {
          if (rest['@removed'] === undefined) feed.held.set(id, subject ?? '');
          else feed.held.delete(id);
        }
        const all = truth(sandbox.tenant, { from: 0, to: 0, mailFrom: 0 });
        const wanted = all.flatMap((entry) =>
          entry.copies
            .filter((copy) => copy.mailbox === feed.mailbox && copy.folder === feed.folder)
            .map(({ graphId }) => [graphId, entry.title] as const),
        );
        expect(Object.fromEntries(feed.held), `round ${round}, ${feed.mailbox}, ${feed.folder}`).toEqual(
          Object.fromEntries(wanted),
        );
      }
      for (let step = 0; step < 3; step += 1) sandbox.mutate();
    }
  });

  test('loses nothing that changes between two pages of one round', async () => {
    await using sandbox = await start();
    const first = Page.parse(
      await json(sandbox, messages(AMELIA, 'inbox'), 'IdType="ImmutableId", odata.maxpagesize=20'),
    );
    const held = new Map(first.value.map((item) => Item.parse(item)).map((item) => [item.id, item]));
    for (let step = 0; step < 12; step += 1) sandbox.mutate();
    const rest = await walk(sandbox, first['@odata.nextLink'] ?? '', 20);
    const after = await walk(sandbox, rest.deltaLink, 20);
    for (const item of [...rest.items, ...after.items]) {
      if (item['@removed'] === undefined) held.set(item.id, item);
      else held.delete(item.id);
    }
    const all = truth(sandbox.tenant, { from: 0, to: 0, mailFrom: 0 });
    const wanted = all.flatMap(({ copies }) =>
      copies
        .filter(({ mailbox, folder }) => mailbox === AMELIA && folder === 'inbox')
        .map(({ graphId }) => graphId),
    );
    expect([...held.keys()].sort()).toEqual(wanted.sort());
  });
});
