import { expect, it } from 'vitest';
import { isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { everything, matches, textOf } from './documents.ts';

/** Settings and environment variables are documented, and what is documented is there. */

async function settings(): Promise<{ readonly keys: string[]; readonly undescribed: string[] }> {
  const text = await textOf('config/touchpoint.yaml');
  const lines = text.split('\n');
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const keys: string[] = [];
  const undescribed: string[] = [];
  visit(document, {
    Pair(_, { key, value }, ancestors) {
      if (!isScalar(key)) return;
      const above = ancestors.flatMap((node) =>
        'key' in node && isScalar(node.key) ? [String(node.key.value)] : [],
      );
      const name = [...above, String(key.value)].join('.');
      keys.push(name);
      if (isMap(value)) return;
      const { line } = counter.linePos(key.range?.[0] ?? 0);
      if (!isDescribed(lines, line - 1)) undescribed.push(name);
    },
  });
  return { keys, undescribed };
}

/** A comment on its line, above it, or above the settings that it follows without a gap; or its name says it in one above. */
function isDescribed(lines: readonly string[], at: number): boolean {
  for (let line = at; line >= 0 && lines[line]?.trim() !== ''; line -= 1) {
    if (lines[line]?.includes('#') === true) return true;
  }
  return false;
}

// switches whose name is all there is to say
const PLAIN = new Set(['calendar.enabled', 'mail.enabled']);

it('every setting has its description beside its default', async () => {
  const { keys, undescribed } = await settings();
  expect(keys.length).toBeGreaterThan(50);
  expect(undescribed.filter((key) => !PLAIN.has(key))).toEqual([]);
});

it('every setting that the documentation names is there', async () => {
  const { keys } = await settings();
  const tops = new Set(keys.map((key) => key.split('.')[0] ?? ''));
  const dotted = matches(await everything(), /`([a-z_]+(?:\.[a-z_]+)+)`/g).filter((name) => {
    const isFile = /\.(ts|md|json|jsonl|yaml|yml|sql|sh|mjs|service|plist|example|made|lock)$/.test(name);
    return tops.has(name.split('.')[0] ?? '') && !isFile;
  });
  expect(dotted.length).toBeGreaterThan(8);
  expect(dotted.filter((name) => !keys.includes(name))).toEqual([]);
});

const VARIABLE = /\b((?:AZURE_AD|TOUCHPOINT|SUPABASE|ANTHROPIC|OPENAI)_[A-Z_]*[A-Z]|DATABASE_URL)\b/g;

async function variables(): Promise<string[]> {
  const text = await textOf('src/core/environment.ts');
  const schema = text.slice(text.indexOf('const Environment = z.object({'));
  const fallback = await textOf('src/core/fallback-settings.ts');
  const further = fallback.slice(fallback.indexOf('export const fallbackEnvironment = {'));
  const ends = (part: string, mark: string) => part.slice(0, part.indexOf(mark));
  return matches(`${ends(schema, '\n});')}\n${ends(further, '\n};')}`, /^ {2}([A-Z_]+):/gm);
}

it('every environment variable is in the README', async () => {
  const known = await variables();
  expect(known.length).toBeGreaterThan(15);
  const readme = await textOf('README.md');
  expect(known.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

it('every environment variable that documentation and deployment files name is there', async () => {
  const deployed = await textOf(
    'deploy/Dockerfile',
    'deploy/docker-compose.yml',
    'deploy/touchpoint.service',
  );
  const named = matches(`${await everything()}\n${deployed}`, VARIABLE);
  // the dashboard has variables of its own for the client
  const dashboards = matches(await textOf('examples/nextjs/lib/touchpoint.ts'), VARIABLE);
  const known = new Set([...(await variables()), ...dashboards]);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
