import type { MiddlewareHandler } from 'hono';
import { Hono } from 'hono';
import { routePath } from 'hono/route';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { readStatus, type StatusRow } from '../../store/feeds.ts';
import { type FallbackStanding, readFallbackStanding } from '../../sync/fallback-standing.ts';
import { admit, needs } from './access.ts';
import type { ApiDeps, ApiEnv } from './env.ts';
import { staleFeeds } from './status.ts';

/** Prometheus metrics. Labels are kinds, states and routes: no mailbox, client or text. */

export interface Metrics {
  /** Counts and times every request that passes. */
  readonly observe: MiddlewareHandler<ApiEnv>;
  readonly routes: Hono<ApiEnv>;
}

// A search takes tens of milliseconds, a hundred texts some seconds.
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function metrics(deps: ApiDeps): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'touchpoint_' });
  const set = storeGauges(registry);
  const setFallback = fallbackGauges(registry);
  const requests = new Counter({
    name: 'touchpoint_http_requests_total',
    help: 'Requests answered, by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    registers,
  });
  const seconds = new Histogram({
    name: 'touchpoint_http_request_seconds',
    help: 'Time until the answer began',
    labelNames: ['route'] as const,
    buckets: SECONDS,
    registers,
  });

  const observe: MiddlewareHandler<ApiEnv> = async (context, next) => {
    const stop = seconds.startTimer();
    await next();
    const route = routePath(context, -1);
    stop({ route });
    requests.inc({ method: context.req.method, route, status: String(context.res.status) });
  };
  const routes = new Hono<ApiEnv>();
  routes.get('/metrics', admit(deps), needs('read'), async (context) => {
    set(await readStatus(deps.store), deps);
    setFallback(await readFallbackStanding(deps.store, deps.settings.fallback, deps.clock.now()));
    return context.body(await registry.metrics(), 200, { 'content-type': registry.contentType });
  });
  return { observe, routes };
}

/** Everything that the store knows of itself, read anew at each scrape. */
function storeGauges(registry: Registry) {
  const gauge = gauges(registry);
  const stored = gauge('stored', 'Touchpoints stored, by kind', ['kind']);
  const embedded = gauge('embedded', 'Touchpoints with a vector');
  const untagged = gauge('untagged', 'Touchpoints that wait for tags');
  const failures = gauge('tag_failures', 'Touchpoints that could not be tagged');
  const lag = gauge('feed_lag_seconds', 'Time since the feed that waits longest was read, by kind', ['kind']);
  const stale = gauge('feeds_stale', 'Feeds that were not read for longer than server.stale_minutes');
  const failing = gauge('feeds_failing', 'Feeds whose last round failed');
  const mailboxes = gauge('mailboxes', 'Mailboxes, by state', ['state']);
  const subscriptions = gauge('subscriptions', 'How changes are told, by state', ['state']);
  const ended = gauge('last_run_timestamp_seconds', 'When the last pass ended');
  const items = gauge('last_run_items', 'Items of the last pass, by outcome', ['outcome']);

  return (status: StatusRow, { clock, settings }: Pick<ApiDeps, 'clock' | 'settings'>) => {
    const now = clock.now();
    for (const labelled of [stored, lag, mailboxes, subscriptions, items]) labelled.reset();
    for (const [kind, count] of Object.entries(status.touchpoints)) stored.set({ kind }, count);
    embedded.set(status.embedded);
    untagged.set(status.untagged);
    failures.set(status.tag_failures);
    for (const [kind, seconds] of longestLag(status, now)) lag.set({ kind }, seconds);
    stale.set(staleFeeds(status, now, settings.staleMinutes).length);
    failing.set(status.feeds.filter(({ last_error }) => last_error !== null).length);
    for (const { state } of status.mailboxes) mailboxes.inc({ state });
    for (const { state } of status.subscriptions) subscriptions.inc({ state });
    const run = status.last_run;
    if (run === null) return;
    ended.set(Date.parse(run.ended_at) / 1000);
    for (const outcome of ['fetched', 'written', 'unchanged', 'skipped', 'failed'] as const)
      items.set({ outcome }, run[outcome]);
  };
}

/** Second opinions, as the store counts them for all daemons together. */
function fallbackGauges(registry: Registry) {
  const gauge = gauges(registry);
  const questions = gauge('fallback_questions', 'Questions that were put to the fallback, by outcome', [
    'outcome',
  ]);
  const failed = gauge('fallback_failed_requests', 'Requests to the fallback that came to nothing');
  const spent = gauge('fallback_tokens_spent', 'Tokens that the fallback took');
  const saved = gauge(
    'fallback_tokens_saved',
    'Tokens that texts which never went there would have taken, roughly',
  );
  const left = gauge('fallback_tokens_left', 'Tokens left of the day’s budget, where there is one', [
    'provider',
  ]);
  const uncertain = gauge('uncertain', 'Tasks of touchpoints whose answer is uncertain');

  return ({ total, tokens_saved, tokens_left, provider, uncertain: open }: FallbackStanding) => {
    for (const outcome of ['answered', 'unsure', 'refused', 'unusable'] as const)
      questions.set({ outcome }, total[outcome]);
    failed.set(total.failed_requests);
    spent.set(total.tokens);
    saved.set(tokens_saved);
    left.reset();
    if (tokens_left !== null) left.set({ provider }, tokens_left);
    uncertain.set(open);
  };
}

function gauges(registry: Registry) {
  return (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `touchpoint_${name}`, help, labelNames, registers: [registry] });
}

function longestLag({ feeds }: StatusRow, now: number): Map<string, number> {
  const longest = new Map<string, number>();
  for (const { kind, last_success_at } of feeds) {
    if (last_success_at === null) continue;
    const seconds = Math.max(0, (now - Date.parse(last_success_at)) / 1000);
    longest.set(kind, Math.max(seconds, longest.get(kind) ?? 0));
  }
  return longest;
}
