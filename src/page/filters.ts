import type { Query } from './api.ts';
import { dateOf, midnight, today, ZONE } from './words.ts';

/** The Briefing Room's filters as its address has them, and as the API wants them. */

export const WHENS = {
  upcoming: 'From today on',
  week: 'This week',
  past: 'Until now',
  month: 'The last 30 days',
  all: 'Any time',
  span: 'Between two days',
} as const;
export type When = keyof typeof WHENS;

export const KIND_CHOICES = {
  meeting: 'Meetings',
  email: 'Mail',
  both: 'Meetings and mail',
  all: 'Everything',
} as const;
type KindChoice = keyof typeof KIND_CHOICES;

const KINDS: Readonly<Record<KindChoice, readonly string[]>> = {
  meeting: ['meeting'],
  email: ['email'],
  both: ['meeting', 'email'],
  all: ['meeting', 'email', 'action', 'nps', 'topic', 'knowledge', 'risk'],
};
const LISTS = ['status', 'meeting_types', 'clients', 'topics'] as const;
const FLAGS = ['internal', 'recurring', 'uncertain', 'cancelled'] as const;
export const PAGE_SIZE = 40;

export function kindOf(params: URLSearchParams): KindChoice {
  const given = params.get('kinds');
  return given !== null && Object.hasOwn(KIND_CHOICES, given) ? (given as KindChoice) : 'meeting';
}

/** Meetings lie ahead, everything else lies behind. */
export function whenOf(params: URLSearchParams): When {
  const given = params.get('when');
  if (given !== null && Object.hasOwn(WHENS, given)) return given as When;
  return kindOf(params) === 'meeting' ? 'upcoming' : 'all';
}

/** What the API is asked for an address. */
export function questionOf(params: URLSearchParams): Query {
  const when = whenOf(params);
  const lists = LISTS.map((name) => [name, given(params.getAll(name))]);
  const flags = FLAGS.map((name) => [name, params.get(name) ?? undefined]);
  const places = ['after', 'before'].map((name) => [name, params.get(name) ?? undefined]);
  const text = params.get('text')?.trim();
  return {
    ...spanOf(when, params),
    ...Object.fromEntries([...lists, ...flags, ...places]),
    kinds: KINDS[kindOf(params)],
    text: text === '' ? undefined : text,
    order: when === 'upcoming' || when === 'week' ? 'asc' : 'desc',
    zone: ZONE,
    limit: String(PAGE_SIZE),
    facets: 'true',
  };
}

function given(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values;
}

function spanOf(when: When, params: URLSearchParams): Query {
  if (when === 'upcoming') return { since: midnight(today()) ?? undefined };
  if (when === 'past') return { until: new Date().toISOString() };
  if (when === 'month') return { since: midnight(today(-30)) ?? undefined, until: new Date().toISOString() };
  if (when === 'week') {
    const monday = today(-((new Date().getDay() + 6) % 7));
    return { since: midnight(monday) ?? undefined, until: midnight(monday, 7) ?? undefined };
  }
  if (when === 'all') return {};
  return {
    since: midnight(params.get('from') ?? '') ?? undefined,
    until: midnight(params.get('to') ?? '', 1) ?? undefined,
  };
}

/** The address with a filter changed: always its first page. */
export function changed(
  params: URLSearchParams,
  change: Readonly<Record<string, string | readonly string[] | null>>,
): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of ['after', 'before', ...Object.keys(change)]) next.delete(name);
  for (const [name, values] of Object.entries(change))
    for (const value of values === null ? [] : [values].flat()) next.append(name, value);
  return next;
}

/** One value of a list put in, or taken out. */
export function toggled(params: URLSearchParams, name: string, value: string): URLSearchParams {
  const values = params.getAll(name);
  const rest = values.filter((one) => one !== value);
  return changed(params, { [name]: rest.length === values.length ? [...values, value] : rest });
}

/** The address of a whole month's touchpoints with a topic. @param start YYYY-MM-DD */
export function monthOfTopic(start: string, topic: string, client: string | null): URLSearchParams {
  const [year = 0, month = 1] = start.split('-').map(Number);
  return new URLSearchParams({
    ...{ kinds: 'all', when: 'span', from: start, to: dateOf(new Date(year, month, 0)) },
    ...{ topics: topic, cancelled: 'false', ...(client === null ? {} : { clients: client }) },
  });
}
