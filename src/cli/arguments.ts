import { InvalidArgumentError, Option } from 'commander';
import { KINDS, type Kind } from '../core/touchpoint.ts';

/** What commands take: parsers that say what is wanted. */

export function whole(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1)
    throw new InvalidArgumentError('wants a whole number of at least 1.');
  return Number(text);
}

export function wholeOrNone(text: string): number {
  return text === '0' ? 0 : whole(text);
}

export function share(text: string): number {
  if (!/^(0?\.\d+|0|1)$/.test(text)) throw new InvalidArgumentError('wants a share of 0 to 1, such as 0.01.');
  return Number(text);
}

export function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('wants a port number.');
  return Number(text);
}

export function instant(text: string): string {
  if (Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('wants a date such as 2026-03-01.');
  return new Date(text).toISOString();
}

function kinds(text: string, before: Kind[] | undefined): Kind[] {
  const kind = KINDS.find((candidate) => candidate === text);
  if (kind === undefined) throw new InvalidArgumentError(`wants one of ${KINDS.join(', ')}.`);
  return [...(before ?? []), kind];
}

/** `--kind`, which may be given several times. */
export function kindOption(): Option {
  return new Option('--kind <kind>', 'only this kind; may be given again').argParser(kinds);
}

/** `--person`, which may be given several times. */
export function personOption(): Option {
  return new Option(
    '--person <name>',
    'only with this person: address, name or part of the name; may be given again',
  ).argParser((text, before: string[] | undefined) => [...(before ?? []), text]);
}

interface Label {
  readonly task: string;
  readonly label: string;
}

/** `--label intent=qbr`, which may be given several times. */
export function labelOption(): Option {
  return new Option('--label <task=label>', 'only with this label; may be given again').argParser(
    (text, before: Label[] | undefined) => {
      const [, task, label] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (task === undefined || label === undefined)
        throw new InvalidArgumentError('wants task=label, such as intent=qbr.');
      return [...(before ?? []), { task, label }];
    },
  );
}
