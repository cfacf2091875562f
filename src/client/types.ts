/** What the daemon's API says, as its callers see it. Held against the API's own schemas by a test. */

export type Kind = 'meeting' | 'email' | 'action' | 'nps' | 'topic' | 'knowledge' | 'risk';
export type Task = 'intent' | 'topic' | 'action' | 'risk' | 'sentiment';

/** The daemon cannot be reached, or cannot answer now: fall back to what you have. */
export interface Unavailable {
  readonly source: 'unavailable';
  /** For a log; holds nothing of what was asked. */
  readonly reason: string;
}
export type Answer<T> = ({ readonly source: 'touchpoint' } & T) | Unavailable;

export interface LabelScore {
  label: string;
  /** Calibrated probability, 0 to 1. */
  score: number;
}

export interface Model {
  encoder: string;
  taxonomy: string;
}

export interface Item {
  readonly id?: string;
  readonly kind?: Kind;
  readonly title?: string;
  readonly text?: string;
}

export interface Classification {
  id: string | null;
  /** Null when none of the labels is the answer. */
  primary: string | null;
  labels: LabelScore[];
  scores: Record<string, number>;
  /** Below the confidence from which the answer is to be trusted. */
  uncertain: boolean;
}

export interface NpsAnswer {
  sentiment: 'positive' | 'neutral' | 'negative' | null;
  mixed: boolean;
  confidence: number;
  topics: LabelScore[];
  uncertain: boolean;
  model: Model;
}

export interface CategoryAnswer {
  category: string | null;
  confidence: number;
  labels: LabelScore[];
  uncertain: boolean;
  model: Model;
}

export interface LabelRow {
  task: string;
  label: string;
  score: number;
  origin: 'model' | 'fallback' | 'person';
  version: string;
}

export interface MeetingRow {
  key: string;
  id: string;
  kind: Kind;
  source_key: string;
  title: string;
  snippet: string;
  occurred_at: string;
  ends_at: string | null;
  all_day: boolean;
  time_zone: string;
  local_date: string;
  local_time: string | null;
  minutes: number | null;
  organiser: { name: string; address: string } | null;
  attendees: number;
  join_url: string | null;
  location: string | null;
  client: { id: string; name: string } | null;
  client_method: string | null;
  client_confidence: number | null;
  status: 'scheduled' | 'completed' | 'cancelled' | null;
  recurring: boolean | null;
  internal: boolean | null;
  meeting_type_auto: string | null;
  meeting_type_confidence: number | null;
  labels: LabelRow[];
  uncertain: string[];
  tagged: boolean;
}

export interface Facets {
  total: number;
  status: Record<string, number>;
  meeting_type: Record<string, number>;
  intent: Record<string, number>;
  internal: Record<string, number>;
  recurring: Record<string, number>;
  client: { id: string; name: string; n: number }[];
}

export interface Meetings {
  rows: MeetingRow[];
  next: string | null;
  previous: string | null;
  zone: string;
  facets?: Facets | undefined;
}

/** What is left out does not filter. */
export interface MeetingFilter {
  readonly kinds?: readonly Kind[];
  readonly status?: readonly ('scheduled' | 'completed' | 'cancelled')[];
  readonly meeting_types?: readonly string[];
  readonly intents?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
  readonly clients?: readonly string[];
  readonly with_client?: boolean;
  readonly department?: readonly string[];
  readonly people?: readonly string[];
  readonly internal?: boolean;
  readonly recurring?: boolean;
  readonly uncertain?: boolean;
  readonly topics?: readonly string[];
  readonly cancelled?: boolean;
  /** IANA name. */
  readonly zone?: string;
}
export interface MeetingPage extends MeetingFilter {
  readonly order?: 'asc' | 'desc';
  readonly limit?: number;
  readonly after?: string;
  readonly before?: string;
  readonly facets?: boolean;
}

export interface Span {
  readonly period?: 'week' | 'month' | 'quarter';
  readonly since: string;
  readonly until: string;
  readonly zone?: string;
  readonly client?: string;
  readonly kinds?: readonly Kind[];
}

export interface Heatmap {
  zone: string;
  period: 'week' | 'month' | 'quarter';
  periods: { start: string; complete: boolean }[];
  topics: {
    topic: string;
    n: number;
    cells: { start: string; n: number; previous: number; change: number; relative: number | null }[];
  }[];
  clients: { id: string; name: string; n: number; topics: { topic: string; n: number }[] }[];
}

export type FeedbackOrder = (
  | { readonly verdict: 'labels'; readonly task: string; readonly labels: readonly string[] }
  | {
      readonly verdict: 'up';
      readonly task: string;
      readonly label?: string;
      readonly shown?: readonly string[];
    }
  | {
      readonly verdict: 'down';
      readonly task: string;
      readonly label: string;
      readonly shown?: readonly string[];
    }
  | { readonly verdict: 'withdraw'; readonly withdraws: number }
) & { readonly by?: string; readonly comment?: string };

