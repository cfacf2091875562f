import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { startWorker } from '../core/worker.ts';
import { type Decision, decide, nothingSaid } from './decide.ts';
import { Encoder } from './encoder.ts';
import { DIMENSIONS } from './encoder-files.ts';
import type { EntailmentSettings } from './entailment-model.ts';
import { legibility } from './prompt.ts';
import type { Task, Taxonomy } from './taxonomy.ts';

/** Tasks that an entailment model answers instead of linear heads: `engine: entailment` in the taxonomy. */

export interface Entailment extends AsyncDisposable {
  /** Changes with the models' files; empty where no task wants one. */
  readonly id: string;
  /** Names of the tasks that are answered here. */
  readonly tasks: ReadonlySet<string>;
  /** Answers in order; a prompt met lately costs nothing. */
  decide(task: string, prompts: readonly string[], signal?: AbortSignal): Promise<readonly Decision[]>;
}

export interface EntailmentOptions {
  readonly modelsDir: string;
  /** Where models from the hub are kept. */
  readonly cacheDir: string | undefined;
  /** `models.allow_remote`: whether a model that is no folder here may be fetched from the hub. */
  readonly allowRemote: boolean;
  readonly log: Log;
}

const TEMPLATE = 'This example is {}.';
/** Texts remembered per task: those of one pass come again in the next task, search or page. */
const REMEMBERED = 2_000;
/** What Transformers.js reads for each type. */
const WEIGHTS = { q8: 'onnx/model_quantized.onnx', fp32: 'onnx/model.onnx' } as const;

/** @throws {ConfigError} naming the task whose model is neither here nor may be fetched */
export async function openEntailment(taxonomy: Taxonomy, options: EntailmentOptions): Promise<Entailment> {
  const engines = new Map<string, Engine>();
  for (const [name, task] of Object.entries(taxonomy.tasks)) {
    if (task.engine === 'entailment' && task.model !== undefined)
      engines.set(name, new Engine(task, await settingsOf(name, task, options), options.log));
  }
  return {
    id: [...engines.values()].map(({ id }) => id).join(' '),
    tasks: new Set(engines.keys()),
    decide: async (name, prompts, signal) => {
      const engine = engines.get(name);
      if (engine === undefined) throw new Error(`no entailment model for '${name}'`);
      return engine.decide(prompts, signal);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...engines.values()].map((engine) => engine.close()));
    },
  };
}

type Ready = EntailmentSettings & { readonly id: string };

async function settingsOf(name: string, task: Task, options: EntailmentOptions): Promise<Ready> {
  const { model = '', dtype = 'q8', hypothesis = TEMPLATE } = task;
  const weights = join(options.modelsDir, model, WEIGHTS[dtype]);
  const isHere = existsSync(weights);
  if (!isHere && !options.allowRemote) {
    throw new ConfigError(
      `taxonomy: tasks.${name}.model: there is no ${weights}; put the model there, or set models.allow_remote`,
    );
  }
  return {
    modelsDir: options.modelsDir,
    ...{ name: model, dtype },
    hypotheses: task.labels.map((label) => label.hypothesis ?? hypothesis.replace('{}', () => label.name)),
    hubCache: isHere ? null : join(options.cacheDir ?? options.modelsDir, 'hub'),
    id: `${model}@${isHere ? await digest(weights) : 'hub'}`,
  };
}

async function digest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 8);
}

class Engine {
  readonly id: string;
  readonly #task: Task;
  readonly #pool: Encoder;
  /** Log-odds by prompt, the latest last. */
  readonly #known = new Map<string, Float32Array>();

  constructor(task: Task, settings: Ready, log: Log) {
    this.id = settings.id;
    this.#task = task;
    // the pool of encoder threads takes turns, replaces what died and closes in order; what a thread gives for a text
    // is all the same to it
    this.#pool = new Encoder({
      files: { modelsDir: settings.modelsDir, folder: settings.name, width: DIMENSIONS, id: settings.id },
      workers: 1,
      log,
      start: (worker) =>
        startWorker(import.meta.url, './entailment-worker', { ...worker, entailment: settings }),
    });
  }

  async decide(prompts: readonly string[], signal?: AbortSignal): Promise<readonly Decision[]> {
    const wanted = [...new Set(prompts)].filter((prompt) => !this.#known.has(prompt) && !isMute(prompt));
    const found = await this.#pool.embed(wanted, signal);
    const fresh = new Map(found.map((logits, at) => [wanted[at] ?? '', logits]));
    const answers = prompts.map((prompt) =>
      this.#answer(prompt, fresh.get(prompt) ?? this.#known.get(prompt)),
    );
    for (const [prompt, logits] of fresh) this.#known.set(prompt, logits);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
    return answers;
  }

  #answer(prompt: string, logits: Float32Array | undefined): Decision {
    if (logits === undefined) return nothingSaid(this.#task);
    const answer = decide(this.#task, logOdds(this.#task, logits));
    return legibility(prompt) === 'poor' ? { ...answer, uncertain: true } : answer;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

function isMute(prompt: string): boolean {
  return legibility(prompt) === 'nothing';
}

/**
 * For each label what `decide` makes the same probabilities of as the usual zero-shot classification: entailment against
 * contradiction where it is judged for itself, entailments against each other where labels compete.
 */
export function logOdds(task: Pick<Task, 'multi' | 'labels'>, logits: ArrayLike<number>): number[] {
  return task.labels.map(({ primary }, at) => {
    const [entailment = 0, contradiction = 0] = [logits[2 * at], logits[2 * at + 1]];
    return task.multi || !primary ? entailment - contradiction : entailment;
  });
}
