import { once } from 'node:events';
import { startSandbox } from '../sandbox/server.ts';
import type { Context } from './context.ts';
import { printJson, printLine } from './output.ts';

export interface SandboxOptions {
  readonly port: number;
  readonly json?: boolean;
}

/** The sandbox alone, until it is stopped: another program can be pointed at it. */
export async function runSandbox(context: Context, options: SandboxOptions): Promise<number> {
  await using sandbox = await startSandbox({ port: options.port, anchor: context.clock.now() });
  if (options.json === true) printJson({ url: sandbox.url, token: sandbox.token });
  else {
    printLine(`TOUCHPOINT_GRAPH_URL=${sandbox.url}`);
    printLine(`TOUCHPOINT_GRAPH_TOKEN=${sandbox.token}`);
    printLine(
      'Stop it with Ctrl-C. POST /sandbox/mutate changes things, GET /sandbox/truth says what a perfect sync holds.',
    );
  }
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  return 0;
}

/** Runs the mutation script in the sandbox tenant: the running daemon's, or the data directory's own. */
export async function mutateSandbox(context: Context, options: { readonly json?: boolean }): Promise<number> {
  const { sandbox } = await context.tenant();
  if (sandbox === null) {
    printLine('a tenant is configured: only the sandbox tenant can be changed by script');
    return 2;
  }
  const response = await fetch(`${sandbox.url}/sandbox/mutate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ steps: 1 }),
  });
  const summary: unknown = await response.json();
  if (options.json === true) printJson(summary);
  else printLine(JSON.stringify(summary, null, 2));
  return response.ok ? 0 : 1;
}
