import { createRoute, z } from '@hono/zod-openapi';
import { Hit, search, similar } from '../../store/search.ts';
import { embedQuestion } from '../../sync/question.ts';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, Instant, json, Kind, many, PROBLEMS, present, SECURED, Word } from './schemas.ts';

/** Search by words and meaning: what the assistant asks, in one call. */

const words = z.array(Word).min(1).max(100);
const Question = z
  .strictObject({
    query: z.string().trim().min(1).max(2000),
    kinds: z.array(Kind).min(1).optional(),
    clients: words.optional().openapi({ description: 'Names or aliases.' }),
    since: Instant.optional(),
    until: Instant.optional(),
    people: words.optional().openapi({ description: 'Addresses, names or words of names.' }),
    labels: z
      .array(z.object({ task: Word, label: Word }))
      .min(1)
      .max(100)
      .optional(),
    limit: z.int().min(1).max(100).default(10),
  })
  .openapi('Question');
const Found = z
  .object({
    results: z.array(Hit),
    by: z.enum(['meaning and words', 'words']).openapi({
      description:
        '`words` while there is no vector to compare: the model is away, or another encoder serves.',
    }),
  })
  .openapi('Found');

const searchRoute = createRoute({
  method: 'post',
  path: '/search',
  summary: 'What answers a question: passages that can be cited, best first',
  security: SECURED,
  middleware: needs('read'),
  request: { body: json(Question) },
  responses: { 200: answer('The results', Found), ...PROBLEMS },
});

const similarRoute = createRoute({
  method: 'get',
  path: '/touchpoints/{id}/similar',
  summary: 'What is nearest to a touchpoint in meaning',
  security: SECURED,
  middleware: needs('read'),
  request: {
    params: z.object({ id: z.uuid() }),
    query: z.strictObject({ kinds: many(Kind), limit: z.coerce.number().int().min(1).max(100).default(10) }),
  },
  responses: {
    200: answer('The results', z.object({ results: z.array(Hit) }).openapi('Similar')),
    ...PROBLEMS,
  },
});

export function searchRoutes(deps: ApiDeps) {
  const { store } = deps;
  const routes = router();
  routes.openapi(searchRoute, async (context) => {
    const question = present(context.req.valid('json'));
    const { withhold } = context.get('caller');
    const embedding = await embedQuestion(deps, question.query);
    const results = await search(store, { ...question, embedding, withhold });
    return context.json({ results, by: embedding === null ? 'words' : 'meaning and words' } as const, 200);
  });
  routes.openapi(similarRoute, async (context) => {
    const { withhold } = context.get('caller');
    const asked = { ...present(context.req.valid('query')), ...context.req.valid('param') };
    return context.json({ results: await similar(store, { ...asked, withhold }) }, 200);
  });
  return routes;
}
