import { h } from './dom.ts';
import { type Icon, icon } from './icons.ts';
import { href } from './router.ts';
import { chip, recurringMark, uncertainMark } from './shared.ts';
import type { Kind, MeetingRow } from './wire.ts';
import { dayHeading, KIND_WORDS, plural, timeOf } from './words.ts';

/** Touchpoints by day, each a link that opens it. */

/** @param view what stays behind the drawer */
export function meetingList(
  rows: readonly MeetingRow[],
  params: URLSearchParams,
  view = 'briefing',
): HTMLElement[] {
  const days = new Map<string, MeetingRow[]>();
  for (const row of rows) days.set(row.local_date, [...(days.get(row.local_date) ?? []), row]);
  return [...days].map(([date, found]) => {
    const { near, long } = dayHeading(date);
    return h(
      'section',
      { class: 'day' },
      h('h3', { class: 'day-head' }, near !== null && h('strong', {}, near), long),
      h(
        'ul',
        { class: 'rows' },
        found.map((row) => line(row, openAddress(row.id, params, view))),
      ),
    );
  });
}

export function kindIcon(kind: string): SVGSVGElement {
  const known: Readonly<Record<string, Icon>> = { meeting: 'meeting', email: 'mail' };
  return icon(known[kind] ?? 'note');
}

export function openAddress(id: string, params: URLSearchParams, view: string): string {
  const open = new URLSearchParams(params);
  open.set('open', id);
  return href(view, open);
}

function line(row: MeetingRow, address: string): HTMLElement {
  return h(
    'li',
    { class: 'row', 'data-status': row.status, 'data-id': row.id },
    h('div', { class: 'row-time' }, timeWords(row), h('small', {}, durationWords(row))),
    h(
      'div',
      { class: 'row-body' },
      h(
        'p',
        { class: 'row-title' },
        row.kind !== 'meeting' && [
          kindIcon(row.kind),
          h('span', { class: 'unseen' }, `${kindWords(row.kind)}: `),
        ],
        h('a', { id: `open-${row.id}`, href: address }, row.title || '(no subject)'),
        row.status === 'cancelled' && h('span', { class: 'mark cancelled' }, 'Cancelled'),
      ),
      h('p', { class: 'row-about' }, aboutWords(row)),
      row.snippet !== '' && h('p', { class: 'row-snippet' }, row.snippet),
    ),
    h('div', { class: 'row-tags' }, tags(row)),
  );
}

function kindWords(kind: Kind): string {
  return KIND_WORDS[kind];
}

function timeWords({ all_day, occurred_at }: MeetingRow): string {
  return all_day ? 'All day' : timeOf(occurred_at);
}

function durationWords({ all_day, minutes }: MeetingRow): string {
  if (all_day || minutes === null) return '';
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest}`}`;
}

function aboutWords({ client, organiser, attendees, internal, kind }: MeetingRow) {
  const by = organiser === null ? '' : organiser.name || organiser.address;
  const who = kind === 'email' ? by && `from ${by}` : by && `organiser ${by}`;
  const parts = [
    who,
    attendees > 0 && kind === 'meeting' ? plural(attendees, 'attendee') : '',
    internal === true ? 'internal' : '',
  ].filter(Boolean);
  return [
    client !== null && h('a', { class: 'client', href: href('client', { id: client.id }) }, client.name),
    client !== null && parts.length > 0 && ' · ',
    parts.join(' · '),
  ];
}

function tags({ labels, meeting_type_auto, tagged, uncertain, recurring }: MeetingRow) {
  const intents = labels.filter(({ task }) => task === 'intent');
  const topics = labels.filter(({ task }) => task === 'topic').slice(0, 2);
  return [
    intents.map(({ label }) => chip(label, { quiet: label !== meeting_type_auto })),
    !tagged && h('span', { class: 'mark waiting' }, 'Waiting for tags'),
    uncertain.includes('intent') && uncertainMark(),
    recurring === true && recurringMark(),
    topics.map(({ label }) => h('span', { class: 'topic' }, label)),
  ];
}
