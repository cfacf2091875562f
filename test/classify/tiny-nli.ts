import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { numbers } from './made-up.ts';
import { ENCODER, MODELS } from './model-folder.ts';

/**
 * A made-up model for natural language inference as an ONNX file, written here byte by byte: word, kind and position are
 * looked up, premise and hypothesis averaged and multiplied, and two small layers give three logits. It knows nothing,
 * but it depends on every token as a real one does, fails beyond its positions as a real one does, and where it is
 * "quantised" its activations are scaled by whatever is in the batch.
 */

const WIDTH = 8;
const VOCABULARY = 30_522;
export const POSITIONS = 64;

type Bytes = readonly number[] | Uint8Array;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** A protobuf field: a number, a text, or a message. */
function field(number: number, value: number | string | Bytes): Buffer {
  if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

const message = (...fields: readonly Buffer[]) => Buffer.concat(fields);

function tensor(name: string, dims: readonly number[], values: Float32Array | BigInt64Array): Buffer {
  const isFloat = values instanceof Float32Array;
  return message(
    ...dims.map((dim) => field(1, dim)),
    field(2, isFloat ? 1 : 7),
    field(8, name),
    field(9, new Uint8Array(values.buffer)),
  );
}

/** A whole-number attribute. */
function attribute(name: string, value: number): Buffer {
  return message(field(1, name), field(3, value), field(20, 2));
}

function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: Buffer[]
): Buffer {
  return message(
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, type),
    ...attributes.map((one) => field(5, one)),
  );
}

/** Dimensions by name are free. */
function value(name: string, element: number, dims: readonly (string | number)[]): Buffer {
  const shape = message(
    ...dims.map((dim) => field(1, typeof dim === 'string' ? field(2, dim) : field(1, dim))),
  );
  return message(field(1, name), field(2, field(1, message(field(1, element), field(2, shape)))));
}

function graph(isQuantised: boolean): Buffer {
  const random = numbers(11);
  const floats = (count: number) => Float32Array.from({ length: count }, () => random());
  const whole = (...values: number[]) => BigInt64Array.from(values.map(BigInt));
  const nodes = [
    node('Gather', ['words', 'input_ids'], ['w']),
    node('Gather', ['kinds', 'token_type_ids'], ['k']),
    node('Shape', ['input_ids'], ['shape']),
    node('Gather', ['shape', 'one'], ['length']),
    node('Range', ['zero', 'length', 'one'], ['places']),
    node('Gather', ['positions', 'places'], ['p']),
    node('Add', ['w', 'k'], ['wk']),
    node('Add', ['wk', 'p'], ['wkp']),
    node('Tanh', ['wkp'], ['states']),
    // the mean of the premise's states (kind 0) and of the hypothesis's (kind 1), padding left out
    node('Cast', ['attention_mask'], ['mask'], attribute('to', 1)),
    node('Cast', ['token_type_ids'], ['second'], attribute('to', 1)),
    node('Mul', ['mask', 'second'], ['own2']),
    node('Sub', ['mask', 'own2'], ['own1']),
    ...['1', '2'].flatMap((part) => [
      node('Unsqueeze', [`own${part}`, 'last'], [`column${part}`]),
      node('Mul', ['states', `column${part}`], [`kept${part}`]),
      node('ReduceSum', [`kept${part}`, 'along'], [`sum${part}`], attribute('keepdims', 0)),
      node('ReduceSum', [`own${part}`, 'along'], [`count${part}`], attribute('keepdims', 1)),
      node('Div', [`sum${part}`, `count${part}`], [`mean${part}`]),
    ]),
    node('Mul', ['mean1', 'mean2'], ['both']),
    node('Concat', ['mean1', 'mean2', 'both'], ['exact'], attribute('axis', 1)),
    ...(isQuantised
      ? [
          node('DynamicQuantizeLinear', ['exact'], ['bytes', 'scale', 'point']),
          node('DequantizeLinear', ['bytes', 'scale', 'point'], ['features']),
        ]
      : [node('Identity', ['exact'], ['features'])]),
    node('MatMul', ['features', 'layer1'], ['m1']),
    node('Tanh', ['m1'], ['h1']),
    node('MatMul', ['h1', 'layer2'], ['logits']),
  ];
  const initializers = [
    tensor('words', [VOCABULARY, WIDTH], floats(VOCABULARY * WIDTH)),
    tensor('kinds', [2, WIDTH], floats(2 * WIDTH)),
    tensor('positions', [POSITIONS, WIDTH], floats(POSITIONS * WIDTH)),
    tensor('layer1', [3 * WIDTH, 16], floats(3 * WIDTH * 16)),
    tensor('layer2', [16, 3], floats(16 * 3)),
    tensor('zero', [], whole(0)),
    tensor('one', [], whole(1)),
    tensor('last', [1], whole(2)),
    tensor('along', [1], whole(1)),
  ];
  const inputs = ['input_ids', 'attention_mask', 'token_type_ids'];
  return message(
    ...nodes.map((one) => field(1, one)),
    field(2, 'tiny-nli'),
    ...initializers.map((one) => field(5, one)),
    ...inputs.map((name) => field(11, value(name, 7, ['batch', 'tokens']))),
    field(12, value('logits', 1, ['batch', 3])),
  );
}

/** IR version 8, operators of version 17. */
function onnx(isQuantised: boolean): Buffer {
  return message(field(1, 8), field(7, graph(isQuantised)), field(8, message(field(1, ''), field(2, 17))));
}

/** Puts the model into a folder of model folders; entailment is output 1 and contradiction output 2. */
export async function tinyNli(modelsDir: string, name: string, config: object = {}): Promise<void> {
  const folder = join(modelsDir, name);
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await copyFile(join(MODELS, ENCODER, 'tokenizer.json'), join(folder, 'tokenizer.json'));
  // like mobilebert's published one it says nothing of a limit
  await writeFile(
    join(folder, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true, pad_token: '[PAD]' }),
  );
  const label2id = { NEUTRAL: 0, ENTAILMENT: 1, CONTRADICTION: 2 };
  const whole = {
    ...{ model_type: 'bert', architectures: ['BertForSequenceClassification'] },
    ...{ max_position_embeddings: POSITIONS, label2id, ...config },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(whole));
  await writeFile(join(folder, 'onnx', 'model.onnx'), onnx(false));
  await writeFile(join(folder, 'onnx', 'model_quantized.onnx'), onnx(true));
}
