import { beforeEach, describe, expect, it } from 'vitest';
import { getTouchpoint, readMeetings } from '../../../src/store/briefing.ts';
import {
  eraseFeedbackPeople,
  exportFeedback,
  type FeedbackLine,
  type NewFeedback,
  putFeedback,
  readFeedbackPeople,
  type Said,
  type Verdict,
} from '../../../src/store/feedback.ts';
import { importTouchpoints } from '../../../src/store/pages.ts';
import { erase } from '../../../src/store/privacy.ts';
import { StoreConflict } from '../../../src/store/store.ts';
import { emptyStore } from '../../support/store.ts';
import { arrange, type Meeting, TODAY, tagAll } from './briefing.ts';
import { item, touchpoint } from './fixtures.ts';
import type { Harness } from './harness.ts';

const TASKS = {
  intent: { labels: ['qbr', 'training', 'onboarding', 'escalation'].map((id) => ({ id })) },
  sentiment: { labels: [{ id: 'negative' }, { id: 'mixed', primary: false }] },
};
const MEETING: Meeting = { key: 'm', labels: { intent: ['qbr', 'training'], topic: ['value'] } };
const NAME = { kind: 'meeting', source_key: 'm' } as const;
const NEWER = { encoder: 'encoder@2', taxonomy: 'taxonomy@2' };

