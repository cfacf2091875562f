import { ConfigError } from '../core/errors.ts';
import { FORGETTABLE, type ForgetReport, type ForgetTarget, forget as forgetAll } from '../sync/forget.ts';
import type { Context } from './context.ts';
import { count, endProgress, plural, printJson, printLine, progress } from './output.ts';
import { withSandboxClients } from './tenant.ts';

export interface ForgetCommand {
  readonly person?: string;
  readonly mailbox?: string;
  readonly client?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Erases everywhere and remembers it; the answer says how much of what, never whom. */
export async function forget(context: Context, options: ForgetCommand): Promise<number> {
  const target = targetOf(options);
  const deps = { store: await context.store(), clock: context.clock };
  const report = await forgetAll(deps, withSandboxClients(context.config), {
    ...target,
    dryRun: options.dryRun === true,
    onProgress: (seen) => progress(`looked at ${plural(seen, 'touchpoint')}`),
  }).finally(endProgress);
  if (options.json === true) printJson(report);
  else printForgotten(report);
  return 0;
}

/** @throws {ConfigError} unless exactly one is named */
function targetOf(options: ForgetCommand): ForgetTarget {
  const named = FORGETTABLE.flatMap((kind): ForgetTarget[] => {
    const value = options[kind];
    return value === undefined ? [] : [{ kind, value }];
  });
  const [target] = named;
  if (target === undefined || named.length > 1) {
    throw new ConfigError('forget: wants one of --person ADDRESS, --mailbox ADDRESS or --client NAME');
  }
  return target;
}

function printForgotten({ kind, dry_run, redacted, touchpoints, ...rest }: ForgetReport): void {
  const verb = dry_run ? 'would erase' : 'erased';
  printLine(
    `${verb} ${plural(touchpoints, 'touchpoint')}, ${dry_run ? 'would redact' : 'redacted'} ${count(redacted)}`,
  );
  const others = Object.entries(rest).filter(([, number]) => number > 0);
  for (const [what, number] of others) printLine(`  ${what}  ${count(number)}`);
  if (!dry_run) printLine(`the ${kind} is remembered by hash: no sync, resync or import brings it back`);
}
