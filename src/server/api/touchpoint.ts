import { createRoute, z } from '@hono/zod-openapi';
import { explain } from '../../classify/evidence.ts';
import { getTouchpoint, Whole } from '../../store/briefing.ts';
import { type NewFeedback, putFeedback, Saved } from '../../store/feedback.ts';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, json, LabelScore, PROBLEMS, present, SECURED, Word } from './schemas.ts';

/** One touchpoint: all that is known of it, why it has its tags, and what a person says of them. */

const Id = z.object({ id: z.uuid() });

const oneRoute = createRoute({
  method: 'get',
  path: '/touchpoints/{id}',
  summary: 'Everything that is known of a touchpoint',
  security: SECURED,
  middleware: needs('read'),
  request: { params: Id },
  responses: { 200: answer('The touchpoint', Whole.meta({ id: 'Touchpoint' })), ...PROBLEMS },
});

const Why = z
  .object({
    task: z.string(),
    label: z.string().nullable(),
    labels: z.array(LabelScore),
    scores: z.record(z.string(), z.number()),
    uncertain: z.boolean(),
    evidence: z.array(
      z.object({ text: z.string(), weight: z.number() }).openapi({
        description: 'Words that the answer rests on, and how far its log-odds fall without them.',
      }),
    ),
  })
  .openapi('Why');

const whyRoute = createRoute({
  method: 'get',
  path: '/touchpoints/{id}/why',
  summary: 'What the model makes of it now, and the words that its answer rests on',
  security: SECURED,
  middleware: needs('read'),
  request: { params: Id, query: z.strictObject({ task: Word, label: Word.optional() }) },
  responses: { 200: answer('The reasons', Why), ...PROBLEMS },
});

const common = { by: z.string().max(200).optional(), comment: z.string().max(2000).optional() };
const labels = z.array(Word).max(20);
const Feedback = z
  .discriminatedUnion('verdict', [
    z.strictObject({ verdict: z.literal('labels'), task: Word, labels, ...common }),
    z.strictObject({
      verdict: z.literal('up'),
      task: Word,
      label: Word.optional(),
      shown: labels.optional(),
      ...common,
    }),
    z.strictObject({
      verdict: z.literal('down'),
      task: Word,
      label: Word,
      shown: labels.optional(),
      ...common,
    }),
    z.strictObject({ verdict: z.literal('withdraw'), withdraws: z.int(), ...common }),
  ])
  .openapi('Feedback', {
    description:
      'labels: these hold and no others. up: what is shown is right. down: this label does not hold. withdraw: takes an earlier word back.',
  });

const feedbackRoute = createRoute({
  method: 'post',
  path: '/touchpoints/{id}/feedback',
  summary: 'A correction or a thumb: it holds at once and for good, and is kept for training',
  security: SECURED,
  middleware: needs('feedback'),
  request: { params: Id, body: json(Feedback) },
  responses: { 201: answer('What holds now', Saved.meta({ id: 'SavedFeedback' })), ...PROBLEMS },
});

export function touchpointRoutes({ store, clock, tagger, taxonomy }: ApiDeps) {
  const routes = router();
  routes.openapi(oneRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(await getTouchpoint(store, { ...context.req.valid('param'), withhold }), 200);
  });
  routes.openapi(whyRoute, async (context) => {
    const { withhold } = context.get('caller');
    const { task, label } = context.req.valid('query');
    const { kind, title, text } = await getTouchpoint(store, { ...context.req.valid('param'), withhold });
    const asked = { item: { kind, title, text }, signal: context.req.raw.signal };
    const found = await explain(await tagger(), task, label === undefined ? asked : { ...asked, label });
    const { labels: shown = [], scores = {}, uncertain = true } = found?.classification ?? {};
    const evidence = [...(found?.evidence ?? [])];
    const body = {
      task,
      label: found?.label ?? null,
      labels: [...shown],
      scores: { ...scores },
      uncertain,
      evidence,
    };
    return context.json(body, 200);
  });
  routes.openapi(feedbackRoute, async (context) => {
    const { withhold } = context.get('caller');
    const now = new Date(clock.now()).toISOString();
    const said: NewFeedback = {
      ...present(context.req.valid('json')),
      ...context.req.valid('param'),
      withhold,
      now,
    };
    return context.json(await putFeedback(store, (await taxonomy()).tasks, said), 201);
  });
  return routes;
}
