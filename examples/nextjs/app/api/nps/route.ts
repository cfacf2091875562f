import { touchpoint } from '../../../lib/touchpoint.ts';

/** Sentiment and topics of one NPS comment. */
export async function POST(request: Request): Promise<Response> {
  const { comment } = (await request.json()) as { comment?: unknown };
  if (typeof comment !== 'string') return Response.json({ error: 'comment: wants a text' }, { status: 400 });
  const answer = await touchpoint.nps(comment);
  if (answer.source === 'unavailable' || answer.uncertain)
    return Response.json(await classifyRemotely(comment));
  const { sentiment, confidence, topics, model } = answer;
  return Response.json({
    source: 'touchpoint',
    sentiment,
    confidence,
    topics,
    model_version: model.taxonomy,
  });
}

/** What the dashboard did before it had Touchpoint. */
async function classifyRemotely(_comment: string) {
  return { source: 'fallback', sentiment: null, confidence: 0, topics: [], model_version: null };
}
