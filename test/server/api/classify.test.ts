import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTagger, type Tagger } from '../../../src/classify/tagger.ts';
import { silentLog } from '../../../src/core/log.ts';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { ENCODER, MODELS, TAXONOMY } from '../../classify/model-folder.ts';
import { memoryStore } from '../../support/store.ts';
import { serving } from './serving.ts';

/** Texts that are not in the store, with the model that ships. */

let store: PgliteStore;
let tagger: Tagger;
beforeAll(async () => {
  store = await memoryStore();
  const files = { modelsDir: MODELS, encoder: ENCODER, taxonomyFile: TAXONOMY };
  tagger = await createTagger({ ...files, workers: 1, log: silentLog });
});
afterAll(async () => {
  await tagger.close();
  await store.close();
});

async function answerOf(path: string, body: Record<string, unknown>) {
  const { post } = await serving({ store, tagger });
  const answer = await post(path, body);
  expect(answer.status).toBe(200);
  return answer.json();
}

describe('classify', () => {
  it('answers what the tagger answers, in order', async () => {
    const items = [{ id: 'a', title: 'QBR with the hospital' }, { text: 'Staff lunch' }];
    const answer = await answerOf('/api/v1/classify', { task: 'intent', items });
    const direct = await tagger.classify('intent', [
      { kind: 'meeting', title: 'QBR with the hospital', text: '' },
      { kind: 'meeting', title: '', text: 'Staff lunch' },
    ]);
    const { encoder, taxonomy } = tagger;
    expect(answer).toEqual({
      results: [
        { id: 'a', ...direct[0] },
        { id: null, ...direct[1] },
      ],
      model: { encoder, taxonomy },
    });
  });

  it('says the sentiment and topics of an NPS comment', async () => {
    const answer = await answerOf('/api/v1/classify/nps', {
      comment: 'Great support team, always quick to help',
    });
    expect(answer).toMatchObject({ sentiment: 'positive', mixed: false });
    expect(answer).toMatchObject({
      topics: expect.arrayContaining([expect.objectContaining({ label: 'support & service' })]),
    });
  });

  it.each(['action', 'risk'])('says the category of one %s', async (task) => {
    const text =
      task === 'action' ? 'Chase unpaid invoice 4471' : 'Client may move to a competitor at term end';
    const answer = await answerOf(`/api/v1/classify/${task}`, { text });
    expect(answer).toMatchObject({ category: task === 'action' ? 'billing' : 'churn' });
  });

  it.each(['', '   ', '🎉', '\u0000', '\ud800', 'обновление', 'x'.repeat(100_000)])(
    'has an answer for any text (%#)',
    async (comment) => {
      expect(await answerOf('/api/v1/classify/nps', { comment })).toHaveProperty('sentiment');
    },
  );
});

it('embed gives the tagger’s vectors', async () => {
  const answer = await answerOf('/api/v1/embed', { texts: ['renewal'] });
  const [vector] = await tagger.embed(['renewal']);
  expect(answer).toEqual({ vectors: [Array.from(vector ?? [])], encoder: tagger.encoder });
});
