import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';

/**
 * Unpacks an archive of a cluster piece by piece: as a whole it is 60 MB, and a process that once held that keeps the room.
 * Made for archives of our own build: plain files and folders with short names (POSIX 1003.1 ustar).
 */

const BLOCK = 512;

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly isFolder: boolean;
}

/** @throws when the archive ends early or names a file outside the folder */
export async function unpack(archive: Readable, folder: string): Promise<void> {
  const bytes = new Bytes(archive);
  for (
    let entry = entryOf(await bytes.take(BLOCK));
    entry !== null;
    entry = entryOf(await bytes.take(BLOCK))
  ) {
    const target = path.join(folder, entry.name);
    if (path.relative(folder, target).startsWith('..')) throw new Error('the archive leaves its folder');
    // as the server wants it: nobody else may look in
    if (entry.isFolder) await mkdir(target, { recursive: true, mode: 0o700 });
    else await writeEntry(bytes, target, entry.size);
  }
}

async function writeEntry(bytes: Bytes, target: string, size: number): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  const file = await open(target, 'w', 0o600);
  try {
    for (let left = size; left > 0; ) {
      const chunk = await bytes.some(left);
      await file.writeFile(chunk);
      left -= chunk.length;
    }
  } finally {
    await file.close();
  }
  await bytes.take((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Null for the block of zeros that ends an archive. */
function entryOf(header: Buffer): Entry | null {
  if (header.every((byte) => byte === 0)) return null;
  const text = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '');
  const prefix = text(345, 500);
  const name = `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`;
  return { name, size: Number.parseInt(text(124, 136), 8) || 0, isFolder: text(156, 157) === '5' };
}

/** A stream that is read by number of bytes. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** One at least, `most` at most. */
  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) throw new Error('the archive ends early');
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const part = await this.some(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }
}
