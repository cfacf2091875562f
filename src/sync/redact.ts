import { sha256 } from '../core/hash.ts';
import type { Hashed } from '../store/privacy.ts';

/**
 * Recognises whom we were asked to forget, knowing them by hashes alone: an address by hashing every address that a
 * text holds, a name by hashing every run of words of its length.
 */

export const FORGOTTEN = '[forgotten]';

/** Where a name stands in a text. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export class Forgotten {
  readonly #known: ReadonlySet<string>;
  readonly #lengths: ReadonlyMap<Hashed['kind'], readonly number[]>;

  constructor(hashes: readonly Hashed[]) {
    this.#known = new Set(hashes.map(({ kind, hash }) => `${kind} ${hash}`));
    this.#lengths = lengthsByKind(hashes);
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  /** Changes with every entry. */
  get digest(): string {
    return sha256([...this.#known].sort().join('\n'));
  }

  /** True for a forgotten value as it is stored: an address or mailbox in lower case, a domain, a folded name. */
  has(kind: Hashed['kind'], normalised: string): boolean {
    return this.#known.size > 0 && this.#known.has(`${kind} ${sha256(normalised)}`);
  }

  /** True for a domain that is, or lies below, one of a forgotten client's own. */
  hasDomain(domain: string): boolean {
    const labels = domain.split('.');
    return (
      this.#known.size > 0 && labels.some((_, index) => this.has('domain', labels.slice(index).join('.')))
    );
  }

  /** The longest forgotten client name in a text, folded; undefined when there is none. */
  clientNamed(text: string): string | undefined {
    const found = this.#names('client', text).map(({ from, to }) => folded(text.slice(from, to)));
    return found.sort((a, b) => b.length - a.length)[0];
  }

  /** The text without forgotten people's addresses and full names. */
  redact(text: string): string {
    if (this.#known.size === 0) return text;
    return this.#withoutNames(this.#withoutAddresses(text));
  }

  #withoutAddresses(text: string): string {
    return text.replace(ADDRESS, (found) => {
      const bare = found.replace(/^['.]+|['.]+$/g, '');
      return this.has('person', bare.toLowerCase()) ? found.replace(bare, () => FORGOTTEN) : found;
    });
  }

  #withoutNames(text: string): string {
    let [kept, at] = ['', 0];
    for (const { from, to } of this.#names('name', text)) {
      if (from < at) continue;
      kept += text.slice(at, from) + FORGOTTEN;
      at = to;
    }
    return at === 0 ? text : kept + text.slice(at);
  }

  /** By place, the longer name first where two begin together. */
  #names(kind: 'name' | 'client', text: string): Span[] {
    const lengths = this.#lengths.get(kind) ?? [];
    if (lengths.length === 0) return [];
    const words = wordsOf(text);
    return words.flatMap((_, index) =>
      lengths.flatMap((length) => {
        const run = words.slice(index, index + length);
        const [first, last] = [run[0], run.at(-1)];
        if (run.length < length || first === undefined || last === undefined || isBroken(text, run))
          return [];
        const name = run.map(({ folded: word }) => word).join(' ');
        return this.has(kind, name) ? [{ from: first.from, to: last.to }] : [];
      }),
    );
  }
}

// RFC 5321 4.5.3.1: 64 characters before the @, 255 after it; bounded, so that no text makes the search slow.
const ADDRESS = /[^\s@<>()[\]{},;:"|\\/]{1,64}@[\p{L}\p{N}.-]{1,255}/gu;

interface Word extends Span {
  readonly folded: string;
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)].map(({ 0: word, index }) => ({
    from: index,
    to: index + word.length,
    folded: foldWord(word),
  }));
}

/** A name may be written over a line's end or with a comma or hyphen in it, but not over more than that. */
function isBroken(text: string, run: readonly Word[]): boolean {
  return run.some(({ from }, index) => {
    const before = run[index - 1];
    return before !== undefined && !/^[\s.,'’&-]{1,3}$/.test(text.slice(before.to, from));
  });
}

/** Words of a name in lower case without accents, one space between them: how names are hashed and compared. */
export function folded(name: string): string {
  return wordsOf(name)
    .map((word) => word.folded)
    .join(' ');
}

export function wordCount(foldedName: string): number {
  return foldedName === '' ? 0 : foldedName.split(' ').length;
}

function foldWord(word: string): string {
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function lengthsByKind(hashes: readonly Hashed[]): Map<Hashed['kind'], number[]> {
  const lengths = new Map<Hashed['kind'], number[]>();
  for (const { kind, words } of hashes) {
    if (words === null) continue;
    const known = lengths.get(kind) ?? [];
    if (!known.includes(words))
      lengths.set(
        kind,
        [...known, words].sort((a, b) => b - a),
      );
  }
  return lengths;
}
