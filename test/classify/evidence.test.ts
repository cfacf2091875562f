import { afterAll, beforeAll, expect, it } from 'vitest';
import { explain } from '../../src/classify/evidence.ts';
import { createTagger, type Item, type Tagger } from '../../src/classify/tagger.ts';
import { silentLog } from '../../src/core/log.ts';
import { ENCODER, MODELS, TAXONOMY } from './model-folder.ts';

/** What an answer rests on, with the model that ships. */

let tagger: Tagger;
beforeAll(async () => {
  const files = { modelsDir: MODELS, encoder: ENCODER, taxonomyFile: TAXONOMY };
  tagger = await createTagger({ ...files, workers: 2, log: silentLog });
});
afterAll(() => tagger.close());

const meeting = (title: string, text = ''): Item => ({ kind: 'meeting', title, text });

it('names the words that say it', async () => {
  const found = await explain(tagger, 'intent', { item: meeting('QBR at the hospital') });
  expect(found?.label).toBe('qbr');
  expect(found?.evidence[0]?.text).toBe('QBR');
  for (const { weight } of found?.evidence ?? []) expect(weight).toBeGreaterThan(0);
});

it('names clauses of a longer text, five at most, the strongest first', async () => {
  const filler =
    'We met in the harbour office, had coffee, and talked for a while about the weather. '.repeat(10);
  const text = `${filler}The contract runs out in June, and they want a price for renewing it.`;
  const found = await explain(tagger, 'topic', { item: meeting('Notes', text), label: 'contract & renewal' });
  expect(found?.evidence.length).toBeLessThanOrEqual(5);
  expect(found?.evidence[0]?.text).toMatch(/contract|renew/);
  const weights = found?.evidence.map(({ weight }) => weight) ?? [];
  expect(weights).toEqual(weights.toSorted((a, b) => b - a));
});

it.each([meeting(''), meeting('🎉'), meeting('lunch')])(
  'has nothing to name where nothing is claimed (%#)',
  async (item) => {
    const found = await explain(tagger, 'intent', { item });
    expect(found?.evidence ?? []).toEqual([]);
  },
);

it('knows no label that the task has not', async () => {
  expect(await explain(tagger, 'intent', { item: meeting('QBR today'), label: 'billing' })).toBeNull();
});
