import { LATER, NOW, type Payload, VECTOR } from './payload.ts';

/** Payloads of what answers: searches, the Briefing Room, profiles, feedback. */

const narrowed = {
  withhold: ['risk'],
  kinds: ['meeting'],
  client: 'Barwon Health',
  clients: ['BH'],
  since: NOW,
  until: LATER,
  people: ['nora@example.test'],
  labels: [{ task: 'intent', label: 'qbr' }],
};

const meetings = {
  now: NOW,
  zone: 'Australia/Perth',
  kinds: ['meeting'],
  withhold: ['risk'],
  status: ['scheduled'],
  meeting_types: ['qbr'],
  intents: ['qbr'],
  since: NOW,
  until: LATER,
  text: 'agenda',
  clients: ['Barwon Health'],
  department: ['a@example.test'],
  people: ['nora@example.test'],
  internal_domains: ['us.example'],
  order: 'desc',
  limit: 10,
};

const periods = { now: NOW, period: 'week', since: NOW, until: LATER, zone: 'Australia/Perth' };
const charted = { ...periods, client: 'Barwon Health', kinds: ['meeting'], withhold: ['risk'] };

export const answers: Record<string, Payload> = {
  touchpoint_search: () => ({ query: 'agenda', embedding: VECTOR, encoder: 'e@1', limit: 10, ...narrowed }),
  touchpoint_similar: () => ({ id: 'k1', kind: 'meeting', limit: 10, ...narrowed }),
  touchpoint_blend: () => ({
    embedding: VECTOR,
    encoder: 'e@1',
    rows: [{ kind: 'meeting', id: 'k1', text_score: 0.5 }],
    weight: 0.5,
    withhold: ['risk'],
  }),
  touchpoint_words_count: () => ({ note: 'nothing is read' }),
  touchpoint_meetings: () => meetings,
  touchpoint_meeting_facets: () => meetings,
  touchpoint_get: () => ({ kind: 'meeting', source_key: 'k1', withhold: ['risk'] }),
  touchpoint_heatmap: () => charted,
  touchpoint_trend: () => charted,
  touchpoint_signal: () => ({ client: 'Barwon Health', now: NOW, withhold: ['risk'] }),
  touchpoint_client_list: () => ({ now: NOW, kinds: ['meeting'], withhold: ['risk'] }),
  touchpoint_feedback_put: ({ touchpoint }) => ({
    id: touchpoint,
    now: NOW,
    verdict: 'labels',
    task: 'intent',
    labels: ['training'],
    shown: ['qbr'],
    by: 'nora@example.test',
    comment: 'it was a course',
    withhold: ['risk'],
  }),
  touchpoint_feedback_export: () => ({ limit: 10, withhold: ['risk'], kinds: ['meeting'] }),
  touchpoint_feedback_people: () => ({ limit: 10 }),
  touchpoint_feedback_erase: () => ({ by: [1], comments: [1] }),
};

/** Payloads of second opinions: what the tagger is unsure of. */
export const opinions: Record<string, Payload> = {
  touchpoint_fallback_claim: () => ({
    now: NOW,
    owner: 'me',
    seconds: 60,
    taxonomy: 't@1',
    limit: 10,
    tasks: { topic: 'v1' },
    withhold_kinds: ['risk'],
    withhold_labels: [{ task: 'intent', label: 'training' }],
  }),
  touchpoint_fallback_reserve: () => ({
    day: '2026-03-01',
    tokens: 10,
    micros: 10,
    most_tokens: 100,
    most_micros: 100,
  }),
  touchpoint_fallback_settle: ({ touchpoint, textHash }) => ({
    now: NOW,
    owner: 'me',
    day: '2026-03-01',
    reserved: { tokens: 10, micros: 10 },
    requests: 1,
    failed_requests: 0,
    tokens_in: 5,
    tokens_out: 5,
    micros: 10,
    error: 'away',
    rows: [
      {
        touchpoint,
        task: 'topic',
        text_hash: textHash,
        version: 'v1',
        state: 'answered',
        labels: [{ label: 'support', score: 0.8 }],
      },
    ],
    released: [{ touchpoint, task: 'intent' }],
  }),
  touchpoint_fallback_status: () => ({ day: '2026-03-01' }),
};
