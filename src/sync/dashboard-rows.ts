import type { Kind, Touchpoint } from '../core/touchpoint.ts';
import type { DashboardRow, Source } from '../store/dashboard.ts';
import type { GivenClient } from './dashboard-clients.ts';
import { dateOf, lineOf, peopleOf, plainText, quarterMiddle, textOf, wordOf } from './dashboard-values.ts';

/** A row of the dashboard -> a touchpoint: pure. */

export type ReadSource =
  | { readonly outcome: 'keep'; readonly touchpoint: Touchpoint; readonly given: GivenClient }
  | { readonly outcome: 'skip' | 'fail'; readonly reason: string };

/** Changes when the rules below do: then every row is read again. */
export const MAPPING = 1;

// what is known by the digest of its content instead: the row has no key of its own, or an absurd one
const KEYLESS = /^#[0-9a-f]{64}$/;

export function readRow(source: Source, { key, row }: DashboardRow): ReadSource {
  if (KEYLESS.test(key)) return { outcome: 'fail', reason: 'no usable key' };
  switch (source) {
    case 'actions':
      return readAction(key, row);
    case 'nps':
      return readNps(key, row);
    case 'topics':
      return readTopic(key, row);
    case 'knowledge':
      return readKnowledge(key, row);
    case 'risks':
      return readRisk(key, row);
  }
}

type Row = DashboardRow['row'];

function readAction(key: string, row: Row): ReadSource {
  const due = dateOf(row['Due_Date']);
  const created = dateOf(row['created_at']);
  return keep({
    kind: 'action',
    sourceKey: key,
    title: lineOf(row['Action_Description']),
    body: plainText(row['Notes']),
    people: peopleOf(row['Owners']),
    occurredAt: created.instant ?? due.instant,
    details: {
      dated: dated(created.instant !== null ? 'created' : 'due', created.instant ?? due.instant),
      due: due.instant?.slice(0, 10) ?? null,
      problem: due.unreadable ? 'Due_Date is no date' : null,
      status: wordOf(row['Status']),
      priority: wordOf(row['Priority']),
      category: wordOf(row['Category']),
    },
    given: { uuid: row['client_uuid'], name: row['client'] },
  });
}

function readNps(key: string, row: Row): ReadSource {
  const body = plainText(row['feedback']);
  if (/^[.\s–—_-]*$/.test(body)) return { outcome: 'skip', reason: 'no comment' };
  const responded = dateOf(row['response_date']);
  const occurredAt = responded.instant ?? quarterMiddle(row['period']);
  const score = Number(textOf(row['score']) || Number.NaN);
  return keep({
    kind: 'nps',
    sourceKey: key,
    // the words alone: a title with the score in it would decide the sentiment
    title: '',
    body,
    occurredAt,
    details: {
      dated: dated(responded.instant !== null ? 'response' : 'period', occurredAt),
      period: wordOf(row['period']),
      problem: responded.unreadable ? 'response_date is no date' : null,
      score: Number.isFinite(score) && score >= 0 && score <= 10 ? score : null,
    },
    given: { uuid: row['client_uuid'], name: row['client_name'] },
  });
}

function readTopic(key: string, row: Row): ReadSource {
  const met = dateOf(row['Meeting_Date']);
  const parts = [row['Topic_Summary'], row['Background'], row['Key_Details']].map(plainText);
  return keep({
    kind: 'topic',
    sourceKey: key,
    title: lineOf(row['Topic_Title']),
    body: parts.filter((part) => part !== '').join('\n\n'),
    occurredAt: met.instant,
    details: {
      dated: dated('meeting', met.instant),
      problem: met.unreadable ? 'Meeting_Date is no date' : null,
    },
  });
}

function readKnowledge(key: string, row: Row): ReadSource {
  if (row['is_active'] === false) return { outcome: 'skip', reason: 'not active' };
  const updated = dateOf(row['updated_at']);
  return keep({
    kind: 'knowledge',
    sourceKey: key,
    title: lineOf(row['title']) || lineOf(row['knowledge_key']).replaceAll('_', ' '),
    body: plainText(row['content']),
    occurredAt: updated.instant,
    details: {
      category: wordOf(row['category']),
      key: wordOf(row['knowledge_key']),
      version: wordOf(row['version']),
    },
  });
}

function readRisk(key: string, row: Row): ReadSource {
  const { risk } = row;
  const fields: Row = typeof risk === 'object' && risk !== null ? { ...risk } : { description: risk };
  if (fields['unreadable'] === true) return { outcome: 'fail', reason: 'the risks are no JSON' };
  const parts = [
    fields['description'] ?? fields['details'],
    fields['mitigation'] ?? fields['mitigation_plan'],
  ].map(plainText);
  return keep({
    kind: 'risk',
    sourceKey: key,
    title: lineOf(fields['title'] ?? fields['name'] ?? fields['risk']),
    body: parts.filter((part) => part !== '').join('\n\n'),
    occurredAt: null,
    details: { plan: wordOf(row['plan']), hash: wordOf(row['hash']), riskType: wordOf(fields['risk_type']) },
    given: { uuid: row['client_uuid'], name: row['client_name'] },
  });
}

function dated(by: string, instant: string | null): string | null {
  return instant === null ? null : by;
}

type Mapped = Pick<Touchpoint, 'sourceKey' | 'title' | 'body' | 'occurredAt' | 'details'> & {
  readonly kind: Kind;
  readonly people?: Touchpoint['people'];
  readonly given?: GivenClient;
};

function keep({ given = {}, people = [], ...rest }: Mapped): ReadSource {
  if (!/[^\s.]/.test(rest.title + rest.body)) return { outcome: 'skip', reason: 'no text' };
  const touchpoint = { ...rest, people, endsAt: null, allDay: false, timeZone: 'UTC' };
  return { outcome: 'keep', touchpoint, given };
}
