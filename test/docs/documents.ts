import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { packagePath } from '../../src/core/paths.ts';

/** The documentation and what it is compared with, as text. */

export interface Document {
  /** From the repository's root. */
  readonly file: string;
  readonly text: string;
}

/** What people read: README, the files beside it, and docs/. */
export async function documents(): Promise<Document[]> {
  const beside = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', 'CHANGELOG.md'];
  const others = ['examples/nextjs/README.md', 'config/training/README.md'];
  const docs = (await readdir(packagePath('docs'))).filter((name) => name.endsWith('.md'));
  const cards = (await readdir(packagePath('models'))).map((name) => `models/${name}/MODEL_CARD.md`);
  return read([...beside, ...others, ...cards, ...docs.map((name) => `docs/${name}`)]);
}

export function read(files: readonly string[]): Promise<Document[]> {
  return Promise.all(
    files.map(async (file) => ({ file, text: await readFile(packagePath(...file.split('/')), 'utf8') })),
  );
}

export async function textOf(...files: readonly string[]): Promise<string> {
  return (await read(files)).map(({ text }) => text).join('\n');
}

/** Every match's first group, once each, in order of the alphabet. */
export function matches(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, group]) => group ?? ''))].sort();
}

/** All documents in one. */
export async function everything(): Promise<string> {
  return (await documents()).map(({ text }) => text).join('\n');
}

/** Code in single backticks, and lines of fenced blocks. */
export function code(text: string): string[] {
  const fenced = [...text.matchAll(/^ *```[^\n]*\n([\s\S]*?)^ *```/gm)].flatMap(([, block]) =>
    (block ?? '').split('\n'),
  );
  const inline = [...text.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)].map(
    ([, span]) => span ?? '',
  );
  return [...fenced, ...inline].map((line) => line.replace(/\s+/g, ' ').trim());
}

/** As GitHub makes the address of a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

/** A file's path as a link in `document` names it. */
export function linked(document: Document, link: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(document.file), link));
}
