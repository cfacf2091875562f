import type { Config } from '../core/config.ts';
import { reasonOf } from '../core/errors.ts';
import type { Graph } from '../graph/client.ts';
import { isNotFound } from '../graph/errors.ts';
import { listMailboxes as listGraphMailboxes } from '../graph/users.ts';
import { type FeedKind, listMailboxes, type MailboxRow, setMailbox } from '../store/feeds.ts';
import type { Store } from '../store/store.ts';
import { several } from '../sync/several.ts';
import { KIND_WORDS, refusalOf, STATE_WORDS } from '../sync/states.ts';
import type { Context } from './context.ts';
import { type Prober, type Tried, tryMailbox } from './doctor-probe.ts';
import { checkScope } from './doctor-scope.ts';
import type { Finding, Findings } from './findings.ts';
import { withSandboxClients } from './tenant.ts';

/** Proves each permission by using it, mailbox by mailbox, calendar and mail apart. */

export interface MailboxCheck {
  readonly graph: Graph;
  /** Null when it cannot be opened. */
  readonly store: Store | null;
  readonly findings: Findings;
}

export async function checkMailboxes(context: Context, check: MailboxCheck): Promise<void> {
  const config = withSandboxClients(context.config);
  const { graph, findings } = check;
  const { credential } = await context.tenant();
  const isDelegated = credential?.method === 'device_code';
  const addresses = await addressesOf(config, graph, findings);
  if (addresses === null) return;
  const prober: Prober = { graph, config, isDelegated, now: context.clock.now() };
  const limit = config.graph.concurrency;
  const tried = await several(addresses, limit, (mailbox) => tryMailbox(prober, mailbox));
  const othersWork = tried.some(({ kinds }) => kinds.some(({ error }) => error === null));
  for (const one of tried) findings.add(...findingsOf(one, prober, othersWork));
  if (check.store !== null) await compareStates(check.store, { tried, prober, findings });
  if (!isDelegated && (config.mailboxes.length > 0 || config.mailbox_group !== null))
    await checkScope(prober, addresses, findings);
}

async function addressesOf(
  { mailboxes, mailbox_group }: Config,
  graph: Graph,
  findings: Findings,
): Promise<readonly string[] | null> {
  if (mailboxes.length > 0) return mailboxes;
  const permission = mailbox_group === null ? 'User.Read.All' : 'GroupMember.Read.All and User.ReadBasic.All';
  const mend = `grant ${permission}, or name the mailboxes in TOUCHPOINT_MAILBOXES`;
  return findings.attempt('list of mailboxes', mend, async () => {
    const group = mailbox_group === null ? {} : { group: mailbox_group };
    const value = (await listGraphMailboxes(graph, group)).map(({ address }) => address);
    return { detail: `${value.length} found`, value };
  });
}

function findingsOf({ mailbox, kinds }: Tried, prober: Prober, othersWork: boolean): Finding[] {
  const isBlocked = othersWork && kinds.every(({ error }) => refusalOf(error) === 'no consent');
  return kinds.map(({ kind, error }) => {
    const permission = permissionFor(kind, prober);
    const check = `${mailbox} ${permission}`;
    if (error === null) return { check, ok: true, detail: 'granted' };
    const state = isBlocked ? 'blocked' : refusalOf(error);
    const said = state === null ? '' : `${STATE_WORDS[state]}: `;
    const mend = mendFor(state, { kind, permission, error, prober });
    return { check, ok: false, detail: `${said}${reasonOf(error)}`, mend };
  });
}

function permissionFor(kind: FeedKind, { isDelegated }: Prober): string {
  const name = kind === 'meeting' ? 'Calendars.Read' : 'Mail.Read';
  return isDelegated ? `${name}.Shared` : name;
}

interface Refused {
  readonly kind: FeedKind;
  readonly permission: string;
  readonly error: unknown;
  readonly prober: Prober;
}

function mendFor(
  state: keyof typeof STATE_WORDS | null,
  { kind, permission, error, prober }: Refused,
): string {
  const leaveOut = 'or take the mailbox out of TOUCHPOINT_MAILBOXES';
  switch (state) {
    case 'no consent':
      if (prober.isDelegated)
        return `let the owner share the ${KIND_WORDS[kind]} with the person who signed in, ${leaveOut}`;
      return `grant the application permission ${permission} (admin consent), or give the app the role "Application ${permission}" for this mailbox with RBAC for Applications; or leave it out (${kind === 'meeting' ? 'calendar' : 'mail'}.enabled: false)`;
    case 'blocked':
      return `add the mailbox to the scope that the app has been given with RBAC for Applications (changes take up to two hours), ${leaveOut}`;
    case 'gone':
      return `check the address; a user who has left needs no reading any more: ${leaveOut}`;
    case 'on-premise':
      return `move the mailbox to Exchange Online or give it a licence, ${leaveOut}`;
    default:
      if (isNotFound(error) && kind === 'email')
        return `there is no folder ${prober.config.mail.folders[0] ?? ''}: check mail.folders`;
      return 'try again; if it stays, look the error code up in the documentation of Microsoft Graph';
  }
}

interface Comparison {
  readonly tried: readonly Tried[];
  readonly prober: Prober;
  readonly findings: Findings;
}

/** What can be read again need not wait until its time has come: the next pass asks. */
async function compareStates(store: Store, { tried, prober, findings }: Comparison): Promise<void> {
  const now = new Date(prober.now).toISOString();
  for (const row of await listMailboxes(store)) {
    const { address, state } = row;
    const one = tried.find(({ mailbox }) => mailbox === address);
    if (state === 'left' && one === undefined) {
      const mend = `\`touchpoint forget --mailbox ${address}\` erases what is stored of it`;
      findings.add({ check: address, ok: true, detail: STATE_WORDS.left, mend });
    }
    const granted = new Set(one?.kinds.flatMap(({ kind, error }) => (error === null ? [kind] : [])) ?? []);
    if (!waitsInVain(row, granted)) continue;
    const refusals = row.refusals.map((refusal) =>
      granted.has(refusal.kind) ? { ...refusal, retry_at: now } : refusal,
    );
    await setMailbox(store, { mailbox: address, refusals, failures: row.failures, retryAt: null, now });
    findings.add({ check: address, ok: true, detail: 'can be read again: the next pass asks' });
  }
}

function waitsInVain({ refusals, retry_at }: MailboxRow, granted: ReadonlySet<FeedKind>): boolean {
  return granted.size > 0 && (retry_at !== null || refusals.some(({ kind }) => granted.has(kind)));
}
