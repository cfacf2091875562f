import { access, constants, mkdir } from 'node:fs/promises';
import { reasonOf } from '../core/errors.ts';
import { calendarDeltaUrl } from '../graph/calendar.ts';
import type { Graph } from '../graph/client.ts';
import { isNoConsent, isNotFound } from '../graph/errors.ts';
import { messagesDeltaUrl } from '../graph/mail.ts';
import { listMailboxes } from '../graph/users.ts';
import { readStatus } from '../store/feeds.ts';
import { windowAt } from '../sync/window.ts';
import type { Context } from './context.ts';
import { printJson, printLine } from './output.ts';
import { withSandboxClients } from './tenant.ts';

/** Tries everything that the service needs and says how to mend what does not work. */

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it. */
  readonly mend?: string;
}

export async function doctor(context: Context, options: { readonly json?: boolean }): Promise<number> {
  const findings: Finding[] = [];
  const attempt = async (check: string, mend: string, work: () => Promise<string>): Promise<boolean> => {
    try {
      findings.push({ check, ok: true, detail: await work() });
      return true;
    } catch (error) {
      findings.push({ check, ok: false, detail: reasonOf(error), mend });
      return false;
    }
  };
  await checkMachine(context, attempt);
  const graph = await checkGraph(context, attempt);
  if (graph !== null) findings.push(...(await checkMailboxes(context, graph)));
  if (options.json === true) printJson(findings);
  else printFindings(findings);
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

type Attempt = (check: string, mend: string, work: () => Promise<string>) => Promise<boolean>;

async function checkMachine(context: Context, attempt: Attempt): Promise<void> {
  const { dataDir, modelsDir, models } = context.config;
  await attempt('data directory', `make ${dataDir} writable, or set TOUCHPOINT_DATA_DIR`, async () => {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    return dataDir;
  });
  await attempt(
    'store',
    'run `touchpoint migrate`; check SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY or DATABASE_URL',
    async () => {
      const store = await context.store();
      const { touchpoints } = await readStatus(store);
      return `${store.driver}, ${Object.values(touchpoints).reduce((sum, number) => sum + number, 0)} touchpoints`;
    },
  );
  await attempt(
    'model',
    `put the model folder ${models.encoder} into ${modelsDir}, or set TOUCHPOINT_MODELS`,
    async () => {
      const tagger = await context.tagger();
      await tagger.embed(['ready']);
      return tagger.encoder;
    },
  );
}

async function checkGraph(context: Context, attempt: Attempt): Promise<Graph | null> {
  let graph: Graph | null = null;
  const mend =
    'check AZURE_AD_TENANT_ID, AZURE_AD_CLIENT_ID and AZURE_AD_CLIENT_SECRET, and that the secret has not expired';
  const ok = await attempt('sign-in', mend, async () => {
    const tenant = await context.tenant();
    graph = await context.graph();
    await tenant.token.token();
    return tenant.sandbox === null ? tenant.baseUrl : 'sandbox tenant (none is configured)';
  });
  return ok ? graph : null;
}

/** Proves each permission by using it, mailbox by mailbox, calendar and mail apart. */
async function checkMailboxes(context: Context, graph: Graph): Promise<Finding[]> {
  const config = withSandboxClients(context.config);
  const findings: Finding[] = [];
  let addresses = config.mailboxes;
  if (addresses.length === 0) {
    try {
      addresses = (await listMailboxes(graph)).map(({ address }) => address);
    } catch (error) {
      const mend = 'grant User.Read.All, or name the mailboxes in TOUCHPOINT_MAILBOXES';
      return [{ check: 'list of mailboxes', ok: false, detail: reasonOf(error), mend }];
    }
  }
  const window = windowAt(context.clock.now(), config.calendar);
  for (const mailbox of addresses) {
    if (config.calendar.enabled) {
      findings.push(
        await permission(graph, { mailbox, name: 'Calendars.Read', url: calendarDeltaUrl(mailbox, window) }),
      );
    }
    if (config.mail.enabled) {
      const url = messagesDeltaUrl(mailbox, config.mail.folders[0] ?? 'inbox');
      findings.push(await permission(graph, { mailbox, name: 'Mail.Read', url }));
    }
  }
  return findings;
}

interface Permission {
  readonly mailbox: string;
  readonly name: 'Calendars.Read' | 'Mail.Read';
  readonly url: string;
}

async function permission(graph: Graph, { mailbox, name, url }: Permission): Promise<Finding> {
  const check = `${mailbox} ${name}`;
  try {
    await graph.request(url, { mailbox, prefer: ['odata.maxpagesize=1'] });
    return { check, ok: true, detail: 'granted' };
  } catch (error) {
    return { check, ok: false, detail: reasonOf(error), mend: mendFor(error, name) };
  }
}

function mendFor(error: unknown, name: Permission['name']): string {
  if (isNoConsent(error)) {
    return `grant the application permission ${name} (admin consent), or give the app the role "Application ${name}" for this mailbox with RBAC for Applications`;
  }
  if (isNotFound(error))
    return 'check the address: there is no such mailbox in Exchange Online (it may be on premises)';
  return 'try again; if it stays, look the error code up in the documentation of Microsoft Graph';
}

function printFindings(findings: readonly Finding[]): void {
  for (const { check, ok, detail, mend } of findings) {
    printLine(`${ok ? 'ok  ' : 'FAIL'} ${check}: ${detail}`);
    if (mend !== undefined) printLine(`     mend: ${mend}`);
  }
}
