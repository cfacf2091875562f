import { z } from 'zod';
import { KINDS, type Touchpoint } from '../../src/core/touchpoint.ts';

/** What the benches of search have in common: texts as they are stored, and what a place in an answer is worth. */

export const Text = z.object({ kind: z.enum(KINDS), title: z.string(), text: z.string() });

export function itemOf(sourceKey: string, { kind, title, text }: z.infer<typeof Text>) {
  const touchpoint: Touchpoint = {
    ...{ kind, sourceKey, title, body: text, people: [], details: {} },
    ...{ occurredAt: null, endsAt: null, allDay: false, timeZone: 'UTC' },
  };
  return { touchpoint, match: { client: null, method: null, confidence: null } };
}

/** Gain of an answer at this place, counted from 0, as nDCG has it. */
export function discount(place: number): number {
  return 1 / Math.log2(place + 2);
}
