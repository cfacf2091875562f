import { z } from 'zod';
import { type Random, random } from './random.ts';

export const MALFORMED = [
  'nul',
  'lone surrogate',
  'huge body',
  'year 9999',
  'no subject',
  'null attendees',
  'no id',
] as const;
export type Malformed = (typeof MALFORMED)[number];

/** Every spelling in which Graph has been seen to say that a sync state is lost. */
export const LOST_STATES = [
  'SyncStateNotFound',
  'syncStateNotFound',
  'resyncRequired',
  'ResyncRequired',
  'SyncStateInvalid',
  'InvalidSyncStateData',
] as const;

const Match = z.strictObject({
  /** Regular expression over the path without its query. */
  path: z.string().optional(),
  method: z.string().optional(),
  /** Address of the mailbox, case-insensitive. */
  mailbox: z.string().optional(),
  kind: z.string().optional(),
  area: z.enum(['mail', 'calendar', 'both']).optional(),
  /** Only requests that carry a delta or skip token (true), or only those that do not (false). */
  token: z.boolean().optional(),
  /** Begins with the nth matching request, counted from 1; fires once unless `count` says more. */
  nth: z.int().min(1).optional(),
  /** Of each matching request, drawn from the sandbox's seeded generator. */
  probability: z.number().min(0).max(1).optional(),
  /** Fires at most so often. */
  count: z.int().min(1).optional(),
});

const Effect = z.discriminatedUnion('type', [
  /** `retryAfter`: seconds, or with `httpDate` a date that many seconds ahead of the sandbox's clock; none when left out. */
  z.strictObject({
    type: z.literal('refuse'),
    status: z.union([
      z.literal(429),
      z.literal(500),
      z.literal(502),
      z.literal(503),
      z.literal(504),
      z.literal(509),
    ]),
    retryAfter: z.number().min(0).optional(),
    httpDate: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('gone'), location: z.boolean() }),
  z.strictObject({
    type: z.literal('lost state'),
    code: z.enum(LOST_STATES),
    status: z.union([z.literal(410), z.literal(400), z.literal(404)]),
    nested: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('expired token') }),
  z.strictObject({
    type: z.literal('denied'),
    code: z.enum(['ErrorAccessDenied', 'extensionError', 'Authorization_RequestDenied']).optional(),
  }),
  z.strictObject({
    type: z.literal('no mailbox'),
    code: z
      .enum(['MailboxNotEnabledForRESTAPI', 'ErrorInvalidUser', 'ResourceNotFound', 'MailboxNotFound'])
      .optional(),
  }),
  /** More requests than this at once for one mailbox are answered 429. */
  z.strictObject({ type: z.literal('concurrency'), limit: z.int().min(1) }),
  z.strictObject({ type: z.literal('slow'), ms: z.number().min(0) }),
  z.strictObject({ type: z.literal('cut') }),
  z.strictObject({ type: z.literal('truncate') }),
  z.strictObject({ type: z.literal('no links') }),
  /** The first full item of a page comes twice; with `stale`, first as an older version with another subject. */
  z.strictObject({ type: z.literal('duplicate'), stale: z.boolean().optional() }),
  z.strictObject({ type: z.literal('reorder') }),
  /** A round of changes begins this many changes too early. */
  z.strictObject({ type: z.literal('replay'), changes: z.int().min(1) }),
  z.strictObject({ type: z.literal('malformed'), items: z.array(z.enum(MALFORMED)).min(1) }),
  /** Change notifications: lost, sent twice, last first, or held until the next `deliver()`. */
  z.strictObject({ type: z.literal('delivery'), mode: z.enum(['off', 'duplicate', 'reorder', 'delay']) }),
]);

export const FaultRule = z.strictObject({ match: Match.default({}), effect: Effect });
export type FaultRule = z.input<typeof FaultRule>;
export type Effect = z.infer<typeof Effect>;

/** What rules are matched against. */
export interface Subject {
  readonly method: string;
  readonly path: string;
  readonly mailbox: string | null;
  readonly kind: string;
  readonly area: 'mail' | 'calendar' | null;
  readonly hasToken: boolean;
}

interface Armed {
  readonly match: z.infer<typeof Match>;
  readonly effect: Effect;
  readonly path: RegExp | null;
  seen: number;
  fired: number;
}

/** The faults that are switched on. Rules are tried in the order they were added; every one that matches takes effect. */
export class Faults {
  readonly #random: Random;
  readonly #generations = new Map<number, number>();
  #everyGeneration = 0;
  #rules: Armed[] = [];

  constructor(seed: number) {
    this.#random = random(seed, 'faults');
  }

  /** Switches rules on; returns the way to switch just these off. Throws ZodError for a rule that is none. */
  add(...rules: readonly FaultRule[]): () => void {
    const armed = rules.map((rule): Armed => {
      const { match, effect } = FaultRule.parse(rule);
      return {
        match,
        effect,
        path: match.path === undefined ? null : new RegExp(match.path),
        seen: 0,
        fired: 0,
      };
    });
    this.#rules.push(...armed);
    return () => {
      this.#rules = this.#rules.filter((rule) => !armed.includes(rule));
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** Makes every delta token handed out so far worthless: of one mailbox (by its number), or of all. */
  invalidateTokens(mailbox?: number): void {
    if (mailbox === undefined) this.#everyGeneration += 1;
    else this.#generations.set(mailbox, (this.#generations.get(mailbox) ?? 0) + 1);
  }

  generationOf(mailbox: number): number {
    return this.#everyGeneration + (this.#generations.get(mailbox) ?? 0);
  }

  /** The effects that this request suffers; counts it against every rule it matches. */
  take(subject: Subject): Effect[] {
    return this.#rules
      .filter((rule) => rule.effect.type !== 'delivery' && matches(rule, subject) && this.#fires(rule))
      .map(({ effect }) => effect);
  }

  /** How a batch of notifications about one mailbox is maltreated. */
  takeDelivery(mailbox: string): Extract<Effect, { type: 'delivery' }>['mode'][] {
    const subject: Subject = {
      method: 'POST',
      path: '',
      mailbox,
      kind: 'notification',
      area: null,
      hasToken: false,
    };
    return this.#rules.flatMap((rule) =>
      rule.effect.type === 'delivery' && matches(rule, subject) && this.#fires(rule)
        ? [rule.effect.mode]
        : [],
    );
  }

  /** A shuffled copy, by the sandbox's own generator. */
  shuffle<T>(items: readonly T[]): T[] {
    return this.#random.shuffle(items);
  }

  #fires(rule: Armed): boolean {
    const { nth, probability, count } = rule.match;
    rule.seen += 1;
    if (nth !== undefined && rule.seen < nth) return false;
    if (rule.fired >= (count ?? (nth === undefined ? Number.POSITIVE_INFINITY : 1))) return false;
    if (probability !== undefined && !this.#random.chance(probability)) return false;
    rule.fired += 1;
    return true;
  }
}

function matches({ match, path }: Armed, subject: Subject): boolean {
  const areas = match.area === 'both' ? ['mail', 'calendar'] : match.area === undefined ? null : [match.area];
  return (
    (path === null || path.test(subject.path)) &&
    (match.method === undefined || match.method.toUpperCase() === subject.method) &&
    (match.mailbox === undefined || match.mailbox.toLowerCase() === subject.mailbox) &&
    (match.kind === undefined || match.kind === subject.kind) &&
    (areas === null || (subject.area !== null && areas.includes(subject.area))) &&
    (match.token === undefined || match.token === subject.hasToken)
  );
}
