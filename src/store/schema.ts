import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { packagePath } from '../core/paths.ts';

/** What the migrations make together, as `npm run schema` read it back from a database. */
export const schemaFile: string = packagePath('supabase', 'schema.sql');

export interface Schema {
  /** By name, functions of schema public: MD5 of the body, as `touchpoint_check` tells it. */
  readonly functions: Readonly<Record<string, string>>;
  /** By table or view, its columns. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** Numbers in a stored vector. */
  readonly dimension: number;
}

export async function readSchema(): Promise<Schema> {
  const text = await readFile(schemaFile, 'utf8');
  const bodies = text.matchAll(/^CREATE OR REPLACE FUNCTION public\.(\w+)\(.*?^AS (\$\w*\$)(.*?)\2;$/gms);
  const tables = text.matchAll(/^create (?:table|view) touchpoint\.(\w+) \(\n(.*?)\n\)/gms);
  return {
    functions: Object.fromEntries([...bodies].map(([, name = '', , body = '']) => [name, md5(body)])),
    dimension: Number(/^ {2}embedding \S*vector\((\d+)\)/m.exec(text)?.[1]),
    columns: Object.fromEntries([...tables].map(([, name = '', lines = '']) => [name, columnsOf(lines)])),
  };
}

function columnsOf(lines: string): string[] {
  const names = lines.split('\n').map((line) => /^ {2}"?(\w+)/.exec(line)?.[1] ?? '');
  return names.filter((name) => name !== '' && name !== 'constraint');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
