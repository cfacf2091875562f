import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Remote } from '../classify/remote.ts';
import { readTaxonomy } from '../classify/taxonomy.ts';
import { reasonOf } from '../core/errors.ts';
import type { FallbackSettings } from '../core/fallback-settings.ts';
import type { OpinionSettings, RunDeps } from '../sync/opinion-run.ts';
import { askSecondOpinions, type OpinionResult } from '../sync/second-opinion.ts';
import type { Context } from './context.ts';
import { count, plural, printLine } from './output.ts';

/** The fallback, put together from the settings. */

/** Asks what may be asked now, for `fallback.pass_seconds` at most; null where it is off, or the store would not. */
export async function secondOpinions(context: Context, signal?: AbortSignal): Promise<OpinionResult | null> {
  const { log, config } = context;
  const remote = await openRemote(context);
  if (remote === null) return null;
  const time = AbortSignal.timeout(config.fallback.pass_seconds * 1000);
  const either = signal === undefined ? time : AbortSignal.any([signal, time]);
  try {
    const version = (await context.tagger()).taxonomy;
    return await askSecondOpinions({ ...(await runDeps(context, remote)), version }, either);
  } catch (error) {
    // the tags are there, only marked uncertain: nothing waits for this
    log.warn({ reason: reasonOf(error) }, 'no second opinions for now');
    return null;
  }
}

/** For the daemon: at most one at a time, and nobody waits for it but who stops. */
export function secondOpinionsAside(context: Context) {
  let running: Promise<unknown> | undefined;
  return {
    look: (signal: AbortSignal) => {
      running ??= secondOpinions(context, signal).finally(() => {
        running = undefined;
      });
    },
    idle: async () => {
      await running;
    },
  };
}

/** Null where the fallback is off. */
export async function openRemote({ config, clock }: Context): Promise<Remote | null> {
  const access = config.fallbackAccess;
  if (access === undefined) return null;
  // loaded when they are needed: most run without
  if (access.provider === 'anthropic')
    return (await import('../classify/remote-anthropic.ts')).anthropicRemote({ ...access, clock });
  return (await import('../classify/remote-openai.ts')).openaiRemote({ ...access, clock });
}

/** What asking takes, whatever is asked. */
export async function runDeps(context: Context, remote: Remote): Promise<Omit<RunDeps, 'book'>> {
  const { config, clock, log } = context;
  return {
    ...{ store: await context.store(), clock, log, remote },
    taxonomy: await readTaxonomy(config.taxonomyFile),
    owner: `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`,
    settings: opinionSettings(config.fallback),
    random: Math.random,
    attempts: config.fallback.attempts,
    timeoutMs: config.fallback.timeout_seconds * 1000,
  };
}

function opinionSettings(settings: FallbackSettings): OpinionSettings {
  const { batch, longest, daily_tokens, daily_cost, prices, withhold } = settings;
  const { input, output } = prices;
  return {
    ...{ batch, longest },
    dailyTokens: daily_tokens,
    dailyCost: daily_cost,
    prices: input === null || output === null ? null : { input, output },
    withholdKinds: withhold.kinds,
    withholdLabels: withhold.labels.map((text) => {
      const at = text.indexOf('=');
      return { task: text.slice(0, at), label: text.slice(at + 1) };
    }),
  };
}

/** Why nothing more was asked. */
export const STOPPED = {
  budget: 'the budget of the day is spent',
  away: 'the endpoint does not answer',
  misconfigured: 'the endpoint does not accept it (touchpoint status says why)',
  time: 'out of time, the next pass goes on',
} as const;

/** Nothing where it is off. */
export function printOpinions(result: OpinionResult | null): void {
  if (result === null) return;
  const { asked, answered, reused, tokens, stopped } = result;
  const again = reused > 0 ? `, ${count(reused)} known already` : '';
  const why = stopped === null ? '' : `; ${STOPPED[stopped]}`;
  printLine(
    `second opinions: asked ${count(asked)}, answered ${count(answered)}${again}, ${plural(tokens, 'token')}${why}`,
  );
}