export interface SavedFeedback {
  id: number;
  touchpoint: string;
  task: string;
  labels: string[];
  settled: boolean;
  uncertain: string[];
}

/** In a list any one is enough; every one that is given must be met. */
export interface Question {
  readonly query: string;
  readonly kinds?: readonly Kind[];
  readonly clients?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly people?: readonly string[];
  readonly labels?: readonly { readonly task: string; readonly label: string }[];
  readonly limit?: number;
}

export interface Hit {
  /** The imported or source id. */
  id: string;
  /** Looks it up again. */
  touchpoint: string;
  kind: string;
  title: string;
  /** A passage to be cited. */
  snippet: string;
  client: string | null;
  occurred_at: string | null;
  tags: { task: string; label: string; score: number; origin: string }[];
  /** Comparable within one answer only. */
  score: number;
  similarity: number | null;
}

export interface Found {
  results: Hit[];
  /** `words` while the model is away. */
  by: 'meaning and words' | 'words';
}

interface Sentiments {
  positive: number;
  neutral: number;
  negative: number;
  mixed: number;
}

export interface Trend {
  zone: string;
  period: 'week' | 'month' | 'quarter';
  periods: ({
    start: string;
    complete: boolean;
    n: number;
    share: { positive: number; neutral: number; negative: number; mixed: number } | null;
    /** Mean of the balances: positive 1, neutral 0, negative -1. */
    mean: number | null;
  } & Sentiments)[];
}

interface SignalPart {
  value: number | null;
  weight: number;
  n: number;
}

export interface Signal {
  client: { id: string; name: string };
  /** 0 (nothing points to trouble) to 100; null when there is too little to say. */
  signal: number | null;
  window: { since: string; until: string; half_life_days: number };
  touchpoints: number;
  sentiment: SignalPart & Sentiments & { minimum: number };
  escalations: SignalPart & {
    open: { id: string; kind: string; title: string; occurred_at: string | null }[];
  };
  risks: SignalPart & { by_category: Record<string, number> };
}

export interface ClientLine {
  id: string;
  name: string;
  aliases: string[];
  domains: string[];
  n: number;
  by_kind: Record<string, number>;
  last_contact: string | null;
  next_meeting: string | null;
}

export interface FeedbackRow {
  id: number;
  task: string;
  verdict: 'labels' | 'up' | 'down' | 'withdraw';
  labels: string[] | null;
  label: string | null;
  withdraws: number | null;
  shown: string[];
  model: Omit<LabelRow, 'task'>[];
  encoder: string | null;
  taxonomy: string | null;
  by: string | null;
  comment: string | null;
  at: string;
  /** Neither withdrawn nor overtaken. */
  holds: boolean;
}

export interface Touchpoint {
  id: string;
  kind: Kind;
  source_key: string;
  title: string;
  text: string;
  occurred_at: string | null;
  ends_at: string | null;
  all_day: boolean;
  time_zone: string;
  people: { name: string; address: string; role: string }[];
  details: Record<string, unknown>;
  client: { id: string; name: string } | null;
  client_method: string | null;
  client_confidence: number | null;
  copies: { mailbox: string; graph_id: string; series: string | null }[];
  /** Of every origin, also those that do not hold. */
  tags: LabelRow[];
  /** Those that hold. */
  current: LabelRow[];
  settled: string[];
  uncertain: string[];
  feedback: FeedbackRow[];
  encoder: string | null;
  taxonomy: string | null;
  tagged_at: string | null;
  tag_error: string | null;
  embedded: boolean;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

/** How everything stands, as far as a dashboard shows it. */
export interface Status {
  now: string;
  /** By kind. */
  touchpoints: Record<string, number>;
  embedded: number;
  untagged: number;
  tag_failures: number;
  stale_feeds: number;
  fallback: SecondOpinions;
}

/** Second opinions: a language model elsewhere that is asked about what the local model is unsure of. */
export interface SecondOpinions {
  provider: 'off' | 'anthropic' | 'openai';
  today: OpinionCounts;
  total: OpinionCounts;
  reserved_tokens: number;
  /** Of the day's budget; null: boundless, or nobody is asked. */
  tokens_left: number | null;
  /** Estimate: what the texts that never went there would have taken. */
  tokens_saved: number;
  /** Tasks of touchpoints that are uncertain now. */
  uncertain: number;
  last_error: string | null;
  last_error_at: string | null;
}

export interface OpinionCounts {
  requests: number;
  failed_requests: number;
  /** answered + unsure + refused + unusable. */
  asked: number;
  answered: number;
  unsure: number;
  refused: number;
  unusable: number;
  tokens: number;
  /** Millionths of the currency that prices are given in. */
  micros: number;
}

export interface Why {
  task: string;
  label: string | null;
  labels: LabelScore[];
  scores: Record<string, number>;
  uncertain: boolean;
  /** Words that the answer rests on, and how far its log-odds fall without them. */
  evidence: { text: string; weight: number }[];
}
