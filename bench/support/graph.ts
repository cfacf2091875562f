import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { createGraph, type Graph } from '../../src/graph/client.ts';

/** The Graph server that the benchmarks read, from their side. */

const Told = z.object({ url: z.string(), token: z.string(), mailboxes: z.array(z.string()) });

/** The day at which everything in it has been sent. */
export const ANCHOR = Date.UTC(2026, 2, 11, 3, 0, 0);

export interface GraphServer extends z.infer<typeof Told>, AsyncDisposable {
  /** Milliseconds that every answer waits. */
  delay(latency: number): Promise<void>;
}

export async function graphServer(size: { mailboxes: number; messages: number }): Promise<GraphServer> {
  const file = fileURLToPath(new URL('./graph-server.ts', import.meta.url));
  const orders = JSON.stringify({ ...size, anchor: ANCHOR });
  const child = spawn(process.execPath, ['--import', 'tsx', file, orders], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const told = Told.parse(await answerOf(child));
  return {
    ...told,
    async delay(latency) {
      child.send({ latency });
      await answerOf(child);
    },
    async [Symbol.asyncDispose]() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('the Graph server of the benchmark ended');
  });
  ended.catch(() => undefined);
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}

/** The service's own client, with the limits that it has by default. */
export function serviceGraph({ url, token }: Pick<GraphServer, 'url' | 'token'>): Graph {
  return createGraph({
    baseUrl: url,
    token: { token: async () => token },
    clock: systemClock(),
    random: Math.random,
    log: silentLog,
    limits: { perMailbox: 3, global: 16, attempts: 6, budgetMs: 300_000, timeoutMs: 60_000 },
  });
}
