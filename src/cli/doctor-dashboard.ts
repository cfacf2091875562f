import { type Probed, probeDashboard } from '../store/dashboard.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import type { Findings } from './findings.ts';

/** Which of the dashboard's tables are there, and what they lack: asked of the catalog, nothing is read or written. */
export async function checkDashboard(context: Context, store: Store, findings: Findings): Promise<void> {
  const { collect, risks } = context.config.dashboard;
  const probed = await findings.attempt('dashboard', 'run `touchpoint migrate`', async () => {
    const value = await probeDashboard(store, risks);
    const usable = value.filter(({ problem }) => problem === null);
    const detail =
      usable.length === 0 ? 'none of its tables is here' : `reads ${usable.map(tableOf).join(', ')}`;
    return { detail, value };
  });
  for (const table of probed ?? []) {
    const wanted = Object.entries(collect).some(([source, how]) => source === table.source && how === 'on');
    if (table.problem !== null && (table.table !== null || wanted)) {
      const mend = 'mend the table, or set dashboard.collect to off for it (docs/dashboard.md)';
      findings.add({ check: `dashboard ${tableOf(table)}`, ok: !wanted, detail: table.problem, mend });
    } else if (table.problem === null && table.absent.length > 0) {
      const detail = `read without ${table.absent.join(', ')}`;
      findings.add({ check: `dashboard ${tableOf(table)}`, ok: true, detail });
    }
  }
}

function tableOf({ table, source }: Probed): string {
  return table ?? source;
}
