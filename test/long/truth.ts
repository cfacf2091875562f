import type { Sandbox } from '../../src/sandbox/server.ts';
import { type Expected, expected } from '../support/sync.ts';
import { configOf } from './parts.ts';
import type { Report } from './report.ts';

/** What a store should hold that follows a part of the sandbox's mailboxes. */

/** Of eight: their meetings are shared with each other and with the rest. */
const READ = 3;

/** Those that are read. */
export function mailboxesOf({ tenant }: Sandbox): string[] {
  return tenant.mailboxes.slice(0, READ).map(({ address }) => address);
}

/** How the store differs from what lies in the mailboxes that are read. */
export async function untruths(sandbox: Sandbox, { rows }: Report): Promise<string[]> {
  const mailboxes = mailboxesOf(sandbox);
  const isRead = (copy: string) => mailboxes.some((address) => copy.startsWith(`${address} `));
  const config = await configOf({ mailboxes });
  const wanted = expected(sandbox, config).flatMap((row): Expected[] => {
    const copies = row.copies.filter(isRead);
    return copies.length === 0 ? [] : [{ ...row, copies }];
  });
  const lines = (all: readonly Expected[]) => all.map((row) => JSON.stringify(row));
  return compared('the truth', lines(wanted), lines(rows));
}

/** What one list of lines has that the other has not, in words. */
export function compared(name: string, wanted: readonly string[], found: readonly string[]): string[] {
  const [want, have] = [new Set(wanted), new Set(found)];
  return [
    ...wanted.filter((line) => !have.has(line)).map((line) => `${name} has: ${line}`),
    ...found.filter((line) => !want.has(line)).map((line) => `${name} has not: ${line}`),
    ...(found.length === have.size ? [] : ['something is stored twice']),
  ];
}
