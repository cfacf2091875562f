import { once } from 'node:events';
import type { Kind } from '../core/touchpoint.ts';
import { exportTouchpoints } from '../store/search.ts';
import type { Context } from './context.ts';

export interface ExportOptions {
  readonly kind?: Kind[];
  readonly since?: string;
  readonly deleted?: boolean;
}

/** JSON Lines of what is stored, in pages: memory stays flat however much there is. */
export async function exportAll(context: Context, options: ExportOptions): Promise<number> {
  const store = await context.store();
  const filter = {
    ...(options.kind === undefined ? {} : { kinds: options.kind }),
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.deleted === undefined ? {} : { deleted: options.deleted }),
  };
  for await (const row of exportTouchpoints(store, filter)) {
    if (!process.stdout.write(`${JSON.stringify(row)}\n`)) await once(process.stdout, 'drain');
  }
  return 0;
}
