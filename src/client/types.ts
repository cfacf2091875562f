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
