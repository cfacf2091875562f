#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { packagePath } from '../core/paths.ts';
import { SCOPES } from '../core/settings.ts';
import { KINDS } from '../core/touchpoint.ts';
import { StoreLocked } from '../store/lock.ts';
import {
  instant,
  kindOption,
  labelOption,
  personOption,
  portNumber,
  share,
  whole,
  wholeOrNone,
} from './arguments.ts';
import { type Context, type GlobalOptions, openContext } from './context.ts';

/** Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. Each command is loaded when it is asked for. */

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(packagePath('package.json'), 'utf8')));

const program = new Command('touchpoint')
  .description('Keeps Outlook meetings and mail in step with your store, and says what each is about.')
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

command('start', 'the daemon: keeps everything in step until it is stopped').action((options) =>
  run(options, async (context) => (await import('./start.ts')).start(context, options)),
);
command('sync', 'one pass over all feeds, then tags what needs it')
  .option('--mailbox <address>', 'only this mailbox')
  .addOption(new Option('--kind <kind>', 'only meetings or only mail').choices(['meeting', 'email']))
  .action((options) => run(options, async (context) => (await import('./sync.ts')).sync(context, options)));
command('resync', 'reads everything anew, and drops what is no longer there')
  .option('--mailbox <address>', 'only this mailbox')
  .addOption(new Option('--kind <kind>', 'only meetings or only mail').choices(['meeting', 'email']))
  .option('--from <date>', 'only what happened from this date on', instant)
  .option('--to <date>', 'only what happened before this date', instant)
  .option('--dry-run', 'only say what would change')
  .action((options) =>
    run(options, async (context) => (await import('./resync.ts')).resync(context, options)),
  );
command('forget', 'erases a person, a mailbox or a client, and keeps them from coming back')
  .option('--person <address>', 'a person: what they wrote, and their name and address everywhere else')
  .option('--mailbox <address>', 'a mailbox, with what only it holds')
  .option('--client <name>', 'a client organisation, by name or alias')
  .option('--dry-run', 'only say what would be erased')
  .action((options) =>
    run(options, async (context) => (await import('./forget.ts')).forget(context, options)),
  );
command('tag', 'tags and embeds what needs it')
  .option('--limit <n>', 'at most so many', whole)
  .option('--page <n>', 'so many at a time, 50 to 500', whole)
  .option('--pause', 'lets every tagger of this store stop after its page')
  .option('--resume', 'lets them go on')
  .action((options) => run(options, async (context) => (await import('./tag.ts')).tag(context, options)));
command('status', 'what is stored, what waits, how fresh each feed is').action((options) =>
  run(options, async (context) => (await import('./status.ts')).status(context, options)),
);
command('search', 'hybrid search over everything stored')
  .argument('[question]')
  .addOption(kindOption())
  .option('--client <name>', 'only this client')
  .option('--since <date>', 'only from this date on', instant)
  .option('--until <date>', 'only before this date', instant)
  .addOption(personOption())
  .addOption(labelOption())
  .option('--similar <id>', 'what is like this touchpoint, instead of a question')
  .option('--limit <n>', 'results', whole, 10)
  .action((question, options) =>
    run(options, async (context) => (await import('./search.ts')).search(context, question, options)),
  );
command('classify', 'JSON Lines in, JSON Lines with labels out; no store')
  .requiredOption('--task <task>', 'what to say of each item: a task of the taxonomy')
  .argument('[file]', 'JSON Lines of {"id","kind","title","text"}; standard input without it')
  .action((file, options) =>
    run(options, async (context) => (await import('./classify.ts')).classify(context, options.task, file)),
  );
command('train', 'refits the heads on labelled items and on what people said of the answers')
  .option('--data <files...>', 'labelled JSON Lines instead of those that ship')
  .option('--feedback <file>', 'JSON Lines of corrections and thumbs')
  .option('--store-feedback', 'the corrections and thumbs that are in the store')
  .option('--tolerance <share>', 'how much worse a head may do before the old one stays', share, 0.01)
  .option('--output <folder>', 'models folder to write to')
  .option('--dry-run', 'only say what would change')
  .option('--undo', 'goes back to the heads before the last training')
  .action((options) => run(options, async (context) => (await import('./train.ts')).train(context, options)));
