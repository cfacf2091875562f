import type { Tenant } from '../../../src/sandbox/tenant.ts';
import { type Truth, truth } from '../../../src/sandbox/truth.ts';

/** What was ever true, copy by copy: Graph does not tell everything of what lies outside a window. */

/** One copy as it lies in its mailbox. */
export interface Lying {
  /** `mailbox graph-id` */
  readonly copy: string;
  readonly mailbox: string;
  /** `kind source-key` */
  readonly touchpoint: string;
  readonly kind: Truth['kind'];
  /** Milliseconds: of a meeting from and to; of a mail twice the receipt of this copy. */
  readonly from: number;
  readonly to: number;
  /** Folder of a mail. */
  readonly folder: string | null;
  /** Nothing that is left out by rule. */
  readonly wanted: boolean;
  readonly content: string;
}

const FOLDERS = new Set(['inbox', 'sentitems', 'archive']);

export class History {
  now: ReadonlyMap<string, Lying> = new Map();
  /** Where a copy lay last. */
  readonly last = new Map<string, Lying>();
  /** Everything that a touchpoint has ever said. */
  readonly contents = new Map<string, Set<string>>();
  /** Copies that the store held as they were, and that have stayed unchanged in their place since. */
  readonly steady = new Map<string, Lying>();

  /** To be called after every change. */
  observe(tenant: Tenant): void {
    const everything = { from: -8.64e15, to: 8.64e15, mailFrom: -8.64e15 };
    const entries = truth(tenant, everything).flatMap(lying);
    this.now = new Map(entries.map((entry) => [entry.copy, entry]));
    for (const entry of entries) {
      this.last.set(entry.copy, entry);
      const known = this.contents.get(entry.touchpoint) ?? new Set();
      this.contents.set(entry.touchpoint, known.add(entry.content));
    }
    for (const [copy, then] of this.steady) {
      const current = this.now.get(copy);
      if (current === undefined || !current.wanted || place(current) !== place(then))
        this.steady.delete(copy);
    }
  }

  /** To be called after every pass, with what the store holds and what it says of it. */
  hold(copies: ReadonlyMap<string, string>): void {
    for (const [copy, content] of copies) {
      const current = this.now.get(copy);
      if (current?.wanted && current.content === content) this.steady.set(copy, current);
    }
  }
}

/** A mail may be filed in another folder that is read. */
function place({ from, to }: Lying): string {
  return `${from} ${to}`;
}

function lying(entry: Truth): Lying[] {
  const { kind, key, title, start, end, cancelled, sensitivity, isResponse, isDraft } = entry;
  const isMeeting = kind === 'meeting';
  const wanted = sensitivity === 'normal' && !isResponse && !isDraft;
  return entry.copies.map(({ mailbox, graphId, folder, receivedAt }) => ({
    copy: `${mailbox} ${graphId}`,
    mailbox,
    touchpoint: `${kind} ${key}`,
    kind,
    from: Date.parse(isMeeting ? start : (receivedAt ?? start)),
    to: Date.parse(isMeeting ? (end ?? start) : (receivedAt ?? start)),
    folder,
    wanted: wanted && (folder === null || FOLDERS.has(folder)),
    content: contentOf({ title, start: isMeeting ? start : null, end, cancelled }),
  }));
}

/** In words, for comparison and for messages. */
export function contentOf(said: {
  readonly title: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly cancelled: boolean;
}): string {
  const { title, start, end, cancelled } = said;
  // what a prefix says (a reply, a cancellation) is kept in the details
  const bare = title.replace(/^((re|fw|fwd|canceled):\s*)+/i, '');
  return `"${bare}" ${start ?? ''} - ${end ?? ''}${cancelled ? ' cancelled' : ''}`;
}
