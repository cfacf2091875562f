import { on } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { z } from 'zod';
import { openApi } from '../../src/cli/api.ts';
import { Context } from '../../src/cli/context.ts';
import { notifications } from '../../src/cli/notifications.ts';
import { runPass } from '../../src/cli/sync.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Config, loadConfig } from '../../src/core/config.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import { startServer } from '../../src/server/server.ts';
import { startDaemon } from '../../src/sync/daemon.ts';
import { endWithTest, leave, readOrders, say, TenantOrder } from './parts.ts';

/**
 * The whole daemon in one process, for hours of the tenant's time: schedule, webhooks, API, model and embedded store. It is
 * told each round and says what it holds of memory and handles after it; now and then all its parts are closed and made anew.
 */

const Orders = z.object({
  tenant: TenantOrder,
  dataDir: z.string(),
  port: z.number(),
  /** Rounds after which everything is closed and opened again. */
  life: z.int().min(1),
});
const Told = z.discriminatedUnion('order', [
  z.object({ order: z.literal('round'), now: z.number() }),
  z.object({ order: z.literal('stop') }),
]);

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

class SoakedContext extends Context {
  override readonly clock: Clock;
  constructor(config: Config, log: Log, clock: Clock) {
    super(config, log);
    this.clock = clock;
  }
}

endWithTest();
const orders = readOrders(Orders);
let now = orders.tenant.now;
let [rejections, warnings] = [0, 0];
process.on('unhandledRejection', (error) => {
  rejections += 1;
  say('rejection', { error: String(error) });
});
process.on('warning', () => (warnings += 1));
// long waits are cut short; a webhook's deadline is none of them, and must be as long as it is
const LONGEST_WAIT_MS = 2_500;
const sleep: Clock['sleep'] = (ms, signal) => systemClock().sleep(Math.min(ms, LONGEST_WAIT_MS), signal);
const config = {
  ...(await loadConfig(
    {
      TOUCHPOINT_GRAPH_URL: orders.tenant.url,
      TOUCHPOINT_GRAPH_TOKEN: orders.tenant.token,
      TOUCHPOINT_MAILBOXES: orders.tenant.mailboxes.join(','),
      TOUCHPOINT_PUBLIC_URL: `http://127.0.0.1:${orders.port}`,
      TOUCHPOINT_DATA_DIR: orders.dataDir,
      TOUCHPOINT_PORT: String(orders.port),
    },
    undefined,
    '/nonexistent',
  )),
  schedule: '0 0 1 1 *',
};
config.models.workers = 1;
// at the end the windows are those of the day
config.calendar.roll_days = 1;

/** Everything that `touchpoint start` runs, put together in the same way. */
async function live() {
  const log = { ...silentLog, error: (facts: object) => say('failed', { facts }) };
  const context = new SoakedContext(config, log, { now: () => now, sleep });
  const store = await context.store();
  let whole = 0;
  let heard = () => {};
  const hooks = await notifications(context, config, () => heard());
  const api = await openApi(context, config);
  const daemon = startDaemon({
    schedule: config.schedule,
    clock: context.clock,
    log,
    work: async (signal, wake) => {
      if (wake === 'everything') hooks?.look(signal);
      await runPass(context, config, { signal, ...(wake === 'dirty' ? { only: 'dirty' } : {}) });
      await hooks?.idle();
      if (wake === 'everything') whole += 1;
    },
  });
  heard = () => daemon.nudge('dirty');
  const webhooks = hooks === null ? {} : { webhooks: hooks.app };
  const door = {
    store,
    token: 'token',
    port: orders.port,
    log,
    onNudge: () => daemon.nudge(),
    api,
    ...webhooks,
  };
  const server = await startServer(door);
  return {
    /** One whole round that begins after this call, and what people ask meanwhile. */
    async round() {
      const wanted = whole + 1;
      daemon.nudge();
      await ask();
      while (whole < wanted) await sleep(5);
    },
    async end() {
      await daemon.stop();
      await api.stop();
      await hooks?.idle();
      await server.close();
      await context[Symbol.asyncDispose]();
    },
  };
}

async function ask(): Promise<void> {
  const at = `http://127.0.0.1:${orders.port}`;
  const headers = { 'content-type': 'application/json' };
  const question = { method: 'POST', headers, body: '{"query":"who is unhappy about slow reports"}' };
  const answers = await Promise.all([
    fetch(`${at}/metrics`),
    fetch(`${at}/api/v1/status`),
    fetch(`${at}/api/v1/search`, question),
    fetch(`${at}/health/feeds`),
  ]);
  for (const answer of answers) await answer.arrayBuffer();
  const refused = answers.slice(0, 3).find(({ ok }) => !ok);
  if (refused !== undefined) say('refused', { url: refused.url, status: refused.status });
}

/** What is held once nothing that can be let go is left. */
function sample(round: number): void {
  collect();
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  const handles: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) handles[type] = (handles[type] ?? 0) + 1;
  say('sample', { round, rss, heap: heapUsed + external, handles, rejections, warnings });
}

let life = await live();
say('up');
let rounds = 0;
for await (const [message] of on(process, 'message')) {
  const told = Told.parse(message);
  if (told.order === 'stop') break;
  now = told.now;
  if (rounds > 0 && rounds % orders.life === 0) {
    await life.end();
    life = await live();
  }
  await life.round();
  rounds += 1;
  sample(rounds);
}
await life.end();
say('ended', { rejections, warnings });
leave();
