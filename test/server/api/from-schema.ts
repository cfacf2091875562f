import fc from 'fast-check';
import { z } from 'zod';

/** Values that a JSON schema of the OpenAPI document allows, and some that it does not. */

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  format: z.string().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});

export const Document = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        parameters: z
          .array(z.looseObject({ name: z.string(), in: z.string(), schema: z.unknown() }))
          .default([]),
        requestBody: z
          .looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) })
          .optional(),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});
export type Document = z.infer<typeof Document>;

/** What attackers and accidents send. */
const nasty = fc.constantFrom(
  ...[
    "'; drop table touchpoint.touchpoints; --",
    '%s%I$1',
    '\\',
    '$$',
    '\u0000',
    '\ud800',
    '​',
    '../../etc/passwd',
  ],
  ...[
    '<script>alert(1)</script>',
    '{"a":',
    'NaN',
    '-1',
    '1e400',
    '9007199254740993',
    'null',
    'a'.repeat(5000),
  ],
  ...['2026-02-31T00:00:00Z', '+275760-09-13T00:00:00Z', '0000-01-01T00:00:00Z', '292278994-01-01T00:00:00Z'],
  ...[
    'Australia/Sydney',
    'Etc/GMT+99',
    'infinity',
    '🎉'.repeat(50),
    '& | ! <->',
    '00000000-0000-0000-0000-000000000000',
  ],
);
const junk = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 40 }), fc.jsonValue({ maxDepth: 2 }));

/** @param words strings that exist in what is asked about, so that requests get further than a refusal */
export function fromSchema(
  raw: unknown,
  document: Document,
  words: readonly string[],
): fc.Arbitrary<unknown> {
  const schema = Schema.parse(raw ?? {});
  const inner = (other: unknown) => fromSchema(other, document, words);
  // one value in some fifteen is none that the schema allows
  const spoilt = (fine: fc.Arbitrary<unknown>) =>
    fc.oneof({ arbitrary: fine, weight: 14 }, { arbitrary: junk, weight: 1 });
  if (schema.$ref !== undefined)
    return inner(document.components.schemas[schema.$ref.split('/').at(-1) ?? '']);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return spoilt(fc.constantFrom(...schema.enum));
  const [type] = Array.isArray(schema.type) ? schema.type : [schema.type];
  switch (type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {}).map(([name, value]) => [name, inner(value)]);
      const model: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(properties);
      return spoilt(fc.record(model, { requiredKeys: schema.required ?? [] }));
    }
    case 'array':
      return spoilt(fc.array(inner(schema.items), { minLength: 1, maxLength: 3 }));
    case 'integer':
    case 'number':
      return spoilt(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer(), fc.double()));
    case 'boolean':
      return spoilt(fc.boolean());
    default:
      return spoilt(textOf(schema.format, words));
  }
}

function textOf(format: string | undefined, words: readonly string[]): fc.Arbitrary<string> {
  if (format === 'date-time') {
    const days = fc.integer({ min: -400, max: 400 });
    return days.map((day) => new Date(Date.UTC(2026, 1, 1) + day * 86_400_000).toISOString());
  }
  return fc.oneof(fc.constantFrom(...words), nasty, fc.string({ maxLength: 30 }));
}
