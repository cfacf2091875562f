import { systemClock } from '../../src/core/clock.ts';
import { startServer } from '../../src/server/server.ts';
import { webhookApp } from '../../src/server/webhooks.ts';
import { startDaemon } from '../../src/sync/daemon.ts';
import { dirtyFeeds } from '../../src/sync/mailboxes.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { subscriptionKeeper } from '../../src/sync/subscription-keeper.ts';
import { say, told } from './parts.ts';
import type { Parts } from './work.ts';

/** The service with its door open: Graph is subscribed to and tells what changes. */

/** Ends once it was told to finish and nothing is marked any more. */
export async function listening(parts: Parts, port: number, work: 'notifications' | 'marked'): Promise<void> {
  const { store, graph, log, clock } = parts.deps;
  let wake = () => {};
  const webhooks = webhookApp({ store, log, clock: systemClock(), onDirty: () => wake() });
  const door = { store, log, port, token: 'token', webhooks: webhooks.app };
  const control = await startServer({ ...door, onNudge: () => {} });
  const keeper = subscriptionKeeper(
    { graph, store, log, newSecret: () => 'known to the sandbox and to nobody else' },
    {
      config: parts.config,
      clock,
      publicUrl: `http://127.0.0.1:${port}`,
      onCreated: webhooks.subscriptionsChanged,
    },
  );
  keeper.look(new AbortController().signal);
  await keeper.idle();
  if (work === 'marked') await marked(parts);
  else await daemon(parts, (given) => (wake = given));
  await control.close();
}

async function daemon(
  { deps, config, fuse, bare }: Parts,
  onDirty: (wake: () => void) => void,
): Promise<void> {
  let [rounds, running] = [0, 0];
  const daemon = startDaemon({
    // no other round than the one at the start: what comes by notification is all there is
    schedule: '0 0 1 1 *',
    clock: deps.clock,
    log: deps.log,
    work: async (signal, wake) => {
      running += 1;
      await syncPass(deps, config, wake === 'dirty' ? { signal, only: wake } : { signal }).finally(() => {
        running -= 1;
      });
      rounds += 1;
    },
  });
  onDirty(() => daemon.nudge('dirty'));
  const idle = async () => {
    while (rounds === 0 || running > 0 || (await isMarked({ config, bare }))) await deps.clock.sleep(1);
  };
  const finish = told('finish');
  await idle();
  fuse.arm();
  say('ready');
  await finish;
  await idle();
  await daemon.stop();
}

async function marked({ deps, config, bare }: Parts): Promise<void> {
  const finish = told('finish');
  say('ready');
  await finish;
  while (await isMarked({ config, bare })) {
    const { problems, busy } = await syncPass(deps, config, { only: 'dirty' });
    if (problems.length + busy > 0) throw new Error(`${busy} feeds are busy; ${JSON.stringify(problems)}`);
  }
}

async function isMarked({ config, bare }: Pick<Parts, 'config' | 'bare'>): Promise<boolean> {
  return (await dirtyFeeds(bare, config)).length > 0;
}
