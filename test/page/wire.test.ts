import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type * as wire from '../../src/page/wire.ts';
import type { Meetings, Whole } from '../../src/store/briefing.ts';
import type { StatusRow } from '../../src/store/feeds.ts';
import type { ClientLine, Heatmap, Signal, Trend } from '../../src/store/profile.ts';
import type { Hit } from '../../src/store/search.ts';

/** The page runs in a browser and has types of its own: they must be what the API's schemas answer. `tsc` is the judge. */
it('reads what the API answers', () => {
  expectTypeOf<z.infer<typeof Meetings>>().toExtend<wire.Meetings>();
  expectTypeOf<z.infer<typeof Whole>>().toExtend<wire.Touchpoint>();
  expectTypeOf<StatusRow & { now: string; stale_feeds: number }>().toExtend<wire.SyncStatus>();
  expectTypeOf<ClientLine>().toExtend<wire.ClientLine>();
  expectTypeOf<Heatmap>().toExtend<wire.Heatmap>();
  expectTypeOf<Trend>().toExtend<wire.Trend>();
  expectTypeOf<Signal>().toExtend<wire.Signal>();
  expectTypeOf<Hit>().toExtend<wire.Hit>();
});
