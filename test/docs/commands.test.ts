import { expect, it } from 'vitest';
import { code, everything, matches, textOf } from './documents.ts';

/** Commands and their options are documented, and what is documented is there. */

const COMMAND = /(?:^|[^.\w/-])touchpoint ([a-z]+)\b/g;
// words that follow the name where it is no command
const PROSE = new Set(['daemon', 'process', 'owner', 'cascade', 'could']);

async function offered() {
  const main = await textOf('src/cli/main.ts');
  const shared = await textOf('src/cli/arguments.ts');
  return {
    commands: matches(main, /\bcommand\(\s*'([a-z]+)'/g),
    options: matches(`${main}\n${shared}`, /'(?:-\w, )?(--[a-z][a-z-]*)/g),
  };
}

it('every command is in the README and in the list of commands', async () => {
  const { commands } = await offered();
  expect(commands.length).toBeGreaterThan(15);
  const [readme, list] = await Promise.all([textOf('README.md'), textOf('docs/commands.md')]);
  const missing = commands.flatMap((name) => [
    ...(readme.includes(`\`touchpoint ${name}`) ? [] : [`README.md: ${name}`]),
    ...(list.includes(`\n## ${name}\n`) ? [] : [`docs/commands.md: ${name}`]),
  ]);
  expect(missing).toEqual([]);
});

it('every option is in the list of commands, under its command', async () => {
  const main = await textOf('src/cli/main.ts');
  const list = await textOf('docs/commands.md');
  const shared: Readonly<Record<string, string>> = {
    kindOption: '--kind',
    personOption: '--person',
    labelOption: '--label',
  };
  const missing: string[] = [];
  for (const part of main.split(/\n(?=command\()/).slice(1)) {
    const [name = ''] = matches(part, /^command\(\s*'([a-z]+)'/g);
    const section = list.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    const own = matches(part.split('.action(')[0] ?? '', /'(?:-\w, )?(--[a-z][a-z-]*)/g);
    const given = Object.entries(shared).flatMap(([call, option]) =>
      part.includes(`${call}(`) ? [option] : [],
    );
    for (const option of [...own, ...given]) {
      if (!section.includes(`\`${option}`)) missing.push(`${name} ${option}`);
    }
  }
  expect(missing).toEqual([]);
});

it('every command and option that the documentation names is there', async () => {
  const { commands, options } = await offered();
  const lines = code(await everything()).filter((line) => /\btouchpoint [a-z]/.test(line));
  expect(lines.length).toBeGreaterThan(30);
  const known = new Set([...options, '--config', '--json', '--log-level', '--help', '--version']);
  const wrong = lines.flatMap((line) => {
    const named = matches(line, COMMAND).filter((name) => !commands.includes(name) && !PROSE.has(name));
    const call = /(?:^|[^.\w/-])touchpoint [a-z]+(.*)/.exec(line)?.[1]?.split('|')[0] ?? '';
    return [
      ...named,
      ...matches(call, /(?<!\w)(--[a-z][a-z-]*)/g).filter((option) => !known.has(option)),
    ].map((what) => `${what} in: ${line}`);
  });
  expect(wrong).toEqual([]);
});
