import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpack } from '../../src/store/unpack.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-unpack-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const END = Buffer.alloc(1024);

function entry(name: string, content: Buffer | null, prefix = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write((content?.length ?? 0).toString(8).padStart(11, '0'), 124);
  header.write(content === null ? '5' : '0', 156);
  header.write('ustar', 257);
  header.write(prefix, 345);
  const rest = (512 - ((content?.length ?? 0) % 512)) % 512;
  return Buffer.concat([header, content ?? Buffer.alloc(0), Buffer.alloc(rest)]);
}

/** As a network or a gunzip gives it: in pieces that end anywhere. */
function inPieces(archive: Buffer, size: number): Readable {
  const count = Math.ceil(archive.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, at) => archive.subarray(at * size, (at + 1) * size)),
  );
}

describe('an archive of a cluster', () => {
  const large = Buffer.from(Array.from({ length: 5000 }, (_, at) => at % 251));
  const archive = Buffer.concat([
    ...[entry('/base', null), entry('/base/1', large), entry('/empty', Buffer.alloc(0))],
    ...[entry('PG_VERSION', Buffer.from('18\n')), entry('deep', Buffer.from('x'), 'base/2'), END],
  ]);

  it.each([7, 512, 100_000])('is unpacked from pieces of %i bytes', async (size) => {
    await unpack(inPieces(archive, size), folder);
    expect(await readFile(path.join(folder, 'base/1'))).toEqual(large);
    expect(await readFile(path.join(folder, 'PG_VERSION'), 'utf8')).toBe('18\n');
    expect(await readFile(path.join(folder, 'base/2/deep'), 'utf8')).toBe('x');
    expect((await stat(path.join(folder, 'empty'))).size).toBe(0);
    expect((await stat(path.join(folder, 'base'))).mode & 0o077).toBe(0);
  });

  it('is refused when it ends early', async () => {
    await expect(unpack(inPieces(archive.subarray(0, 3000), 512), folder)).rejects.toThrow('ends early');
  });

  it('writes nothing outside its folder', async () => {
    const hostile = Buffer.concat([entry('../escaped', Buffer.from('x')), END]);
    await expect(unpack(inPieces(hostile, 512), path.join(folder, 'in'))).rejects.toThrow(
      'leaves its folder',
    );
    expect(await readdir(folder)).toEqual([]);
  });
});
