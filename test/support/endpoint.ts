import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

/** A language model's endpoint on loopback that speaks both protocols, with a mind of the test's own. */

const Wire = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});
const Items = z.object({
  items: z.array(
    z.object({ key: z.string(), kind: z.string(), tasks: z.array(z.string()), text: z.string() }),
  ),
});
export type AskedItem = z.infer<typeof Items>['items'][number];

export interface Said {
  readonly key: string;
  readonly task: string;
  readonly labels: readonly string[];
  readonly confidence: number;
}

export interface Call {
  readonly items: readonly AskedItem[];
  /** The request as it came. */
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export type Mind = (call: Call, nth: number) => Answer;
/** Answers, or something else that an endpoint may do. */
export type Answer =
  | { readonly said: readonly Said[] }
  | { readonly text: string; readonly reason?: 'stop' | 'length' | 'refusal' }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly raw?: string }
  | 'hang';

export const TOKENS = { in: 700, out: 90 };

export async function endpoint(mind: Mind) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void answerTo(request, response);
  });
  async function answerTo(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const whole = await json(request);
    const { messages } = Wire.parse(whole);
    const user = messages.find(({ role }) => role === 'user')?.content ?? '';
    const call = {
      ...Items.parse(JSON.parse(user)),
      body: JSON.stringify(whole),
      headers: request.headers,
    };
    calls.push(call);
    const answer = mind(call, calls.length);
    if (answer === 'hang') return;
    if ('status' in answer) {
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.raw ?? JSON.stringify({ error: { type: 'odd', message: user } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url === '/v1/messages' ? claude(answer) : completion(answer)));
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, calls };
}

type Spoken = Exclude<Answer, 'hang' | { readonly status: number }>;

function textOf(answer: Spoken): string {
  return 'said' in answer ? JSON.stringify({ answers: answer.said }) : answer.text;
}

function reasonOf(answer: Spoken): 'stop' | 'length' | 'refusal' {
  return 'said' in answer ? 'stop' : (answer.reason ?? 'stop');
}

function claude(answer: Spoken) {
  const reasons = { stop: 'end_turn', length: 'max_tokens', refusal: 'refusal' } as const;
  return {
    ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude', stop_sequence: null },
    content: [{ type: 'text', text: textOf(answer) }],
    stop_reason: reasons[reasonOf(answer)],
    usage: { input_tokens: TOKENS.in, output_tokens: TOKENS.out },
  };
}

function completion(answer: Spoken) {
  const reasons = { stop: 'stop', length: 'length', refusal: 'content_filter' } as const;
  return {
    ...{ id: 'c1', object: 'chat.completion', created: 1, model: 'm' },
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: textOf(answer) },
        finish_reason: reasons[reasonOf(answer)],
      },
    ],
    usage: {
      prompt_tokens: TOKENS.in,
      completion_tokens: TOKENS.out,
      total_tokens: TOKENS.in + TOKENS.out,
    },
  };
}

/** The same labels for every task of every item. */
export function always(labels: readonly string[], confidence = 0.9): Mind {
  return ({ items }) => ({
    said: items.flatMap(({ key, tasks }) => tasks.map((task) => ({ key, task, labels, confidence }))),
  });
}
