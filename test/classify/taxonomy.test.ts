import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readTaxonomy, tasksFor } from '../../src/classify/taxonomy.ts';
import { ConfigError } from '../../src/core/errors.ts';
import type { Kind } from '../../src/core/touchpoint.ts';
import { TAXONOMY, temporaryFolder } from './model-folder.ts';

async function written(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'taxonomy.yaml');
  await writeFile(file, text);
  return file;
}

/** The shipped taxonomy with one value changed (`undefined` removes it). */
async function changed(path: readonly (string | number)[], value: unknown): Promise<string> {
  const taxonomy = parse(await readFile(TAXONOMY, 'utf8'));
  const holder = path.slice(0, -1).reduce((node, key) => node[key], taxonomy);
  holder[path.at(-1) ?? ''] = value;
  return written(stringify(taxonomy));
}

describe('the shipped taxonomy', () => {
  test('holds the labels that everything downstream relies on', async () => {
    const { tasks } = await readTaxonomy(TAXONOMY);
    const ids = Object.entries(tasks).map(([name, task]) => [name, task.labels.map(({ id }) => id)]);
    expect(Object.fromEntries(ids)).toEqual({
      intent: [
        'qbr',
        'escalation',
        'routine check-in',
        'onboarding',
        'renewal discussion',
        'training',
        'executive briefing',
      ],
      topic: [
        'product & features',
        'user experience',
        'support & service',
        'account management',
        'upgrades & fixes',
        'performance & reliability',
        'training & documentation',
        'implementation & onboarding',
        'value & pricing',
        'configuration & customisation',
        'collaboration & partnership',
        'security & compliance',
        'integration & data',
        'adoption & usage',
        'contract & renewal',
        'strategy & roadmap',
      ],
      action: ['escalation', 'renewal', 'onboarding', 'billing', 'compliance', 'relationship', 'technical'],
      risk: ['churn', 'commercial', 'technical', 'relationship', 'compliance'],
      sentiment: ['positive', 'neutral', 'negative', 'mixed'],
    });
  });

  test('gives every label at least five examples', async () => {
    const { tasks } = await readTaxonomy(TAXONOMY);
    for (const { labels } of Object.values(tasks)) {
      for (const { id, examples } of labels) expect([id, examples.length >= 5]).toEqual([id, true]);
    }
  });

  test.each<[Kind, string[]]>([
    ['meeting', ['intent', 'topic']],
    ['email', ['intent', 'topic', 'sentiment']],
    ['action', ['topic', 'action']],
    ['nps', ['topic', 'sentiment']],
    ['risk', ['topic', 'risk']],
    ['topic', ['topic']],
    ['knowledge', ['topic']],
  ])('asks of a %s: %s', async (kind, expected) => {
    expect(tasksFor(await readTaxonomy(TAXONOMY), kind)).toEqual(expected);
  });
});

describe('a wrong taxonomy', () => {
  test.each<[readonly (string | number)[], unknown, string]>([
    [['tasks', 'intent', 'threshold'], 1.5, 'tasks.intent.threshold'],
    [['tasks', 'topic', 'kinds'], ['meetings'], 'tasks.topic.kinds.0'],
    [['tasks', 'risk', 'scale'], 0, 'tasks.risk.scale'],
    [['tasks', 'risk', 'multi'], undefined, 'tasks.risk.multi'],
    [['tasks', 'action', 'labels', 2, 'id'], 'Onboarding', 'tasks.action.labels.2.id'],
    [['tasks', 'action', 'labels', 1, 'id'], 'escalation', 'tasks.action.labels.1.id'],
    [['tasks', 'sentiment', 'labels', 0, 'description'], ' ', 'tasks.sentiment.labels.0.description'],
    [['tasks', 'sentiment', 'labels'], [], 'tasks.sentiment.labels'],
    [['tasks', 'sentiment', 'treshold'], 0.5, 'treshold'],
    [['tasks'], {}, 'tasks'],
  ])('with %j = %j is refused, naming %s', async (path, value, key) => {
    const reading = readTaxonomy(await changed(path, value));
    await expect(reading).rejects.toThrow(ConfigError);
    await expect(reading).rejects.toThrow(key);
  });

  test('that is missing or no YAML is refused, naming the file', async () => {
    const missing = join(await temporaryFolder(), 'nowhere.yaml');
    await expect(readTaxonomy(missing)).rejects.toThrow(missing);
    await expect(readTaxonomy(missing)).rejects.toThrow(ConfigError);
    const broken = await written('tasks: [unclosed');
    await expect(readTaxonomy(broken)).rejects.toThrow(broken);
    await expect(readTaxonomy(broken)).rejects.toThrow(ConfigError);
  });
});

test('a label needs no more than id, name and description', async () => {
  const { tasks } = await readTaxonomy(
    await changed(
      ['tasks', 'risk', 'labels'],
      [{ id: 'fire', name: 'Fire', description: 'The office burns' }],
    ),
  );
  expect(tasks['risk']?.labels).toEqual([
    { id: 'fire', name: 'Fire', description: 'The office burns', primary: true, examples: [] },
  ]);
});
