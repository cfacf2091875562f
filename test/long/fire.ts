import { json } from 'node:stream/consumers';
import autocannon from 'autocannon';
import { z } from 'zod';

/** Fires notifications from a process of its own, so that what measures does not share a thread with what is measured. */

const Orders = z.object({
  url: z.string(),
  seconds: z.number(),
  perSecond: z.number(),
  bodies: z.array(z.string()).min(1),
});

const { url, seconds, perSecond, bodies } = Orders.parse(await json(process.stdin));
const result = await autocannon({
  url,
  duration: seconds,
  overallRate: perSecond,
  connections: 20,
  requests: bodies.map((body) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })),
});
const { p50, p99, max } = result.latency;
const failed = result.non2xx + result.errors + result.timeouts;
console.log(JSON.stringify({ requests: result['2xx'], failed, p50, p99, max }));
