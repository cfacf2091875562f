import { createRoute, z } from '@hono/zod-openapi';
import type { Classification, Item, Tagger } from '../../classify/tagger.ts';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, json, Kind, LabelScore, LONGEST_TEXT, PROBLEMS, SECURED } from './schemas.ts';

/** Tags and vectors for texts that are not in the store. */

const Text = z.string().max(LONGEST_TEXT);
const Task = z.enum(['intent', 'topic', 'action', 'risk', 'sentiment']).openapi('Task');

const Answer = z
  .object({
    primary: z.string().nullable().openapi({ description: 'The answer; null when none of the labels is.' }),
    labels: z.array(LabelScore),
    scores: z.record(z.string(), z.number()).openapi({ description: 'Every label of the task.' }),
    uncertain: z
      .boolean()
      .openapi({ description: 'Below the confidence from which the answer is to be trusted.' }),
  })
  .openapi('Classification');
const Model = z.object({ encoder: z.string(), taxonomy: z.string() }).openapi('Model');

const ClassifyRequest = z
  .strictObject({
    task: Task,
    items: z
      .array(
        z.strictObject({
          id: z.string().max(200).optional(),
          kind: Kind.optional().openapi({
            description: 'The kind the task is mostly asked about, where it is left out.',
          }),
          title: Text.default(''),
          text: Text.default(''),
        }),
      )
      .min(1)
      .max(100),
  })
  .openapi('ClassifyRequest');
export const ClassifyAnswer = z
  .object({ results: z.array(Answer.extend({ id: z.string().nullable() })), model: Model })
  .openapi('ClassifyAnswer');

const USUAL_KIND = {
  intent: 'meeting',
  topic: 'topic',
  action: 'action',
  risk: 'risk',
  sentiment: 'nps',
} as const;

const classifyRoute = createRoute({
  method: 'post',
  path: '/classify',
  summary: 'One task for up to 100 items',
  security: SECURED,
  middleware: needs('tag'),
  request: { body: json(ClassifyRequest) },
  responses: { 200: answer('An answer for each item, in order', ClassifyAnswer), ...PROBLEMS },
});

export const NpsAnswer = z
  .object({
    sentiment: z.enum(['positive', 'neutral', 'negative']).nullable(),
    mixed: z.boolean(),
    confidence: z.number(),
    topics: z.array(LabelScore),
    uncertain: z.boolean(),
    model: Model,
  })
  .openapi('NpsAnswer');

const npsRoute = createRoute({
  method: 'post',
  path: '/classify/nps',
  summary: 'Sentiment and topics of one NPS comment, by its words and not by the score',
  security: SECURED,
  middleware: needs('tag'),
  request: { body: json(z.strictObject({ comment: Text }).openapi('NpsRequest')) },
  responses: { 200: answer('What the comment says', NpsAnswer), ...PROBLEMS },
});

export const CategoryAnswer = z
  .object({
    category: z.string().nullable(),
    confidence: z.number(),
    labels: z.array(LabelScore),
    uncertain: z.boolean(),
    model: Model,
  })
  .openapi('CategoryAnswer');
const CategoryRequest = z.strictObject({ title: Text.default(''), text: Text }).openapi('CategoryRequest');

const categoryRoute = (task: 'action' | 'risk', summary: string) =>
  createRoute({
    method: 'post',
    path: `/classify/${task}`,
    summary,
    security: SECURED,
    middleware: needs('tag'),
    request: { body: json(CategoryRequest) },
    responses: { 200: answer('Its category', CategoryAnswer), ...PROBLEMS },
  });

const EmbedRequest = z.strictObject({ texts: z.array(Text).min(1).max(100) }).openapi('EmbedRequest');
const EmbedAnswer = z
  .object({ vectors: z.array(z.array(z.number()).length(384)), encoder: z.string() })
  .openapi('EmbedAnswer');

const embedRoute = createRoute({
  method: 'post',
  path: '/embed',
  summary: 'Vectors of up to 100 texts: 384 numbers each, of unit length',
  security: SECURED,
  middleware: needs('tag'),
  request: { body: json(EmbedRequest) },
  responses: { 200: answer('A vector for each text, in order', EmbedAnswer), ...PROBLEMS },
});

export function classifyRoutes({ tagger }: Pick<ApiDeps, 'tagger'>) {
  const routes = router();
  routes.openapi(classifyRoute, async (context) => {
    const { task, items } = context.req.valid('json');
    const model = await tagger();
    const asked = items.map(({ kind = USUAL_KIND[task], title, text }): Item => ({ kind, title, text }));
    const answers = await model.classify(task, asked, context.req.raw.signal);
    const results = answers.map((found, at) => ({ id: items[at]?.id ?? null, ...published(found) }));
    return context.json({ results, model: modelOf(model) }, 200);
  });
  routes.openapi(npsRoute, async (context) => {
    const item: Item = { kind: 'nps', title: '', text: context.req.valid('json').comment };
    const model = await tagger();
    const [tagging] = await model.tag([item], context.req.raw.signal);
    const { sentiment, topic } = tagging?.tasks ?? {};
    const primary = Sentiment.parse(sentiment?.primary ?? null);
    const mixed = sentiment?.labels.some(({ label }) => label === 'mixed') ?? false;
    const uncertain = sentiment?.uncertain ?? true;
    const confidence = confidenceOf(sentiment);
    const topics = [...(topic?.labels ?? [])];
    return context.json(
      { sentiment: primary, mixed, confidence, topics, uncertain, model: modelOf(model) },
      200,
    );
  });
  for (const [task, summary] of CATEGORIES) {
    routes.openapi(categoryRoute(task, summary), async (context) => {
      const model = await tagger();
      const item: Item = { kind: task, ...context.req.valid('json') };
      const [found] = await model.classify(task, [item], context.req.raw.signal);
      const { primary = null, labels = [], uncertain = true } = found ?? {};
      const body = { category: primary, confidence: confidenceOf(found), labels: [...labels], uncertain };
      return context.json({ ...body, model: modelOf(model) }, 200);
    });
  }
  routes.openapi(embedRoute, async (context) => {
    const model = await tagger();
    const vectors = await model.embed(context.req.valid('json').texts, context.req.raw.signal);
    return context.json(
      { vectors: vectors.map((vector) => Array.from(vector)), encoder: model.encoder },
      200,
    );
  });
  return routes;
}

const CATEGORIES = [
  ['action', 'Category of one action: auto_category'],
  ['risk', 'Category of one risk: risk_category_auto'],
] as const;

const Sentiment = z.enum(['positive', 'neutral', 'negative']).nullable().catch(null);

function published({ primary, labels, scores, uncertain }: Classification) {
  return { primary, labels: [...labels], scores: { ...scores }, uncertain };
}

function confidenceOf(found: Classification | undefined): number {
  return found?.primary == null ? 0 : (found.scores[found.primary] ?? 0);
}

function modelOf({ encoder, taxonomy }: Tagger) {
  return { encoder, taxonomy };
}
