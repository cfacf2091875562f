import {
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  LogLevel,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  type Tensor,
} from '@huggingface/transformers';
import { z } from 'zod';

/** A model trained on natural language inference, asked whether a text (the premise) entails what each label says. */

export interface EntailmentSettings {
  /** Folder of model folders. */
  readonly modelsDir: string;
  /** Folder in it, or a name on the Hugging Face hub. */
  readonly name: string;
  readonly dtype: 'q8' | 'fp32';
  /** One sentence a label. */
  readonly hypotheses: readonly string[];
  /** Where a model from the hub is kept; null: it must lie in `modelsDir`, and nothing is downloaded. */
  readonly hubCache: string | null;
}

export interface EntailmentModel {
  /** Entailment and contradiction of each hypothesis, one after another: twice as many numbers as hypotheses. */
  logitsOf(premise: string): Promise<Float32Array<ArrayBuffer>>;
  release(): Promise<void>;
}

/** No published model of this kind reads more tokens, and some say nothing of a limit and fail beyond it. */
const LONGEST = 512;
/** RoBERTa's positions begin after its padding index: of 514 only 512 can be used. */
const OFFSET_POSITIONS = new Set(['roberta', 'xlm-roberta', 'camembert']);
/** ONNX Runtime's severity: 3 is error. */
const ERRORS_ONLY = 3;

/** @throws Error where the files are missing, or the model does not say which output is entailment */
export async function loadEntailment(settings: EntailmentSettings): Promise<EntailmentModel> {
  const { name, dtype, hypotheses, hubCache } = settings;
  env.localModelPath = settings.modelsDir;
  env.allowRemoteModels = hubCache !== null;
  env.useFSCache = hubCache !== null;
  if (hubCache !== null) env.cacheDir = hubCache;
  // on an error the library prints the model's inputs, which are the text
  env.logLevel = LogLevel.NONE;
  const local = { local_files_only: hubCache === null };
  const tokenizer = await AutoTokenizer.from_pretrained(name, local);
  const model = await AutoModelForSequenceClassification.from_pretrained(name, {
    ...local,
    dtype,
    session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: ERRORS_ONLY },
  });
  const outputs = outputsOf(model.config);
  const limit = longestOf(tokenizer, model.config);
  // 8-bit activations are scaled by whatever is in the batch: there each label goes alone
  const batches = dtype === 'fp32' ? [hypotheses] : hypotheses.map((hypothesis) => [hypothesis]);
  return {
    logitsOf: async (premise) => {
      const fitting = fitted(tokenizer, premise, hypotheses, limit);
      const found: number[] = [];
      for (const batch of batches) found.push(...(await run({ tokenizer, model, outputs }, fitting, batch)));
      return Float32Array.from(found);
    },
    release: async () => {
      await model.dispose();
    },
  };
}

interface Parts {
  readonly tokenizer: PreTrainedTokenizer;
  readonly model: PreTrainedModel;
  readonly outputs: { readonly entailment: number; readonly contradiction: number };
}

async function run({ tokenizer, model, outputs }: Parts, premise: string, hypotheses: readonly string[]) {
  const inputs = tokenizer(
    hypotheses.map(() => premise),
    { text_pair: [...hypotheses], padding: true, truncation: false },
  );
  const answer: Record<string, Tensor> = await model(inputs);
  const logits = answer['logits'];
  try {
    const [rows, width = 0] = logits?.dims ?? [];
    if (rows !== hypotheses.length || width <= Math.max(outputs.entailment, outputs.contradiction))
      throw new Error('the model gives no logits of entailment');
    const data: ArrayLike<number> = logits?.data ?? [];
    return hypotheses.flatMap((_, row) =>
      [outputs.entailment, outputs.contradiction].map((column) => data[row * width + column] ?? 0),
    );
  } finally {
    for (const tensor of Object.values(answer)) tensor.dispose();
  }
}

const Labels = z.looseObject({
  label2id: z.record(z.string(), z.number()).optional(),
  id2label: z.record(z.string(), z.string()).optional(),
});

/** By the names that the model gives its outputs: guessing would turn every answer round. */
function outputsOf(config: unknown): Parts['outputs'] {
  const { label2id = {}, id2label = {} } = Labels.parse(config);
  const ids = new Map<string, number>([
    ...Object.entries(id2label).map(([id, label]) => [label.toLowerCase(), Number(id)] as const),
    ...Object.entries(label2id).map(([label, id]) => [label.toLowerCase(), id] as const),
  ]);
  const entailment = ids.get('entailment');
  const contradiction = ids.get('contradiction') ?? ids.get('not_entailment');
  if (entailment === undefined || contradiction === undefined)
    throw new Error('config.json names no outputs entailment and contradiction');
  return { entailment, contradiction };
}

const Limits = z.looseObject({
  model_type: z.string().optional(),
  max_position_embeddings: z.number().optional(),
});

/** Tokens that the model can read. Some tokenizers say an astronomical number, or nothing. */
function longestOf(tokenizer: PreTrainedTokenizer, config: unknown): number {
  const { model_type: type = '', max_position_embeddings: positions = LONGEST } = Limits.parse(config);
  const own = positions - (OFFSET_POSITIONS.has(type) ? 2 : 0);
  const said: unknown = tokenizer.model_max_length;
  return Math.min(LONGEST, own, typeof said === 'number' ? said : LONGEST);
}

/**
 * As many words from the premise's beginning as leave room for the longest hypothesis: cutting the pair would take the
 * hypothesis away first, and every label would be asked the same.
 */
function fitted(
  tokenizer: PreTrainedTokenizer,
  premise: string,
  hypotheses: readonly string[],
  limit: number,
): string {
  const longest = hypotheses.reduce((most, one) => (one.length > most.length ? one : most), '');
  const fits = (text: string) =>
    hypotheses.every((hypothesis) => lengthOf(tokenizer, text, hypothesis) <= limit);
  if (lengthOf(tokenizer, premise, longest) <= limit && fits(premise)) return premise;
  const ends = [...premise.matchAll(/\S+/g)].map(({ 0: word, index }) => index + word.length);
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(premise.slice(0, ends[middle - 1]))) low = middle;
    else high = middle - 1;
  }
  return premise.slice(0, low === 0 ? 0 : ends[low - 1]);
}

function lengthOf(tokenizer: PreTrainedTokenizer, text: string, pair: string): number {
  return tokenizer.encode(text, { text_pair: pair }).length;
}
