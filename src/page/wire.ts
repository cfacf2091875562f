/** What the API answers, as far as the page reads it. A test holds these against the API's own schemas. */

export type Kind = 'meeting' | 'email' | 'action' | 'nps' | 'topic' | 'knowledge' | 'risk';
export type Status = 'scheduled' | 'completed' | 'cancelled';
export type Origin = 'model' | 'fallback' | 'person';

export interface Named {
  readonly id: string;
  readonly name: string;
}

export interface Label {
  readonly task: string;
  readonly label: string;
  /** Probability, 0..1. */
  readonly score: number;
  readonly origin: Origin;
}

export interface MeetingRow {
  readonly key: string;
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly snippet: string;
  readonly occurred_at: string;
  readonly ends_at: string | null;
  readonly all_day: boolean;
  /** YYYY-MM-DD in the zone that was asked for. */
  readonly local_date: string;
  readonly local_time: string | null;
  readonly minutes: number | null;
  readonly organiser: { readonly name: string; readonly address: string } | null;
  readonly attendees: number;
  readonly join_url: string | null;
  readonly client: Named | null;
  readonly status: Status | null;
  readonly recurring: boolean | null;
  readonly internal: boolean | null;
  readonly meeting_type_auto: string | null;
  readonly labels: readonly Label[];
  readonly uncertain: readonly string[];
  readonly tagged: boolean;
}

type Counts = Readonly<Record<string, number>>;

export interface Facets {
  readonly total: number;
  readonly status: Counts;
  readonly meeting_type: Counts;
  readonly internal: Counts;
  readonly recurring: Counts;
  readonly client: readonly (Named & { readonly n: number })[];
}

export interface Meetings {
  readonly rows: readonly MeetingRow[];
  readonly next: string | null;
  readonly previous: string | null;
  readonly facets?: Facets | undefined;
}

export interface FeedbackRow {
  readonly id: number;
  readonly task: string;
  readonly verdict: 'labels' | 'up' | 'down' | 'withdraw';
  readonly labels: readonly string[] | null;
  readonly label: string | null;
  readonly at: string;
  readonly by: string | null;
  readonly holds: boolean;
}

export interface Touchpoint {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly text: string;
  readonly occurred_at: string | null;
  readonly ends_at: string | null;
  readonly all_day: boolean;
  readonly time_zone: string;
  readonly people: readonly { readonly name: string; readonly address: string; readonly role: string }[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly client: Named | null;
  readonly client_method: string | null;
  readonly client_confidence: number | null;
  readonly copies: readonly { readonly mailbox: string }[];
  readonly current: readonly Label[];
  readonly settled: readonly string[];
  readonly uncertain: readonly string[];
  readonly feedback: readonly FeedbackRow[];
  readonly tagged_at: string | null;
  readonly tag_error: string | null;
}

export interface Why {
  readonly label: string | null;
  readonly scores: Counts;
  readonly evidence: readonly { readonly text: string; readonly weight: number }[];
}

export interface Task {
  readonly task: string;
  readonly kinds: readonly Kind[];
  readonly multi: boolean;
  readonly labels: readonly {
    readonly id: string;
    readonly name: string;
    readonly description: string;
    readonly primary: boolean;
  }[];
}

export interface ClientLine extends Named {
  readonly n: number;
  readonly by_kind: Counts;
  readonly last_contact: string | null;
  readonly next_meeting: string | null;
}

interface Period {
  /** First day, YYYY-MM-DD. */
  readonly start: string;
  readonly complete: boolean;
}

export interface Heatmap {
  readonly periods: readonly Period[];
  readonly topics: readonly {
    readonly topic: string;
    readonly n: number;
    readonly cells: readonly { readonly start: string; readonly n: number; readonly previous: number }[];
  }[];
}

export interface Trend {
  readonly periods: readonly (Period & {
    readonly n: number;
    readonly positive: number;
    readonly neutral: number;
    readonly negative: number;
    readonly mixed: number;
    readonly mean: number | null;
  })[];
}

interface Part {
  readonly value: number | null;
  readonly weight: number;
  readonly n: number;
}

export interface Signal {
  readonly client: Named;
  readonly signal: number | null;
  readonly window: { readonly since: string; readonly until: string; readonly half_life_days: number };
  readonly touchpoints: number;
  readonly sentiment: Part & { readonly negative: number; readonly minimum: number };
  readonly escalations: Part & {
    readonly open: readonly {
      readonly id: string;
      readonly kind: string;
      readonly title: string;
      readonly occurred_at: string | null;
    }[];
  };
  readonly risks: Part & { readonly by_category: Counts };
}

export interface FeedLine {
  readonly mailbox: string;
  readonly kind: string;
  readonly name: string;
  readonly last_success_at: string | null;
  readonly last_error: string | null;
  readonly last_error_at: string | null;
  readonly complete: boolean;
}

export interface MailboxLine {
  readonly mailbox: string;
  readonly state: 'active' | 'no consent' | 'blocked' | 'gone' | 'on-premise' | 'left';
  readonly reason: string | null;
  readonly failures: number;
  readonly retry_at: string | null;
  readonly refusals: readonly {
    readonly kind: 'meeting' | 'email';
    readonly state: 'no consent' | 'gone' | 'on-premise';
    readonly reason: string;
    readonly retry_at: string;
  }[];
}

export interface LastRun {
  readonly started_at: string;
  readonly ended_at: string;
  readonly fetched: number;
  readonly written: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
  readonly reasons: Counts;
  readonly errors: readonly { readonly feed: string; readonly reason: string }[];
}

export interface SyncStatus {
  readonly now: string;
  readonly touchpoints: Counts;
  readonly embedded: number;
  readonly untagged: number;
  readonly tag_failures: number;
  readonly with_client: number;
  readonly copies: number;
  readonly stale_feeds: number;
  readonly versions: {
    readonly serving: string | null;
    readonly building: { readonly encoder: string; readonly done: number; readonly total: number } | null;
    readonly paused: boolean;
  };
  readonly feeds: readonly FeedLine[];
  readonly mailboxes: readonly MailboxLine[];
  readonly subscriptions: readonly {
    readonly mailbox: string;
    readonly kind: string;
    readonly state: 'active' | 'renew' | 'polling';
    readonly expires_at: string | null;
    readonly reason: string | null;
  }[];
  readonly last_run: LastRun | null;
}

export interface ResyncRun {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly progress: {
    readonly feeds: number;
    readonly done: number;
    readonly items: number;
    readonly waiting: number;
  };
  readonly result: {
    readonly fetched: number;
    readonly written: number;
    readonly unchanged: number;
    readonly skipped: number;
    readonly failed: number;
    readonly removed: number;
    readonly deleted: number;
    readonly problems: readonly { readonly feed: string; readonly reason: string }[];
  } | null;
  readonly reason: string | null;
}

export interface Hit {
  /** The store's own id. */
  readonly touchpoint: string;
  readonly kind: string;
  readonly title: string;
  readonly snippet: string;
  readonly client: string | null;
  readonly occurred_at: string | null;
  readonly tags: readonly { readonly task: string; readonly label: string }[];
  /** Cosine; null when only words matched. */
  readonly similarity: number | null;
}

export interface Found {
  readonly results: readonly Hit[];
  readonly by: 'meaning and words' | 'words';
}
