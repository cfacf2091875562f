import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { KINDS, type Kind } from '../core/touchpoint.ts';

const probability = z.number().min(0).max(1);
const phrase = z.string().trim().min(1);

const labelSchema = z.strictObject({
  /** What is stored and exported. */
  id: phrase.refine((id) => id === id.toLowerCase(), 'wants lower case'),
  name: phrase,
  description: phrase,
  /** False: may accompany another label (`mixed` beside `negative`), is never the answer itself. */
  primary: z.boolean().default(true),
  examples: z.array(phrase).default([]),
  /** For an entailment model, instead of the task's template: a whole sentence. */
  hypothesis: phrase.optional(),
});

const taskSchema = z
  .strictObject({
    kinds: z.array(z.enum(KINDS)).min(1),
    /** True: one sigmoid per label; false: one softmax over the primary labels. */
    multi: z.boolean(),
    /** Whether no label at all is an answer. */
    none: z.boolean(),
    /** Probability from which a label is assigned. */
    threshold: probability,
    /** The answer is uncertain when its own probability is below this. */
    floor: probability,
    /** Log-odds of a derived head: `scale * likeness + bias`. */
    scale: z.number().positive(),
    bias: z.number(),
    labels: z.array(labelSchema).min(1),
    /** `heads` unless said otherwise: linear heads on the encoder; or a model for natural language inference. */
    engine: z.enum(['heads', 'entailment']).optional(),
    /** With `entailment`: a folder of the models folder, or a name on the Hugging Face hub. */
    model: z
      .string()
      .regex(
        /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/,
        'wants a folder or a name such as Xenova/mobilebert-uncased-mnli',
      )
      .optional(),
    dtype: z.enum(['q8', 'fp32']).optional(),
    /** What a label's name is put into. */
    hypothesis: phrase
      .refine((text) => text.includes('{}'), "wants '{}' where the label's name goes")
      .optional(),
  })
  .superRefine((task, context) => {
    if ((task.engine === 'entailment') !== (task.model !== undefined))
      context.addIssue({ code: 'custom', path: ['model'], message: 'goes with engine: entailment' });
    const seen = new Set<string>();
    for (const [index, { id }] of task.labels.entries()) {
      if (seen.has(id))
        context.addIssue({ code: 'custom', path: ['labels', index, 'id'], message: `'${id}' twice` });
      seen.add(id);
    }
    if (!task.labels.some(({ primary }) => primary)) {
      context.addIssue({ code: 'custom', path: ['labels'], message: 'wants at least one primary label' });
    }
  });

const taxonomySchema = z.strictObject({
  tasks: z
    .record(z.string().regex(/^[a-z][a-z0-9_-]*$/, 'wants a lower-case name'), taskSchema)
    .refine((tasks) => Object.keys(tasks).length > 0, 'wants at least one task'),
});

export type Label = Readonly<z.infer<typeof labelSchema>>;
export type Task = Readonly<z.infer<typeof taskSchema>>;
export type Taxonomy = Readonly<z.infer<typeof taxonomySchema>>;

/**
 * Reads tasks and labels from a YAML file.
 * @throws ConfigError naming the file and the key (`tasks.intent.labels.2.id`), what it is and what it wants
 */
export async function readTaxonomy(file: string): Promise<Taxonomy> {
  let raw: unknown;
  try {
    raw = parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError(`taxonomy ${file}: wants a YAML file: ${reasonOf(error)}`, { cause: error });
  }
  const parsed = taxonomySchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || '(top)'}: ${message}`);
  throw new ConfigError(`taxonomy ${file}: ${issues.join('; ')}`);
}

/** Names of the tasks that are asked of a kind of touchpoint, in the taxonomy's order. */
export function tasksFor(taxonomy: Taxonomy, kind: Kind): readonly string[] {
  return Object.entries(taxonomy.tasks).flatMap(([name, task]) => (task.kinds.includes(kind) ? [name] : []));
}
