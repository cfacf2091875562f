import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

export const MODELS = join(import.meta.dirname, '../../models');
export const ENCODER = 'touchpoint-minilm-v1';
export const TAXONOMY = join(import.meta.dirname, '../../config/taxonomy.yaml');

/** An empty folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'touchpoint-classify-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A models folder whose encoder is the shipped one, except for these files (`null`: missing). */
export async function modelsWith(files: Readonly<Record<string, string | null>>): Promise<string> {
  const modelsDir = await temporaryFolder();
  const shipped = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model_quantized.onnx'];
  for (const file of new Set([...shipped, ...Object.keys(files)])) {
    const path = join(modelsDir, ENCODER, file);
    await mkdir(dirname(path), { recursive: true });
    const content = files[file];
    if (typeof content === 'string') await writeFile(path, content);
    else if (content === undefined) await symlink(join(MODELS, ENCODER, file), path);
  }
  return modelsDir;
}