/** What people say of labels. */
export function feedbackContract(harness: () => Harness): void {
  const say = (verdict: Verdict, rest: Partial<NewFeedback> = {}) =>
    putFeedback(harness().store, TASKS, { now: TODAY, ...NAME, ...rest, ...verdict });
  const correct = (...labels: string[]) => say({ verdict: 'labels', task: 'intent', labels });
  const down = (label: string) => say({ verdict: 'down', task: 'intent', label });
  const whole = () => getTouchpoint(harness().store, NAME);
  const line = async () => (await readMeetings(harness().store, { now: TODAY })).rows[0];
  const shown = async () =>
    (await line())?.labels.flatMap(({ task, label }) => (task === 'intent' ? [label] : []));
  const exported = async (filter: Parameters<typeof exportFeedback>[1] = {}, size = 2) => {
    const lines: FeedbackLine[] = [];
    for await (const one of exportFeedback(harness().store, filter, size)) lines.push(one);
    return lines;
  };
  beforeEach(() => emptyStore(harness()));

  describe('a correction', () => {
    beforeEach(() => arrange(harness(), [MEETING]));

    it('wins at once, in the order that it gives, and other tasks stay', async () => {
      expect(await correct('training', 'onboarding', 'escalation')).toMatchObject({
        task: 'intent',
        labels: ['training', 'onboarding', 'escalation'],
        settled: true,
        uncertain: [],
      });
      expect(await line()).toMatchObject({ meeting_type_auto: 'training', meeting_type_confidence: 1 });
      expect(await shown()).toEqual(['training', 'onboarding', 'escalation']);
      expect((await whole()).current).toContainEqual(
        expect.objectContaining({ task: 'topic', label: 'value' }),
      );
    });

    it('may say that nothing holds', async () => {
      await correct();
      expect(await line()).toMatchObject({ meeting_type_auto: null, tagged: true });
      expect(await shown()).toEqual([]);
      const { rows } = await readMeetings(harness().store, { now: TODAY, intents: ['none'] });
      expect(rows).toHaveLength(1);
    });

    it('outlives another model, another taxonomy, a sync and a changed text', async () => {
      await correct('training');
      await tagAll(harness(), [{ ...MEETING, uncertain: ['intent'] }], NEWER);
      expect(await line()).toMatchObject({ meeting_type_auto: 'training', uncertain: [] });
      const changed = touchpoint('m', { title: 'm2', body: 'another text' });
      await importTouchpoints(harness().store, TODAY, [item(changed)]);
      await tagAll(harness(), [{ ...MEETING, title: 'm2' }], NEWER);
      expect(await line()).toMatchObject({ title: 'm2', meeting_type_auto: 'training' });
      expect(await shown()).toEqual(['training']);
    });

    it('holds before the model has said anything', async () => {
      await arrange(harness(), [{ key: 'new' }]);
      await say({ verdict: 'labels', task: 'intent', labels: ['qbr'] }, { source_key: 'new' });
      await tagAll(harness(), [{ key: 'new', labels: { intent: ['training'] } }]);
      const { rows } = await readMeetings(harness().store, { now: TODAY, meeting_types: ['qbr'] });
      expect(rows.map(({ source_key }) => source_key).sort()).toEqual(['m', 'new']);
    });

    it('gives way to a later one, and each is kept', async () => {
      await correct('training');
      await correct('onboarding', 'qbr');
      expect(await shown()).toEqual(['onboarding', 'qbr']);
      expect((await whole()).feedback).toMatchObject([
        { labels: ['training'], shown: ['qbr', 'training'], holds: false },
        { labels: ['onboarding', 'qbr'], shown: ['training'], holds: true },
      ]);
    });

    it('is kept with who said what of what', async () => {
      await say(
        { verdict: 'labels', task: 'intent', labels: ['training'] },
        { by: 'user 7', comment: 'it was a "drill"; no QBR' },
      );
      expect((await whole()).feedback).toMatchObject([
        {
          verdict: 'labels',
          by: 'user 7',
          comment: 'it was a "drill"; no QBR',
          shown: ['qbr', 'training'],
          model: [
            { label: 'qbr', score: 0.9, origin: 'model', version: 'taxonomy@1' },
            { label: 'training', score: 0.8, origin: 'model', version: 'taxonomy@1' },
          ],
          encoder: 'encoder@1',
          taxonomy: 'taxonomy@1',
        },
      ]);
    });
  });

  describe('a thumb up', () => {
    beforeEach(() => arrange(harness(), [MEETING]));

    it('settles what is shown, as it is', async () => {
      expect(await say({ verdict: 'up', task: 'intent', label: 'qbr' })).toMatchObject({
        labels: ['qbr', 'training'],
        settled: true,
      });
      await tagAll(harness(), [{ ...MEETING, labels: { intent: ['escalation'] } }], NEWER);
      expect(await shown()).toEqual(['qbr', 'training']);
      expect(await line()).toMatchObject({ meeting_type_auto: 'qbr' });
    });

    it('settles that there is nothing, too', async () => {
      await tagAll(harness(), [{ ...MEETING, labels: {} }], NEWER);
      await say({ verdict: 'up', task: 'intent' });
      await tagAll(harness(), [MEETING]);
      expect(await shown()).toEqual([]);
    });

    it.each<[string, Partial<Verdict>]>([
      ['a label that is not shown', { label: 'escalation' }],
      ['labels that have changed', { shown: ['qbr'] }],
      ['labels in another order', { shown: ['training', 'qbr'] }],
    ])('is refused for %s', async (_, rest) => {
      await expect(say({ verdict: 'up', task: 'intent', ...rest } as Verdict)).rejects.toThrow(StoreConflict);
      expect((await whole()).feedback).toEqual([]);
    });
  });

  describe('a thumb down', () => {
    beforeEach(() => arrange(harness(), [MEETING]));

    it('hides the label for good, leaves the others, and lets the task wait for a person', async () => {
      expect(await down('qbr')).toMatchObject({
        labels: ['training'],
        settled: false,
        uncertain: ['intent'],
      });
      expect(await line()).toMatchObject({ meeting_type_auto: 'training', uncertain: ['intent'] });
      await tagAll(harness(), [{ ...MEETING, labels: { intent: ['qbr', 'escalation'] } }], NEWER);
      expect(await shown()).toEqual(['escalation']);
      const question = { now: TODAY, intents: ['qbr'] };
      expect((await readMeetings(harness().store, question)).rows).toEqual([]);
      const waiting = await readMeetings(harness().store, { now: TODAY, uncertain: true });
      expect(waiting.rows).toHaveLength(1);
    });

    it('also hides what a person said, and a later correction brings it back', async () => {
      await correct('qbr', 'training');
      expect(await down('qbr')).toMatchObject({ labels: ['training'], settled: true, uncertain: [] });
      expect(await correct('qbr')).toMatchObject({ labels: ['qbr'] });
    });

    it('is refused for a label that is not shown', async () => {
      await down('qbr');
      await expect(down('qbr')).rejects.toThrow(StoreConflict);
    });
  });

  describe('a withdrawal', () => {
    beforeEach(() => arrange(harness(), [MEETING]));

    const withdraw = (withdraws: number) => say({ verdict: 'withdraw', withdraws });

    it('takes one word back and lets what was said before hold again', async () => {
      const first = await correct('training');
      const second = await correct('onboarding');
      const third = await down('onboarding');
      expect(await shown()).toEqual([]);
      expect(await withdraw(second.id)).toMatchObject({ task: 'intent', labels: ['training'] });
      expect(await withdraw(first.id)).toMatchObject({ labels: ['qbr', 'training'], settled: false });
      expect(await withdraw(third.id)).toMatchObject({ labels: ['qbr', 'training'], uncertain: [] });
      expect((await whole()).feedback.map(({ verdict, holds }) => [verdict, holds])).toEqual([
        ...['labels', 'labels', 'down', 'withdraw', 'withdraw', 'withdraw'].map((verdict) => [
          verdict,
          false,
        ]),
      ]);
    });

    it('happens once, to feedback on this touchpoint', async () => {
      const { id } = await correct('training');
      const withdrawal = await withdraw(id);
      await expect(withdraw(id)).rejects.toThrow(StoreConflict);
      await expect(withdraw(withdrawal.id)).rejects.toMatchObject({ code: 'PT404' });
      await expect(withdraw(id + 1000)).rejects.toMatchObject({ code: 'PT404' });
      await arrange(harness(), [{ key: 'other' }]);
      const elsewhere = {
        now: TODAY,
        kind: 'meeting',
        source_key: 'other',
        verdict: 'withdraw',
        withdraws: id,
      };
      await expect(harness().store.call('touchpoint_feedback_put', elsewhere)).rejects.toMatchObject({
        code: 'PT404',
      });
    });
  });

  describe('feedback', () => {
    beforeEach(() => arrange(harness(), [MEETING]));

    it.each<[string, Partial<NewFeedback>]>([
      ['an unknown touchpoint', { source_key: 'never' }],
      ['a kind that is withheld', { withhold: ['meeting'] }],
    ])('on %s finds nothing', async (_, rest) => {
      await expect(say({ verdict: 'labels', task: 'intent', labels: [] }, rest)).rejects.toMatchObject({
        code: 'PT404',
      });
    });

    it('on a deleted touchpoint finds nothing', async () => {
      await harness().sql('update touchpoint.touchpoints set deleted_at = now()');
      await expect(correct('qbr')).rejects.toMatchObject({ code: 'PT404' });
    });

    it.each<[string, Verdict]>([
      ['an unknown task', { verdict: 'labels', task: 'mood', labels: [] }],
      ['a task of the language', { verdict: 'up', task: 'constructor' }],
      ['an unknown label', { verdict: 'labels', task: 'intent', labels: ['nonsense'] }],
      [
        'a label that cannot be the answer',
        { verdict: 'labels', task: 'sentiment', labels: ['mixed', 'negative'] },
      ],
      ['a label twice', { verdict: 'labels', task: 'intent', labels: ['qbr', 'qbr'] }],
    ])('with %s is refused', async (_, verdict) => {
      await expect(say(verdict)).rejects.toMatchObject({ code: 'PT400' });
    });

    it.each<[string, object]>([
      ['no verdict', { task: 'intent' }],
      ['no task', { verdict: 'up' }],
      ['no labels', { verdict: 'labels', task: 'intent' }],
      ['labels with a thumb', { verdict: 'up', task: 'intent', labels: ['qbr'] }],
      ['a thumb down on nothing', { verdict: 'down', task: 'intent' }],
      ['a withdrawal of nothing', { verdict: 'withdraw' }],
      ['a withdrawal of a word', { verdict: 'withdraw', withdraws: 'x' }],
      ['an empty label', { verdict: 'labels', task: 'intent', labels: [''] }],
    ])('with %s makes no sense', async (_, rest) => {
      const call = harness().store.call('touchpoint_feedback_put', { now: TODAY, ...NAME, ...rest });
      await expect(call).rejects.toMatchObject({ code: 'PT400' });
    });

    it('is append-only, whatever rights one has', async () => {
      await say({ verdict: 'labels', task: 'intent', labels: ['qbr'] }, { by: 'ana', comment: 'yes' });
      const { sql } = harness();
      const table = 'touchpoint.classification_feedback';
      await expect(sql(`update ${table} set labels = '{training}'`)).rejects.toThrow('append-only');
      await expect(sql(`update ${table} set comment = 'no'`)).rejects.toThrow('append-only');
      await expect(sql(`delete from ${table}`)).rejects.toThrow('append-only');
      await sql(`update ${table} set comment = null, said_by = null`);
      expect((await whole()).feedback).toMatchObject([{ labels: ['qbr'], by: null, comment: null }]);
    });

    it('goes with its touchpoint when that is forgotten', async () => {
      const { id } = await correct('training');
      await say({ verdict: 'withdraw', withdraws: id });
      const forgotten = (await whole()).id;
      await erase(harness().store, { now: TODAY, dryRun: false, erase: [forgotten], redact: [] });
      const left = await harness().sql('select count(*)::int as n from touchpoint.classification_feedback');
      expect(left).toEqual([{ n: 0 }]);
    });

    it('loses who said it and comments where they are to be forgotten', async () => {
      const one = await say({ verdict: 'up', task: 'intent' }, { by: 'ana@x.test', comment: 'Bo agrees' });
      const two = await say({ verdict: 'up', task: 'intent' }, { by: 'cy@x.test', comment: 'fine' });
      const read = async () => {
        const said: Said[] = [];
        for await (const row of readFeedbackPeople(harness().store, 1)) said.push(row);
        return said;
      };
      expect(await read()).toHaveLength(2);
      expect(await eraseFeedbackPeople(harness().store, { by: [one.id], comments: [one.id, two.id] })).toBe(
        2,
      );
      expect(await read()).toEqual([{ id: two.id, by: 'cy@x.test', comment: null }]);
      expect(await eraseFeedbackPeople(harness().store, { by: [], comments: [] })).toBe(0);
    });
  });

  describe('the export of feedback', () => {
    beforeEach(() => arrange(harness(), [MEETING]));

    it('holds what holds, page by page, with the text it is about', async () => {
      await arrange(harness(), [
        { key: 'n', kind: 'nps', title: 'slow', body: 'too slow', labels: { sentiment: ['negative'] } },
      ]);
      const nps = { kind: 'nps', source_key: 'n' } as const;
      await correct('training');
      const wrong = await correct('onboarding');
      await say({ verdict: 'withdraw', withdraws: wrong.id });
      await say({ verdict: 'up', task: 'sentiment' }, nps);
      await say({ verdict: 'down', task: 'sentiment', label: 'negative' }, nps);
      expect(await exported({}, 1)).toMatchObject([
        { kind: 'meeting', task: 'intent', verdict: 'labels', labels: ['training'] },
        { kind: 'nps', title: 'slow', text: 'too slow', verdict: 'up', labels: ['negative'] },
        { kind: 'nps', verdict: 'down', label: 'negative', labels: null },
      ]);
      expect(await exported({ all: true })).toHaveLength(5);
      expect(await exported({ withhold: ['nps'] })).toHaveLength(1);
      expect(await exported({ kinds: ['nps'], withhold: ['nps'] })).toEqual([]);
    });

    it('leaves the deleted out', async () => {
      await correct('training');
      await harness().sql('update touchpoint.touchpoints set deleted_at = now()');
      expect(await exported()).toEqual([]);
    });
  });
}
