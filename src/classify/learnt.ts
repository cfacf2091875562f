import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { DIMENSIONS, type EncoderFiles, WITH_FEATURES } from './encoder-files.ts';
import type { Linear } from './regression.ts';

/**
 * The heads that the encoder itself learnt with. On the items that taught it its features are better than they are on
 * any other text, so that heads fitted to those alone trust them too much: new ones are held near these.
 */

/** By task, then by label; the empty label is "none of them". */
export type Learnt = Readonly<Record<string, ReadonlyMap<string, Linear>>>;

const NOTHING: Learnt = {};
const FILE = 'learnt.json';

const schema = z.strictObject({
  /** Id of the encoder they were learnt with. */
  encoder: z.string(),
  /** By task and label; weights of the features alone. */
  tasks: z.record(
    z.string(),
    z.record(
      z.string(),
      z.strictObject({ weights: z.array(z.number()).length(WITH_FEATURES - DIMENSIONS), bias: z.number() }),
    ),
  ),
});

/**
 * What lies beside the encoder; nothing where it came without, or has other weights by now.
 * @throws ConfigError for a file that cannot be read
 */
export async function findLearnt({ modelsDir, folder, id, width }: EncoderFiles): Promise<Learnt> {
  if (width !== WITH_FEATURES) return NOTHING;
  const path = join(modelsDir, folder, FILE);
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return NOTHING;
  try {
    const { encoder, tasks } = schema.parse(JSON.parse(text));
    return encoder === id ? Object.fromEntries(Object.entries(tasks).map(headsOfTask)) : NOTHING;
  } catch (error) {
    throw new ConfigError(`${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function headsOfTask([task, labels]: [string, Record<string, Linear>]): [
  string,
  ReadonlyMap<string, Linear>,
] {
  const wide = Object.entries(labels).map(([label, { weights, bias }]): [string, Linear] => {
    return [label, { weights: [...new Array<number>(DIMENSIONS).fill(0), ...weights], bias }];
  });
  return [task, new Map(wide)];
}
