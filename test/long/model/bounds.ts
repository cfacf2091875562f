import type { PassResult } from '../../../src/sync/pass.ts';
import type { Witness } from './witness.ts';

/**
 * How many requests a pass may make, from what Graph and the store said in it. Every request needs its reason:
 *
 *   walks     <= feeds + walks gone on with + cursors that Graph called lost + feeds walked again for doubts
 *   pages     <= 2 per walk (an empty first page, a part-filled last one) + rows / page size
 *   events    <= series named by rows or occurrences, once per walk + 2 per doubted copy (itself, its master)
 *   instances <= masters shown by pages of changes (no series here has more than a page of occurrences)
 *   marks     <= 1 per page that holds a message + 1 per doubted copy
 *   probes    <= 1 per question about marks (is it refused, or the folder?)
 *   messages  <= 1 per doubted copy
 *   folder    <= 1 per folder of every mailbox that is due for a look
 *   folders   <= 1 per folder that is not there by its name
 *   and over all: HTTP requests <= these + waits that were ended by a retry + answers of 401
 */
export interface Allowance {
  readonly pageSize: number;
  /** Folders of mailboxes that are due for a look. */
  readonly folders: number;
  /** Waits before a retry in this pass. */
  readonly waits: number;
  /** Answers of 401 in this pass. */
  readonly unauthorised: number;
}

/** What was asked without a reason, one line each; empty when all is well. */
export function excess({ account }: Witness, result: PassResult, allowance: Allowance): string[] {
  const { asked } = account;
  const walks = result.feeds + account.resumed + account.resets + account.again;
  const limits: readonly (readonly [string, number, number])[] = [
    ['walks', account.walks, walks],
    ['pages', asked.page, 2 * account.walks + Math.floor(account.rows / allowance.pageSize)],
    ['events', asked.event, account.series + 2 * account.doubts],
    ['instances', asked.instances, account.masters],
    ['marks', asked.marks, account.mailPages + account.doubts],
    ['probes', asked.probe, asked.marks],
    ['messages', asked.message, account.doubts],
    ['folders', asked.folder, allowance.folders],
    ['lists of folders', asked.folders, account.missing],
    ['other requests', asked.other, 0],
    ['HTTP requests', result.requests, account.total + allowance.waits + allowance.unauthorised],
    // the client tries six times
    ['waits', allowance.waits, 5 * account.total],
  ];
  return limits.flatMap(([what, count, most]) => (count > most ? [`${count} ${what}, at most ${most}`] : []));
}

/** Every row that came is counted once, whatever became of it. Holds where no request failed. */
export function miscounted({ account }: Witness, { tally }: PassResult): string[] {
  const { fetched, written, unchanged, skipped, failed } = tally.counts;
  const came = account.rows + account.listed + account.doubts;
  const sum = written + unchanged + skipped + failed;
  return [
    ...(fetched === sum ? [] : [`${fetched} fetched, ${sum} accounted for`]),
    ...(account.failed > 0 || fetched === came ? [] : [`${fetched} counted, ${came} came`]),
  ];
}
