import { createRoute, z } from '@hono/zod-openapi';
import {
  countMeetings,
  Facets,
  type MeetingQuestion,
  Meetings,
  readMeetings,
  STATUSES,
} from '../../store/briefing.ts';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, flag, Instant, Kind, many, PROBLEMS, present, SECURED, Word, Zone } from './schemas.ts';

/** The Briefing Room: every filter before the page is cut, facets with counts, keyset paging. */

const Filter = z.strictObject({
  kinds: many(Kind),
  status: many(z.enum(STATUSES)),
  meeting_types: many(Word).openapi({ description: 'Primary intents; `none` where none holds, `untagged`.' }),
  intents: many(Word).openapi({ description: 'Any of the intents that hold; `none`, `untagged`.' }),
  since: Instant.optional(),
  until: Instant.optional(),
  text: z.string().max(1000).optional(),
  clients: many(Word),
  with_client: flag(),
  department: many(Word).openapi({ description: 'Mailboxes of which one must hold a copy.' }),
  people: many(Word).openapi({ description: 'Addresses of which one must take part.' }),
  internal: flag(),
  recurring: flag(),
  uncertain: flag(),
  topics: many(Word).openapi({ description: 'Any of the topics that hold.' }),
  cancelled: flag(),
  zone: Zone.optional(),
});
const Page = Filter.extend({
  order: z.enum(['asc', 'desc']).optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  after: z.string().max(100).optional(),
  before: z.string().max(100).optional(),
  facets: flag(),
});

const pageRoute = createRoute({
  method: 'get',
  path: '/meetings',
  summary: 'Meetings (and mail, by `kinds`) by time, page by page',
  security: SECURED,
  middleware: needs('read'),
  request: { query: Page },
  responses: {
    200: answer('A page, and the keys of its neighbours', Meetings.meta({ id: 'Meetings' })),
    ...PROBLEMS,
  },
});

const facetsRoute = createRoute({
  method: 'get',
  path: '/meetings/facets',
  summary: 'How many there are per value of each filter, the others applied',
  security: SECURED,
  middleware: needs('read'),
  request: { query: Filter },
  responses: { 200: answer('The counts', Facets.meta({ id: 'Facets' })), ...PROBLEMS },
});

export function meetingRoutes({ store, clock, settings }: ApiDeps) {
  const asked = (query: z.infer<typeof Filter>, withhold: MeetingQuestion['withhold']) => ({
    ...present(query),
    withhold: withhold ?? [],
    internal_domains: settings.internalDomains,
    now: new Date(clock.now()).toISOString(),
  });
  const routes = router();
  routes.openapi(pageRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(await readMeetings(store, asked(context.req.valid('query'), withhold)), 200);
  });
  routes.openapi(facetsRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(await countMeetings(store, asked(context.req.valid('query'), withhold)), 200);
  });
  return routes;
}
