import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { asServiceRole, type Postgres, startPostgres } from '../test/support/postgres.ts';
import { type Bench, interleaved, seconds, timed } from './support/figures.ts';
import { type GraphServer, graphServer } from './support/graph.ts';

/** Several processes on one database: they share the feeds by leases, and nothing is read twice. */

const MAILBOXES = 20;
const MESSAGES = 150;
const LATENCY = 40;
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const Done = z.object({ fetched: z.number(), busy: z.number(), problems: z.literal(0) });

export const scale: Bench = async () => {
  await using server = await graphServer({ mailboxes: MAILBOXES, messages: MESSAGES });
  await server.delay(LATENCY);
  const postgres = await startPostgres();
  try {
    const ways = {
      one: () => together(server, postgres, 1),
      two: () => together(server, postgres, 2),
      four: () => together(server, postgres, 4),
    };
    const { one, two, four } = await interleaved(ways, ROUNDS);
    return [
      {
        name: 'two processes against one',
        value: 1 / two.ratio,
        unit: 'x',
        detail: `${seconds(two.ms)} against ${seconds(one.ms)}`,
      },
      {
        name: 'four processes against one',
        value: 1 / four.ratio,
        unit: 'x',
        detail: `${seconds(four.ms)} against ${seconds(one.ms)}`,
      },
    ];
  } finally {
    await postgres.stop();
  }
};

/** Milliseconds until the last of them is done with a first sync; what each fetched adds up to what there is. */
async function together(server: GraphServer, postgres: Postgres, count: number): Promise<number> {
  const database = asServiceRole(await postgres.createDatabase());
  const { url, token, mailboxes } = server;
  const file = fileURLToPath(new URL('./support/sync-process.ts', import.meta.url));
  const children = Array.from({ length: count }, (_, number) => {
    const orders = { url, token, mailboxes, database, owner: `process ${number}` };
    return spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(orders)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  });
  await Promise.all(children.map((child) => once(child, 'message')));
  let fetched = 0;
  const ms = await timed(async () => {
    const answers = children.map(async (child) => {
      child.send('go');
      const [answer] = await once(child, 'message');
      fetched += Done.parse(answer).fetched;
    });
    await Promise.all(answers);
  });
  if (fetched !== MAILBOXES * MESSAGES) throw new Error(`${fetched} messages were fetched`);
  return ms;
}
