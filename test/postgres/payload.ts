/** What payloads are made of. */

/** What the hostile test has put into the store. */
export interface Seeded {
  readonly mailbox: string;
  readonly feed: number;
  readonly version: number;
  readonly client: string;
  readonly touchpoint: string;
  readonly textHash: string;
  readonly contentHash: string;
}

export type Payload = (seeded: Seeded) => object;

export const NOW = '2026-03-01T00:00:00Z';
export const LATER = '2026-04-01T00:00:00Z';
export const VECTOR = JSON.stringify(Array.from({ length: 384 }, (_, n) => (n === 0 ? 1 : 0)));

export const item = (client: string | null) => ({
  mailbox: '',
  graph_id: 'g9',
  etag: 'e',
  series: 's',
  rank: 0,
  modified_at: NOW,
  kind: 'meeting',
  source_key: 'k9',
  client,
  client_method: 'domain',
  client_confidence: 0.9,
  occurred_at: NOW,
  ends_at: LATER,
  all_day: false,
  time_zone: 'Australia/Perth',
  title: 'QBR',
  body: 'Agenda',
  people: [{ name: 'Nora', address: 'nora@example.test', role: 'required' }],
  details: { location: 'Room 1' },
  content_hash: 'c9',
  text_hash: 't9',
});
