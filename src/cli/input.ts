import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { ConfigError } from '../core/errors.ts';

/** Input for commands: JSON Lines from a file or from standard input. */

export function inputStream(file: string | undefined): NodeJS.ReadableStream {
  return file === undefined || file === '-' ? process.stdin : createReadStream(file);
}

/** Each line parsed by `schema`. @throws {ConfigError} naming the line and what was wrong with it */
export async function* readJsonLines<T>(
  input: NodeJS.ReadableStream,
  schema: z.ZodType<T>,
): AsyncGenerator<T> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') yield parseLine(line, number, schema);
  }
}

function parseLine<T>(line: string, number: number, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(line.replace(/^\uFEFF/, ''));
  } catch {
    throw new ConfigError(`line ${number}: not JSON; wants one object a line`);
  }
  return checked(value, `line ${number}`, schema);
}

/** @throws {ConfigError} naming the place and the member */
export function checked<T>(value: unknown, place: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(
    `${place}: ${issue?.path.join('.') || 'the object'}: ${issue?.message ?? 'is wrong'}`,
  );
}
