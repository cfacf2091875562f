import { ConfigError } from '../core/errors.ts';
import { readStatus } from '../store/feeds.ts';
import { pauseTagging } from '../store/tags.ts';
import { TAG_PAGE, tagPending } from '../sync/tagging.ts';
import type { Context } from './context.ts';
import { count, endProgress, printJson, printLine, progress } from './output.ts';
import { printOpinions, secondOpinions } from './second-opinions.ts';

export interface TagOptions {
  readonly limit?: number;
  readonly page?: number;
  readonly pause?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** Tags and embeds what needs it; interrupted anywhere, the next run goes on. */
export async function tag(context: Context, options: TagOptions): Promise<number> {
  const { page, pause, resume } = options;
  if (pause === true && resume === true) throw new ConfigError('--pause and --resume: wants one of them');
  if (page !== undefined && (page < TAG_PAGE.least || page > TAG_PAGE.most)) {
    throw new ConfigError(`--page: wants ${TAG_PAGE.least} to ${TAG_PAGE.most}, got ${page}`);
  }
  if (pause === true) return setPaused(context, true, options);
  if (resume === true) return setPaused(context, false, options);
  const [store, tagger] = [await context.store(), await context.tagger()];
  const result = await tagPending(
    { store, tagger, clock: context.clock, log: context.log },
    { ...options, onPage: (done) => progress(`tagged ${count(done)}`) },
  );
  endProgress();
  const opinions = await secondOpinions(context);
  const { untagged, versions } = await readStatus(store, {
    encoder: tagger.encoder,
    taxonomy: tagger.taxonomy,
  });
  if (options.json === true) printJson({ ...result, waiting: untagged, versions, second_opinions: opinions });
  else {
    const why = versions.paused ? '; tagging is paused' : '';
    printLine(
      `tagged and embedded ${count(result.tagged)}, failed ${count(result.failed)}, waiting ${count(untagged)}${why}`,
    );
    printOpinions(opinions);
  }
  return result.failed > 0 ? 1 : 0;
}

async function setPaused(context: Context, paused: boolean, { json }: TagOptions): Promise<number> {
  await pauseTagging(await context.store(), paused, new Date(context.clock.now()).toISOString());
  if (json === true) printJson({ paused });
  else printLine(paused ? 'tagging is paused: every tagger stops after its page' : 'tagging may go on');
  return 0;
}
