import { item, LATER, NOW, type Payload, VECTOR } from './payload.ts';
import { answers, opinions } from './payloads-answers.ts';
import { dashboard } from './payloads-dashboard.ts';

/** A payload that each function takes gladly, with every text that it reads: the hostile test spoils them one by one. */

const feeds: Record<string, Payload> = {
  touchpoint_feeds_put: () => ({
    mailbox: 'new@example.test',
    feeds: [{ kind: 'email', target: 'inbox', name: 'Inbox' }],
  }),
  touchpoint_feeds: ({ mailbox }) => ({ mailboxes: [mailbox] }),
  touchpoint_feeds_retire: ({ feed }) => ({ feeds: [feed], now: NOW }),
  touchpoint_feed_claim: ({ feed }) => ({ feed, owner: 'me', seconds: 60 }),
  touchpoint_feed_release: ({ feed }) => ({ feed, owner: 'me', now: NOW, error: 'away', dirty_before: NOW }),
  touchpoint_feed_idle: ({ feed, version }) => ({
    feed,
    expect: version,
    delta_link: 'https://graph.example/delta',
    now: NOW,
  }),
  touchpoint_tag_rate: () => ({ now: NOW }),
  touchpoint_feeds_dirty: ({ feed, mailbox }) => ({
    now: NOW,
    feeds: [feed],
    changed: [{ mailbox, kind: 'meeting' }],
    renew: ['s1'],
    removed: ['s2'],
  }),
  touchpoint_leases_clear: () => ({ note: 'nothing is read' }),
  touchpoint_doubted_feeds: () => ({ note: 'nothing is read' }),
  touchpoint_mailboxes: () => ({ note: 'nothing is read' }),
  touchpoint_mailbox_set: ({ mailbox }) => ({
    mailbox,
    folders_listed_at: NOW,
    state: 'gone',
    reason: 'no such user',
    now: NOW,
    failures: 1,
    retry_at: LATER,
    refusals: [{ kind: 'email', state: 'no consent', reason: 'refused', retry_at: LATER }],
  }),
  touchpoint_clients: () => ({ note: 'nothing is read' }),
  touchpoint_clients_put: () => ({
    source: 'configuration',
    clients: [{ name: 'Acme', aliases: ['AC'], domains: ['acme.example'] }],
  }),
  touchpoint_run_save: () => ({
    started_at: NOW,
    ended_at: LATER,
    fetched: 1,
    written: 1,
    unchanged: 0,
    skipped: 0,
    failed: 0,
    reasons: { 'written: inserted': 1 },
    errors: [{ feed: 'a calendar', reason: 'away' }],
  }),
  touchpoint_status: () => ({ encoder: 'e@1', taxonomy: 't@1' }),
  touchpoint_check: () => ({ note: 'nothing is read' }),
};

const pages: Record<string, Payload> = {
  touchpoint_page_commit: ({ feed, version, client, mailbox }) => ({
    feed,
    expect: version,
    owner: 'me',
    lease_seconds: 60,
    now: NOW,
    begin: 'full',
    scope: 's',
    window: { start: NOW, end: LATER },
    delta_link: 'https://graph.example/delta',
    items: [{ ...item(client), mailbox }],
    removed: ['g8'],
    forgotten: ['g7'],
    shown: ['g6'],
    series: [{ master: 's', keep: ['g9'], start: NOW, end: LATER }],
  }),
  touchpoint_known: () => ({ kind: 'meeting', keys: ['k1'] }),
  touchpoint_compare: ({ feed, client, mailbox }) => ({ feed, items: [{ ...item(client), mailbox }] }),
  touchpoint_copies: ({ feed }) => ({ feed, start: NOW, end: LATER, after: 'a', limit: 10 }),
  touchpoint_import: ({ client }) => ({ now: NOW, items: [{ ...item(client), kind: 'nps' }] }),
  touchpoint_export: ({ touchpoint }) => ({ kinds: ['meeting'], since: NOW, after: touchpoint, limit: 10 }),
};

const tags: Record<string, Payload> = {
  touchpoint_untagged: ({ touchpoint }) => ({
    encoder: 'e@1',
    taxonomy: 't@1',
    attempts: 3,
    limit: 10,
    after: touchpoint,
  }),
  touchpoint_tags_save: ({ touchpoint, textHash }) => ({
    encoder: 'e@1',
    taxonomy: 't@1',
    now: NOW,
    rows: [
      {
        id: touchpoint,
        text_hash: textHash,
        embedding: VECTOR,
        uncertain: ['topic'],
        tags: [{ task: 'intent', label: 'qbr', score: 0.9 }],
      },
    ],
    failed: [{ id: touchpoint, error: 'too long' }],
  }),
  touchpoint_tagging_begin: () => ({ encoder: 'e@2', taxonomy: 't@1', now: NOW, attempts: 3, start: true }),
  touchpoint_tagging_pause: () => ({ paused: true, now: NOW }),
  touchpoint_encoder: () => ({ note: 'nothing is read' }),
};

const subscriptions: Record<string, Payload> = {
  touchpoint_subscriptions: () => ({ note: 'nothing is read' }),
  touchpoint_subscription_put: ({ mailbox }) => ({
    id: 's1',
    mailbox,
    kind: 'meeting',
    resource: 'users/a/events',
    url: 'https://hooks.example',
    client_state: 'secret',
    expires_at: LATER,
    now: NOW,
  }),
  touchpoint_subscription_refused: ({ mailbox }) => ({
    mailbox,
    kind: 'email',
    reason: 'refused',
    now: NOW,
    retry_at: LATER,
  }),
  touchpoint_subscription_remove: ({ mailbox }) => ({ ids: ['s1'], unwanted: [{ mailbox, kind: 'email' }] }),
};

const privacy: Record<string, Payload> = {
  touchpoint_privacy: () => ({ note: 'nothing is read' }),
  touchpoint_skips: ({ mailbox }) => ({ mailbox }),
  touchpoint_skip_put: ({ mailbox }) => ({
    now: NOW,
    skips: [{ mailbox, graph_id: 'g8', reason: 'not for us' }],
  }),
  touchpoint_names_of: () => ({ address: 'nora@example.test' }),
  touchpoint_contents: ({ touchpoint }) => ({ after: touchpoint, limit: 10 }),
  touchpoint_remember: () => ({ now: NOW, hashes: [{ kind: 'name', hash: 'a'.repeat(64), words: 2 }] }),
  touchpoint_forget: ({ touchpoint, contentHash, mailbox, client }) => ({
    now: NOW,
    dry_run: false,
    erase: ['00000000-0000-4000-8000-000000000000'],
    redact: [
      {
        id: touchpoint,
        was: contentHash,
        title: 'a',
        body: 'b',
        people: [{ name: 'c', address: 'd@example.test' }],
        details: { location: 'e' },
        content_hash: 'f',
        text_hash: 'g',
      },
    ],
    mailbox,
    client,
    address: 'nora@example.test',
  }),
  touchpoint_retain: () => ({ before: NOW, deleted_before: NOW, limit: 10, unless: '2026-03-01' }),
};

export const PAYLOADS: Readonly<Record<string, Payload>> = {
  ...feeds,
  ...pages,
  ...tags,
  ...subscriptions,
  ...privacy,
  ...answers,
  ...opinions,
  ...dashboard,
};
