#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { packagePath } from '../core/paths.ts';
import { KINDS, type Kind } from '../core/touchpoint.ts';
import { StoreLocked } from '../store/lock.ts';
import { classify, TASKS } from './classify.ts';
import { type Context, type GlobalOptions, openContext } from './context.ts';
import { doctor } from './doctor.ts';
import { exportAll } from './export.ts';
import { importFile } from './import.ts';
import { migrate } from './migrate.ts';
import { mutateSandbox, runSandbox } from './sandbox.ts';
import { search } from './search.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { sync } from './sync.ts';
import { tag } from './tag.ts';

/** Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */

const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packagePath('package.json'), 'utf8')));

const program = new Command('touchpoint')
  .description("Keeps Outlook meetings and mail in step with your store, and says what each is about.")
  .version(version)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

/** A command with the options that every command has. */
function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--config <file>', 'settings file (default: touchpoint.yaml in the working directory)')
    .option('--json', 'one JSON document, or JSON Lines where it streams')
    .option('--log-level <level>', 'debug, info, warn, error or silent');
}

/** Runs a command with everything it opens closed again. */
async function run(options: GlobalOptions, work: (context: Context) => Promise<number>): Promise<void> {
  await using context = await openContext(options);
  process.exitCode = await work(context);
}

const whole = (text: string): number => {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('wants a whole number of at least 1.');
  return Number(text);
};
const portNumber = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('wants a port number.');
  return Number(text);
};
const instant = (text: string): string => {
  if (Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('wants a date such as 2026-03-01.');
  return new Date(text).toISOString();
};
const kinds = (text: string, before: Kind[] | undefined): Kind[] => {
  const kind = KINDS.find((candidate) => candidate === text);
  if (kind === undefined) throw new InvalidArgumentError(`wants one of ${KINDS.join(', ')}.`);
  return [...(before ?? []), kind];
};
const kindOption = () => new Option('--kind <kind>', 'only this kind; may be given again').argParser(kinds);

command('start', 'the daemon: keeps everything in step until it is stopped').action((options) =>
  run(options, (context) => start(context, options)),
);
command('sync', 'one pass over all feeds, then tags what needs it')
  .option('--mailbox <address>', 'only this mailbox')
  .addOption(new Option('--kind <kind>', 'only meetings or only mail').choices(['meeting', 'email']))
  .action((options) => run(options, (context) => sync(context, options)));
command('tag', 'tags and embeds what needs it')
  .option('--limit <n>', 'at most so many', whole)
  .action((options) => run(options, (context) => tag(context, options)));
command('status', 'what is stored, what waits, how fresh each feed is').action((options) =>
  run(options, (context) => status(context, options)),
);
command('search', 'hybrid search over everything stored')
  .argument('<question>')
  .addOption(kindOption())
  .option('--client <name>', 'only this client')
  .option('--since <date>', 'only from this date on', instant)
  .option('--until <date>', 'only before this date', instant)
  .option('--limit <n>', 'results', whole, 10)
  .action((question, options) => run(options, (context) => search(context, question, options)));
command('classify', 'JSON Lines in, JSON Lines with labels out; no store')
  .addOption(new Option('--task <task>', 'what to say of each item').choices(TASKS).makeOptionMandatory())
  .argument('[file]', 'JSON Lines of {"id","kind","title","text"}; standard input without it')
  .action((file, options) => run(options, (context) => classify(context, options.task, file)));
command('import', 'touchpoints from JSON Lines or CSV into the store')
  .addOption(new Option('--kind <kind>', 'what they are, where a line does not say').choices(KINDS).makeOptionMandatory())
  .option('--no-tag', 'leave tags and vectors for later')
  .argument('[file]', '{"id","kind","client","date","title","text"} a line, or .csv with these columns; standard input without it')
  .action((file, options) => run(options, (context) => importFile(context, file, options)));
command('export', 'JSON Lines of what is stored')
  .addOption(kindOption())
  .option('--since <date>', 'only from this date on', instant)
  .option('--deleted', 'with what was deleted')
  .action((options) => run(options, (context) => exportAll(context, options)));
command('doctor', 'tries everything that is needed and says how to mend what does not work').action((options) =>
  run(options, (context) => doctor(context, options)),
);
command('migrate', 'brings the schema up to date')
  .option('--check', 'only say what is missing')
  .action((options) => run(options, (context) => migrate(context, options)));
command('sandbox', 'a Graph server on loopback with a made-up tenant')
  .option('--port <port>', '0 takes any free one', portNumber, 4010)
  .addArgument(new Argument('[action]', 'run it, or mutate: change things in the one that runs').choices(['run', 'mutate']).default('run'))
  .action((action, options) =>
    run(options, (context) => (action === 'mutate' ? mutateSandbox(context, options) : runSandbox(context, options))),
  );

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

function exitCode(error: unknown): number {
  // commander has said its word already, help and version included
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`touchpoint: ${reasonOf(error)}\n`);
  return error instanceof ConfigError || error instanceof StoreLocked ? 2 : 1;
}
