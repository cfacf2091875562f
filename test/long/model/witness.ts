import { z } from 'zod';
import type { Graph } from '../../../src/graph/client.ts';
import { graphErrorOf, isResyncNeeded } from '../../../src/graph/errors.ts';
import type { Store } from '../../../src/store/store.ts';

/** Sees every request to Graph and every commit, and knows what each request was good for. */

const Row = z.looseObject({
  '@removed': z.unknown().optional(),
  id: z.string().optional(),
  type: z.string().nullish(),
  seriesMasterId: z.string().nullish(),
});
type Row = z.infer<typeof Row>;
const Page = z.looseObject({
  value: z.array(z.looseObject({})).optional(),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
});
const Claim = z.object({ id: z.number(), mailbox: z.string(), next_link: z.string().nullable() }).nullable();
const Commit = z.object({
  feed: z.number(),
  aside: z.boolean().optional(),
  delta_link: z.string().optional(),
  removed: z.array(z.string()),
  items: z.array(z.object({ graph_id: z.string(), series: z.string().nullable() })),
});
const Committed = z.object({ doubtful: z.array(z.string()) });

type Sort = 'page' | 'probe' | 'event' | 'instances' | 'marks' | 'message' | 'folder' | 'folders' | 'other';

const SORTS: readonly (readonly [RegExp, Sort])[] = [
  [/\/messages\/delta\?\$select=id$/, 'probe'],
  [/\/(calendarView|messages)\/delta/, 'page'],
  [/\/events\/[^/?]+\/instances/, 'instances'],
  [/\/events\/[^/?]+$/, 'event'],
  [/\/messages\/[^/?]+/, 'message'],
  [/\/mailFolders\/[^/?]+\/messages/, 'marks'],
  [/\/mailFolders\/[^/?]+\?/, 'folder'],
  [/\/mailFolders\?/, 'folders'],
];

/** One feed's walk, as its links show it. */
interface Chain {
  next: string | null;
  /** Began without a token: every occurrence shows by itself. */
  readonly full: boolean;
  readonly series: Set<string>;
  readonly account: Account;
}

/** What was asked in one pass, and what Graph's and the store's answers gave reason to ask. */
class Account {
  readonly asked: Record<Sort, number> = {
    page: 0,
    probe: 0,
    event: 0,
    instances: 0,
    marks: 0,
    message: 0,
    folder: 0,
    folders: 0,
    other: 0,
  };
  readonly byMailbox = new Map<string, number>();
  failed = 0;
  /** Folders that are not there by the name that was asked for. */
  missing = 0;
  resets = 0;
  walks = 0;
  /** Walks that an earlier pass had left in the middle; a new one follows each. */
  resumed = 0;
  /** Rows of delta pages. */
  rows = 0;
  /** Rows of lists of occurrences. */
  listed = 0;
  /** Series named by rows, once per walk. */
  series = 0;
  /** Masters shown by pages of changes, once per page. */
  masters = 0;
  /** Pages that hold a message. */
  mailPages = 0;
  /** Copies in doubt at the ends of rounds. */
  doubts = 0;
  /** Feeds walked a second time because another feed's walk put copies of theirs in doubt. */
  again = 0;

  get total(): number {
    return Object.values(this.asked).reduce((sum, count) => sum + count, 0);
  }
}

export class Witness {
  account = new Account();
  /** When Graph announced the removal of an id, and when a copy was stored, by `mailbox id`: counted in commits. */
  readonly announced = new Map<string, number>();
  readonly stored = new Map<string, number>();
  /** Series of a copy. */
  readonly seriesOf = new Map<string, string>();
  readonly #mailboxOf = new Map<number, string>();
  readonly #chains = new Map<string, Chain>();
  #commits = 0;

  beginPass(): void {
    this.account = new Account();
  }

  /** True when Graph announced that the copy is gone, after it was last stored. */
  wasAnnounced(copy: string): boolean {
    const [mailbox = ''] = copy.split(' ');
    const series = this.seriesOf.get(copy);
    const told = [copy, ...(series === undefined ? [] : [`${mailbox} ${series}`])].map(
      (id) => this.announced.get(id) ?? -1,
    );
    return Math.max(...told) > (this.stored.get(copy) ?? -1);
  }

