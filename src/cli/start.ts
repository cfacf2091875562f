import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { ConfigError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { startServer } from '../server/server.ts';
import { isEmbedded } from '../store/backup.ts';
import { removeNotice, writeNotice } from '../store/daemon.ts';
import { readStatus } from '../store/feeds.ts';
import type { Store } from '../store/store.ts';
import { type Daemon, startDaemon } from '../sync/daemon.ts';
import { openApi } from './api.ts';
import type { Context } from './context.ts';
import { notifications } from './notifications.ts';
import { count, printJson, printLine } from './output.ts';
import { requireSchema } from './schema.ts';
import { secondOpinionsAside } from './second-opinions.ts';
import { asJson, printReport, runPass } from './sync.ts';
import { type Tenant, withSandboxClients } from './tenant.ts';

/** The daemon: passes on schedule until SIGTERM or SIGINT, then drains and exits. */
export async function start(context: Context, options: { readonly json?: boolean }): Promise<number> {
  const { log, clock } = context;
  const config = withSandboxClients(context.config);
  const store = await context.store();
  if (store.driver === 'daemon') {
    throw new ConfigError(`a daemon runs already on the store in ${config.dataDir} (TOUCHPOINT_DATA_DIR)`);
  }
  await requireSchema(store, log);
  const tenant = await context.tenant();
  await signIn(tenant, log);
  const token = randomBytes(32).toString('base64url');
  const say = (line: string) => (options.json === true ? undefined : printLine(line));
  if (tenant.own !== null) {
    say(
      'No Microsoft 365 tenant is configured (AZURE_AD_TENANT_ID is not set): running against the sandbox tenant,',
    );
    say(`a made-up health-software vendor with 8 mailboxes and 20 clients, served at ${tenant.own.url}.`);
  }
  // the door first: Graph calls back before it makes a subscription
  let daemon: Daemon | undefined;
  const hooks = await notifications(context, config, () => daemon?.nudge('dirty'));
  const onNudge = () => daemon?.nudge();
  const webhooks = hooks === null ? {} : { webhooks: hooks.app };
  const api = await openApi(context, config);
  const { host, port } = config.server;
  const dump = isEmbedded(store) ? { dump: () => store.dump() } : {};
  const server = await startServer({ store, token, host, port, log, onNudge, api, ...dump, ...webhooks });
  say(`Briefing Room and API: http://${host.includes(':') ? `[${host}]` : host}:${server.port}`);
  const opinions = secondOpinionsAside(context);
  daemon = startDaemon({
    schedule: config.schedule,
    clock,
    log,
    work: async (signal, wake) => {
      // before the pass for the mailboxes that are known, after it for those that it found
      if (wake === 'everything') hooks?.look(signal);
      const report = await runPass(context, config, {
        signal,
        ...(wake === 'dirty' ? { only: 'dirty' } : {}),
      });
      // beside the passes: a slow endpoint holds nothing up
      opinions.look(signal);
      if (wake === 'everything') hooks?.look(signal);
      else if (report.pass.tally.fetched === 0) return;
      if (options.json === true) return printJson(asJson(report));
      printReport(report);
      await printStored(store, config.schedule);
    },
  });
  if (store.driver === 'pglite') {
    await writeNotice(config.dataDir, {
      pid: process.pid,
      port: server.port,
      token,
      sandbox: tenant.sandbox,
    });
  }
  log.info({ port: server.port, driver: store.driver }, 'daemon is up');
  await stopSignal();
  log.info({}, 'stopping');
  endIn(STOP_MS, log);
  await daemon.stop();
  await opinions.idle();
  await api.stop();
  await hooks?.idle();
  await server.close();
  if (store.driver === 'pglite') await removeNotice(config.dataDir);
  return 0;
}

/** Before anything else runs: who is not signed in, or wrongly, shall hear it at once and not from every round. */
async function signIn({ token }: Tenant, log: Log): Promise<void> {
  try {
    await token.token();
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    log.warn({ reason: reasonOf(error) }, 'not signed in yet: trying again with the first round');
  }
}

async function printStored(store: Store, schedule: string): Promise<void> {
  const { touchpoints, embedded, untagged } = await readStatus(store);
  const total = Object.values(touchpoints).reduce((sum, number) => sum + number, 0);
  printLine(
    `stored ${count(total)} touchpoints, ${count(embedded)} embedded, ${count(untagged)} waiting for tags`,
  );
  printLine(`Next look: ${schedule}. Try: npx touchpoint search "who is unhappy about slow reports"`);
  printLine('');
}

// Service managers kill after 10 s (Docker's default); every page is a transaction, so ending a little before loses nothing.
const STOP_MS = 9_000;

/** What does not drain in time (a store or a server that hangs) does not keep the process. */
function endIn(ms: number, log: Log): void {
  const timer = setTimeout(() => {
    log.warn({ ms }, 'not everything stopped in time: ending all the same');
    process.exit(1);
  }, ms);
  timer.unref();
}

async function stopSignal(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
}
