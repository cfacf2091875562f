import { reasonOf } from '../core/errors.ts';
import { printLine } from './output.ts';

/** What `doctor` found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it; beside `ok` it is advice. */
  readonly mend?: string;
}

export class Findings {
  readonly list: Finding[] = [];

  add(...findings: readonly Finding[]): void {
    this.list.push(...findings);
  }

  /** Tries something; what it throws is the finding. @returns what it gave, null when it failed */
  async attempt<T>(
    check: string,
    mend: string,
    work: () => Promise<{ readonly detail: string; readonly value: T }>,
  ): Promise<T | null> {
    try {
      const { detail, value } = await work();
      this.add({ check, ok: true, detail });
      return value;
    } catch (error) {
      this.add({ check, ok: false, detail: reasonOf(error), mend });
      return null;
    }
  }

  get allWell(): boolean {
    return this.list.every(({ ok }) => ok);
  }

  print(): void {
    for (const { check, ok, detail, mend } of this.list) {
      const mark = ok ? (mend === undefined ? 'ok  ' : 'note') : 'FAIL';
      printLine(`${mark} ${check}: ${detail}`);
      if (mend !== undefined) printLine(`     ${ok ? 'advice' : 'mend'}: ${mend}`);
    }
  }
}
