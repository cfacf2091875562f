import { reasonOf } from '../core/errors.ts';
import { isNoConsent } from '../graph/errors.ts';
import { listMailboxes } from '../graph/users.ts';
import { KIND_WORDS, refusalOf } from '../sync/states.ts';
import { type Prober, tryMailbox } from './doctor-probe.ts';
import type { Findings } from './findings.ts';

// Some of the others have no mailbox at all; more than a few say nothing new.
const MOST_OTHERS = 3;

/**
 * Grants add up: a tenant-wide consent that was left in Entra ID defeats the scope of RBAC for Applications. It shows in a
 * mailbox beyond the wanted ones that can be read all the same; one page of one item is asked for, and nothing is kept.
 */
export async function checkScope(
  prober: Prober,
  addresses: readonly string[],
  findings: Findings,
): Promise<void> {
  const check = 'scope';
  let others: string[];
  try {
    const listed = await listMailboxes(prober.graph);
    others = listed.map(({ address }) => address).filter((address) => !addresses.includes(address));
  } catch (error) {
    // an app that is scoped well may not list them
    const why = isNoConsent(error) ? 'the app may not list users' : reasonOf(error);
    findings.add({ check, ok: true, detail: `not tried on other mailboxes: ${why}` });
    return;
  }
  let isClosed = false;
  for (const other of others.slice(0, MOST_OTHERS)) {
    const { kinds } = await tryMailbox(prober, other);
    const open = kinds.filter(({ error }) => error === null).map(({ kind }) => KIND_WORDS[kind]);
    if (open.length > 0) {
      const detail = `the app can read the ${open.join(' and ')} of mailboxes that are not wanted`;
      const mend =
        'remove the tenant-wide consent in Entra ID and scope the app with RBAC for Applications (see the README); the two add up';
      findings.add({ check, ok: true, detail, mend });
      return;
    }
    isClosed = isClosed || kinds.some(({ error }) => refusalOf(error) === 'no consent');
  }
  const detail = isClosed ? 'other mailboxes are closed to the app' : 'there is no other mailbox to try';
  findings.add({ check, ok: true, detail });
}