  graph(graph: Graph): Graph {
    return {
      ...graph,
      request: async (link, options) => {
        const { account } = this;
        const sort = SORTS.find(([pattern]) => pattern.test(link))?.[1] ?? 'other';
        const mailbox = options?.mailbox ?? '';
        account.asked[sort] += 1;
        account.byMailbox.set(mailbox, (account.byMailbox.get(mailbox) ?? 0) + 1);
        const chain = sort === 'page' ? this.#chain(mailbox, link) : this.#chains.get(`${mailbox} calendar`);
        try {
          const answer = await graph.request(link, options);
          if (sort === 'page' && chain !== undefined) this.#seePage(chain, answer);
          if (sort === 'instances' && chain !== undefined) this.#seeInstances(chain, answer);
          return answer;
        } catch (error) {
          account.failed += 1;
          if (isResyncNeeded(error)) account.resets += 1;
          if (sort === 'folder' && graphErrorOf(error)?.status === 404) account.missing += 1;
          throw error;
        }
      },
    };
  }

  store(store: Store): Store {
    return {
      ...store,
      call: async (name, payload) => {
        const answer = await store.call(name, payload);
        if (name === 'touchpoint_feed_claim') {
          const feed = Claim.parse(answer);
          if (feed !== null) this.#mailboxOf.set(feed.id, feed.mailbox);
          if (feed?.next_link != null) this.account.resumed += 1;
        }
        if (name === 'touchpoint_doubted_feeds')
          this.account.again += z.array(z.number()).parse(answer).length;
        if (name === 'touchpoint_page_commit')
          this.#seeCommit(Commit.parse(payload), Committed.parse(answer));
        return answer;
      },
    };
  }

  #chain(mailbox: string, link: string): Chain {
    const folder = /mailFolders[/(']+([^/')?]+)/.exec(decodeURIComponent(link))?.[1] ?? 'calendar';
    const name = `${mailbox} ${folder}`;
    const known = this.#chains.get(name);
    const goesOn = known?.next === link;
    if (known !== undefined && goesOn && known.account === this.account) return known;
    // one that is gone on with in another pass has forgotten which series it knew
    const full = goesOn ? known.full : !/(skip|delta)token=/.test(link);
    const chain: Chain = { next: null, full, series: new Set(), account: this.account };
    this.#chains.set(name, chain);
    this.account.walks += 1;
    return chain;
  }

  #seePage(chain: Chain, answer: unknown): void {
    const {
      value = [],
      '@odata.nextLink': next = null,
      '@odata.deltaLink': delta = null,
    } = Page.parse(answer);
    const { account } = this;
    if (next === null && delta === null) {
      account.failed += 1;
      return;
    }
    const shown = new Set<string>();
    chain.next = next;
    account.rows += value.length;
    const rows = value.flatMap((raw): Row[] => {
      const row = Row.safeParse(raw);
      return row.success ? [row.data] : [];
    });
    for (const { id = '', type, seriesMasterId, '@removed': removed } of rows) {
      if (removed !== undefined) continue;
      if (type === 'seriesMaster') shown.add(id);
      if (seriesMasterId) this.#named(chain, seriesMasterId);
    }
    if (!chain.full) account.masters += shown.size;
    if (rows.some((row) => row['@removed'] === undefined && 'receivedDateTime' in row))
      account.mailPages += 1;
  }

  #seeInstances(chain: Chain, answer: unknown): void {
    const { value = [] } = Page.parse(answer);
    this.account.listed += value.length;
    for (const raw of value) {
      const { seriesMasterId } = Row.parse(raw);
      if (seriesMasterId) this.#named(chain, seriesMasterId);
    }
  }

  #named(chain: Chain, series: string): void {
    if (chain.series.has(series)) return;
    chain.series.add(series);
    this.account.series += 1;
  }

  #seeCommit(commit: z.infer<typeof Commit>, { doubtful }: z.infer<typeof Committed>): void {
    const mailbox = this.#mailboxOf.get(commit.feed) ?? '';
    this.#commits += 1;
    for (const id of commit.removed) this.announced.set(`${mailbox} ${id}`, this.#commits);
    for (const { graph_id, series } of commit.items) {
      const copy = `${mailbox} ${graph_id}`;
      this.stored.set(copy, this.#commits);
      if (series !== null) this.seriesOf.set(copy, series);
    }
    if (commit.aside !== true && commit.delta_link !== undefined) this.account.doubts += doubtful.length;
  }
}
