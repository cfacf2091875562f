import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type * as client from '../../src/client/index.ts';
import type { CategoryAnswer as Category, ClassifyAnswer, NpsAnswer } from '../../src/server/api/classify.ts';
import type * as status from '../../src/server/api/status.ts';
import type { Facets, Meetings, Whole } from '../../src/store/briefing.ts';
import type { Saved } from '../../src/store/feedback.ts';
import type { ClientLine, Heatmap, Signal, Trend } from '../../src/store/profile.ts';
import type { Hit } from '../../src/store/search.ts';

/** The client's types are written by hand, because it depends on nothing; the compiler holds them against the API's. */

it('are those of the API', () => {
  expectTypeOf<client.Meetings>().toEqualTypeOf<z.infer<typeof Meetings>>();
  expectTypeOf<client.Facets>().toEqualTypeOf<z.infer<typeof Facets>>();
  expectTypeOf<client.Heatmap>().toEqualTypeOf<z.infer<typeof Heatmap>>();
  expectTypeOf<client.Touchpoint>().toEqualTypeOf<z.infer<typeof Whole>>();
  expectTypeOf<client.Signal>().branded.toEqualTypeOf<z.infer<typeof Signal>>();
  expectTypeOf<client.Trend>().branded.toEqualTypeOf<z.infer<typeof Trend>>();
  expectTypeOf<client.ClientLine>().toEqualTypeOf<z.infer<typeof ClientLine>>();
  expectTypeOf<client.SavedFeedback>().toEqualTypeOf<z.infer<typeof Saved>>();
  type Status = z.infer<typeof status.Status>;
  expectTypeOf<client.Status>().toEqualTypeOf<Pick<Status, keyof client.Status>>();
  expectTypeOf<client.SecondOpinions>().toEqualTypeOf<Status['fallback']>();
  expectTypeOf<client.Hit>().toEqualTypeOf<z.infer<typeof Hit>>();
  expectTypeOf<client.NpsAnswer>().toEqualTypeOf<z.infer<typeof NpsAnswer>>();
  expectTypeOf<client.CategoryAnswer>().toEqualTypeOf<z.infer<typeof Category>>();
  expectTypeOf<{ results: client.Classification[]; model: client.Model }>().toEqualTypeOf<
    z.infer<typeof ClassifyAnswer>
  >();
});