command('evaluate', 'measures the answers on labelled items')
  .addOption(
    new Option('--split <split>', 'only items of this split (dev of those that ship)').choices([
      'train',
      'dev',
      'test',
    ]),
  )
  .option('--task <task>', 'only this task')
  .option('--svg <folder>', 'writes reliability plots and confusion matrices there')
  .option(
    '--llm <n>',
    'asks the fallback too, about so many of the items, which costs its tokens',
    wholeOrNone,
    0,
  )
  .option(
    '--compare <folders...>',
    'two models folders, the old one first: what the new one changes; exit 1 beyond',
  )
  .option('--same-heads', 'the old one’s heads answer for both, as for another precision of its weights')
  .option('--most-flips <share>', 'of a task’s answers that may turn', share, 0.05)
  .option('--least-overlap <share>', 'of the ten nearest texts that must stay', share, 0.8)
  .argument('[files...]', 'labelled JSON Lines; without any those that ship')
  .action((files, options) =>
    run(options, async (context) => (await import('./evaluate.ts')).evaluate(context, files, options)),
  );
command('import', 'touchpoints from JSON Lines or CSV into the store')
  .addOption(
    new Option('--kind <kind>', 'what they are, where a line does not say')
      .choices(KINDS)
      .makeOptionMandatory(),
  )
  .option('--no-tag', 'leave tags and vectors for later')
  .argument(
    '[file]',
    '{"id","kind","client","date","title","text"} a line, or .csv with these columns; standard input without it',
  )
  .action((file, options) =>
    run(options, async (context) => (await import('./import.ts')).importFile(context, file, options)),
  );
command('export', 'JSON Lines of what is stored')
  .addOption(kindOption())
  .option('--since <date>', 'only from this date on', instant)
  .option('--deleted', 'with what was deleted')
  .action((options) =>
    run(options, async (context) => (await import('./export.ts')).exportAll(context, options)),
  );
command('backup', 'the embedded store in one file, also while the daemon runs')
  .argument('<file>', 'written anew, for its owner alone')
  .action((file, options) =>
    run(options, async (context) => (await import('./backup.ts')).backup(context, file, options)),
  );
command('restore', 'puts a backup in the place of the embedded store; the daemon must be stopped')
  .argument('<file>', 'what backup wrote')
  .action((file, options) =>
    run(options, async (context) => (await import('./backup.ts')).restore(context, file, options)),
  );
command('doctor', 'tries everything that is needed and says how to mend what does not work').action(
  (options) => run(options, async (context) => (await import('./doctor.ts')).doctor(context, options)),
);
command('migrate', 'brings the schema up to date')
  .option('--check', 'only say what is missing')
  .action((options) =>
    run(options, async (context) => (await import('./migrate.ts')).migrate(context, options)),
  );
command('key', 'makes an API key and the entry of the settings that lets it in')
  .requiredOption('--name <name>', 'who will use it')
  .addOption(new Option('--scope <scopes...>', 'what it may do').choices(SCOPES).default(['read']))
  .addOption(new Option('--withhold <kinds...>', 'kinds that it is never shown').choices(KINDS))
  .action((options) => run(options, async () => (await import('./key.ts')).key(options)));
command('sandbox', 'a Graph server on loopback with a made-up tenant')
  .option('--port <port>', '0 takes any free one', portNumber, 4010)
  .addArgument(
    new Argument('[action]', 'run it, or mutate: change things in the one that runs')
      .choices(['run', 'mutate'])
      .default('run'),
  )
  .action((action, options) =>
    run(options, async (context) => {
      const { mutateSandbox, runSandbox } = await import('./sandbox.ts');
      return action === 'mutate' ? mutateSandbox(context, options) : runSandbox(context, options);
    }),
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
