import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { clouds, fixedToken, type TokenSource } from '../graph/identity.ts';
import { type Sandbox, startSandbox } from '../sandbox/server.ts';
import { sandboxClients, sandboxInternalDomains, sandboxSharedDomains } from '../sandbox/text/clients.ts';
import { readNotice } from '../store/daemon.ts';
import { type Credential, chooseCredential, isConfigured, tokenSource } from './credentials.ts';
import { terminalPrompt } from './output.ts';

/** Which Graph is read, and as whom. */
export interface Tenant {
  readonly baseUrl: string;
  readonly token: TokenSource;
  /** Null with the sandbox. */
  readonly credential: Credential | null;
  /** Set when no tenant is configured and the made-up one stands in. */
  readonly sandbox: { readonly url: string; readonly token: string } | null;
  /** The sandbox that this process runs itself. */
  readonly own: Sandbox | null;
  close(): Promise<void>;
}

const nothing = async () => undefined;

/** @throws {ConfigError} when the configuration names half a tenant */
export async function findTenant(config: Config, clock: Clock): Promise<Tenant> {
  const credential = chooseCredential(config);
  if (credential === null) return sandboxTenant(config, clock);
  return {
    baseUrl: config.graphUrl ?? clouds[config.graph.cloud].graph,
    token: tokenSource(credential, config, terminalPrompt()),
    credential,
    sandbox: null,
    own: null,
    close: nothing,
  };
}

/** With the sandbox tenant come its clients, unless the configuration has some of its own. */
export function withSandboxClients(config: Config): Config {
  if (isConfigured(config) || config.clients.length > 0) return config;
  return {
    ...config,
    clients: sandboxClients.map(({ name, aliases, domains }) => ({
      name,
      aliases: [...aliases],
      domains: [...domains],
    })),
    internal_domains: [...sandboxInternalDomains],
    shared_domains: [...sandboxSharedDomains],
  };
}

// the port is kept: it stands in the cursors, and another Graph's cursors are worthless
const SandboxState = z.object({ anchor: z.number(), steps: z.number(), port: z.number() });

/** The made-up tenant: the daemon's where one runs, else one of our own that remembers what was changed in it. */
async function sandboxTenant(config: Config, clock: Clock): Promise<Tenant> {
  const running = (await readNotice(config.dataDir))?.sandbox ?? null;
  if (running !== null && (await answers(running.url))) {
    return {
      baseUrl: running.url,
      token: fixedToken(running.token),
      credential: null,
      sandbox: running,
      own: null,
      close: nothing,
    };
  }
  const file = path.join(config.dataDir, 'sandbox.json');
  const state = existsSync(file)
    ? SandboxState.parse(JSON.parse(await readFile(file, 'utf8')))
    : { anchor: clock.now(), steps: 0, port: 0 };
  const own = await startSandbox(state).catch((error: unknown) => {
    if (state.port === 0 || !isPortTaken(error)) throw error;
    return startSandbox({ ...state, port: 0 });
  });
  const save = async () => {
    await mkdir(config.dataDir, { recursive: true });
    await writeFile(
      file,
      JSON.stringify({ anchor: state.anchor, steps: own.steps, port: Number(new URL(own.url).port) }),
    );
  };
  await save();
  const close = async () => {
    await save();
    await own.close();
  };
  const sandbox = { url: own.url, token: own.token };
  return { baseUrl: own.url, token: fixedToken(own.token), credential: null, sandbox, own, close };
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/v1.0/users?$top=1`).then(
    () => true,
    () => false,
  );
}
