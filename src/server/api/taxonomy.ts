import { createRoute, z } from '@hono/zod-openapi';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, Kind, PROBLEMS, SECURED } from './schemas.ts';

/** What can be said of a touchpoint. */

const Label = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  primary: z
    .boolean()
    .openapi({ description: 'False: accompanies another label and is never the answer itself.' }),
});
const Tasks = z
  .array(
    z.object({
      task: z.string(),
      kinds: z.array(Kind),
      multi: z.boolean(),
      none: z.boolean(),
      labels: z.array(Label),
    }),
  )
  .openapi('Taxonomy');

const taxonomyRoute = createRoute({
  method: 'get',
  path: '/taxonomy',
  summary: 'Tasks and their labels',
  security: SECURED,
  middleware: needs('read'),
  responses: { 200: answer('The tasks', Tasks), ...PROBLEMS },
});

export function taxonomyRoutes({ taxonomy }: Pick<ApiDeps, 'taxonomy'>) {
  const routes = router();
  routes.openapi(taxonomyRoute, async (context) => {
    const { tasks } = await taxonomy();
    const listed = Object.entries(tasks).map(([task, { kinds, multi, none, labels }]) => ({
      ...{ task, kinds: [...kinds], multi, none },
      labels: labels.map(({ id, name, description, primary }) => ({ id, name, description, primary })),
    }));
    return context.json(listed, 200);
  });
  return routes;
}
