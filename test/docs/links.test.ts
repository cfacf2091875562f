import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { packagePath } from '../../src/core/paths.ts';
import { anchor, type Document, documents, linked, matches } from './documents.ts';

/** Links of the documentation lead somewhere. */

function headings(text: string): Set<string> {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return new Set(matches(prose, /^#+ (.+)$/gm).map(anchor));
}

async function broken(document: Document): Promise<string[]> {
  const links = matches(document.text.replace(/^```[\s\S]*?^```/gm, ''), /\]\(([^)\s]+)\)/g);
  const wrong: string[] = [];
  for (const link of links) {
    if (/^(https?|mailto):/.test(link)) continue;
    const [target = '', fragment] = link.split('#');
    const file = target === '' ? document.file : linked(document, target);
    if (!existsSync(packagePath(...file.split('/')))) wrong.push(`${document.file}: ${link}`);
    else if (fragment !== undefined && file.endsWith('.md')) {
      const there = headings(await readFile(packagePath(...file.split('/')), 'utf8'));
      if (!there.has(fragment)) wrong.push(`${document.file}: ${link}`);
    }
  }
  return wrong;
}

it('every relative link resolves, headings included', async () => {
  const found = await documents();
  expect((await Promise.all(found.map(broken))).flat()).toEqual([]);
  expect(
    matches(found.map(({ text }) => text).join('\n'), /\]\(([^)\s]+\.md[^)]*)\)/g).length,
  ).toBeGreaterThan(20);
});
