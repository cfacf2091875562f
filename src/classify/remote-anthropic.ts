import Anthropic, { APIError } from '@anthropic-ai/sdk';
import type { Clock } from '../core/clock.ts';
import { type Remote, RemoteAway, type RemoteReply, type RemoteRequest, refusal } from './remote.ts';

/** Claude, over Anthropic's own client, which keeps up with the API's versions. Tries and waits are ours. */

export interface Access {
  readonly key: string;
  /** Without a trailing slash. */
  readonly url: string;
  readonly model: string;
  readonly clock: Clock;
}

export function anthropicRemote({ key, url, model, clock }: Access): Remote {
  const client = new Anthropic({
    apiKey: key,
    // nothing of the environment's but what the settings name
    authToken: null,
    baseURL: url,
    maxRetries: 0,
    // it would print requests, which are content, and could be told by the environment to put them into spans
    logLevel: 'off',
    openTelemetry: false,
    fetchOptions: { redirect: 'error' },
  });
  return {
    model: `anthropic/${model}`,
    ask: async (request, signal) => {
      try {
        return replyOf(await client.messages.create(body(model, request), { signal }));
      } catch (error) {
        if (error instanceof APIError) throw refusal('Anthropic', error.status, error.headers, clock.now());
        // what is no JSON was cut off on its way
        throw new RemoteAway('Anthropic gave no readable answer');
      }
    },
  };
}

function body(model: string, { system, user, schema, mostTokens }: RemoteRequest) {
  return {
    model,
    max_tokens: mostTokens,
    system,
    messages: [{ role: 'user' as const, content: user }],
    output_config: { format: { type: 'json_schema' as const, schema } },
  };
}

function replyOf({ stop_reason, content, usage }: Anthropic.Message): RemoteReply {
  const outcome =
    stop_reason === 'refusal' ? 'refused' : stop_reason === 'end_turn' ? 'answered' : ('cut' as const);
  return {
    outcome,
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    tokensIn: usage.input_tokens,
    tokensOut: usage.output_tokens,
  };
}
