import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  AutoModel,
  AutoTokenizer,
  env,
  LogLevel,
  pipeline,
  type Tensor,
  ZeroShotClassificationPipeline,
} from '@huggingface/transformers';
import { z } from 'zod';
import { createTagger, type Item } from '../src/classify/tagger.ts';
import { readTaxonomy } from '../src/classify/taxonomy.ts';
import { loadConfig } from '../src/core/config.ts';
import { silentLog } from '../src/core/log.ts';
import { packagePath } from '../src/core/paths.ts';
import { FIRST_MAILS } from '../src/sandbox/text/mails-client.ts';
import { CLIENT_MEETINGS } from '../src/sandbox/text/meetings-client.ts';
import { type Bench, interleaved, seconds, timed } from './support/figures.ts';

/**
 * Tags and vectors, against the stock pipelines over an encoder of the same size. No NLI weights can be had offline: the zero-shot
 * pipeline gets the same encoder with a random head, as its time does not depend on what the weights say.
 */

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
/** A page of a backlog: a few mails alone would not fill both workers. */
const TAGGED = 32;
const EMBEDDED = 64;
const BATCH = 32;
/** Entailment, neutral, contradiction. */
const CLASSES = 3;

export const tagging: Bench = async () => {
  env.allowRemoteModels = false;
  env.localModelPath = packagePath('models');
  env.logLevel = LogLevel.ERROR;
  const { models } = await loadConfig({}, undefined, '/nonexistent');
  const taxonomyFile = packagePath('config', 'taxonomy.yaml');
  const tagger = await createTagger({
    modelsDir: packagePath('models'),
    encoder: models.encoder,
    taxonomyFile,
    workers: 2,
    cacheDir: path.join(tmpdir(), 'touchpoint-bench'),
    log: silentLog,
  });
  try {
    const labels = await labelsOfMail(taxonomyFile);
    const zeroShot = await zeroShotPipeline(models.encoder);
    const extract = await pipeline('feature-extraction', models.encoder, {
      dtype: 'q8',
      local_files_only: true,
    });
    const mails = FIRST_MAILS.slice(0, TAGGED).map(
      ({ subject, text }): Item => ({ kind: 'email', title: subject, text }),
    );
    const texts = mixedTexts();
    const tags = {
      ours: () => timed(() => tagger.tag(mails)),
      pipeline: () =>
        timed(async () => {
          for (const { title, text } of mails)
            await zeroShot(`${title}. ${text}`, labels, { multi_label: true });
        }),
    };
    const vectors = {
      ours: () => timed(() => tagger.embed(texts)),
      pipeline: () =>
        timed(async () => {
          for (let at = 0; at < texts.length; at += BATCH) {
            (await extract(texts.slice(at, at + BATCH), { pooling: 'mean', normalize: true })).dispose();
          }
        }),
    };
    await interleaved(tags, 1);
    const tagged = (await interleaved(tags, ROUNDS)).pipeline;
    await interleaved(vectors, 1);
    const both = await interleaved(vectors, ROUNDS);
    return [
      {
        name: `all ${labels.length} labels of a mail and its vector, against the zero-shot pipeline`,
        value: tagged.ratio,
        unit: 'x',
        target: { least: 20 },
        detail: `the pipeline takes ${seconds(tagged.ms / TAGGED)} a mail, and gives no vector`,
      },
      {
        name: `vectors of ${EMBEDDED} texts of mixed length, against the feature-extraction pipeline in batches of ${BATCH}`,
        value: both.pipeline.ratio,
        unit: 'x',
        target: { least: 1.8 },
        detail: `${seconds(both.ours.ms)} against ${seconds(both.pipeline.ms)}`,
      },
    ];
  } finally {
    await tagger.close();
  }
};

async function labelsOfMail(file: string): Promise<string[]> {
  const { tasks } = await readTaxonomy(file);
  return Object.values(tasks).flatMap(({ kinds, labels }) =>
    kinds.includes('email') ? labels.map(({ name }) => name) : [],
  );
}

/** From a line to a long mail, as an inbox has them. */
function mixedTexts(): string[] {
  const sources = [...FIRST_MAILS, ...CLIENT_MEETINGS].map(({ text }) => text);
  return Array.from({ length: EMBEDDED }, (_, n) => {
    const text = sources[n % sources.length] ?? '';
    if (n % 4 === 0) return `${n} ${text.slice(0, 60)}`;
    const more = n % 8 === 3 ? 5 : n % 4 === 1 ? 0 : 1;
    return [n, text, ...sources.slice(n, n + more)].join(' ');
  });
}

const Encoded = z.custom<{ readonly last_hidden_state: Tensor }>();

async function zeroShotPipeline(folder: string): Promise<ZeroShotClassificationPipeline> {
  const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  // the published tokenizers cut at 512; the same limit as the encoder's own
  const encoder = await AutoModel.from_pretrained(folder, { dtype: 'q8', local_files_only: true });
  const head = Float32Array.from({ length: 384 * CLASSES }, () => Math.random() - 0.5);
  const model = async (inputs: unknown) => {
    const output = Encoded.parse(await encoder(inputs));
    const states: ArrayLike<number> = output.last_hidden_state.data;
    const data = new Float32Array(CLASSES);
    for (let label = 0; label < CLASSES; label += 1) {
      for (let at = 0; at < 384; at += 1) {
        data[label] = (data[label] ?? 0) + (states[at] ?? 0) * (head[at * CLASSES + label] ?? 0);
      }
    }
    output.last_hidden_state.dispose();
    return { logits: { data } };
  };
  const label2id = { contradiction: 0, neutral: 1, entailment: 2 };
  const classifier = Object.assign(model, { config: { label2id } });
  const parts = { task: 'zero-shot-classification', model: classifier, tokenizer };
  return new ZeroShotClassificationPipeline(
    z.custom<ConstructorParameters<typeof ZeroShotClassificationPipeline>[0]>().parse(parts),
  );
}
