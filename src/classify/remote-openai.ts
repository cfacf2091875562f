import { z } from 'zod';
import { type Remote, RemoteAway, type RemoteReply, type RemoteRequest, refusal } from './remote.ts';
import type { Access } from './remote-anthropic.ts';

/**
 * Any endpoint that speaks OpenAI's chat completions. Plain fetch and no client: it is one call, many servers speak it
 * with small liberties that a client of OpenAI's own need not bear, and a dependency less sees the texts.
 */

const Completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

export function openaiRemote({ key, url, model, clock }: Access): Remote {
  return {
    model: `openai/${model}`,
    ask: async (request, signal) => {
      const response = await send(`${url}/chat/completions`, key, body(url, model, request), signal);
      if (!response.ok) {
        await response.body?.cancel();
        throw refusal('the OpenAI-compatible endpoint', response.status, response.headers, clock.now());
      }
      return replyOf(await readable(response));
    },
  };
}

async function send(url: string, key: string, json: object, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(json),
      // the key and the texts are for this address alone
      redirect: 'error',
      signal,
    });
  } catch {
    throw new RemoteAway('the OpenAI-compatible endpoint cannot be reached or took too long');
  }
}

async function readable(response: Response): Promise<z.infer<typeof Completion>> {
  try {
    return Completion.parse(await response.json());
  } catch {
    throw new RemoteAway('the OpenAI-compatible endpoint gave no readable answer');
  }
}

function body(url: string, model: string, { system, user, schema, mostTokens }: RemoteRequest) {
  // OpenAI's newer models refuse the old name; most other servers know no other
  const limit = new URL(url).hostname === 'api.openai.com' ? 'max_completion_tokens' : 'max_tokens';
  return {
    model,
    [limit]: mostTokens,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'answers', strict: true, schema } },
  };
}

function replyOf({ choices, usage }: z.infer<typeof Completion>): RemoteReply {
  const [choice] = choices;
  const { content, refusal: refused } = choice?.message ?? {};
  const reason = choice?.finish_reason ?? 'stop';
  return {
    outcome: refused || reason === 'content_filter' ? 'refused' : reason === 'stop' ? 'answered' : 'cut',
    text: content ?? '',
    tokensIn: usage?.prompt_tokens ?? null,
    tokensOut: usage?.completion_tokens ?? null,
  };
}
