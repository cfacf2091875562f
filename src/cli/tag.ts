import { tagPending } from '../sync/tagging.ts';
import type { Context } from './context.ts';
import { count, endProgress, printJson, printLine, progress } from './output.ts';

/** Tags and embeds what needs it; interrupted anywhere, the next run goes on. */
export async function tag(
  context: Context,
  options: { readonly limit?: number; readonly json?: boolean },
): Promise<number> {
  const [store, tagger] = [await context.store(), await context.tagger()];
  const deps = { store, tagger, clock: context.clock, log: context.log };
  const limit = options.limit === undefined ? {} : { limit: options.limit };
  const result = await tagPending(deps, { ...limit, onPage: (done) => progress(`tagged ${count(done)}`) });
  endProgress();
  if (options.json === true) printJson(result);
  else printLine(`tagged and embedded ${count(result.tagged)}, failed ${count(result.failed)}`);
  return result.failed > 0 ? 1 : 0;
}
