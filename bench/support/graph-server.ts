import { z } from 'zod';
import { threadDrafts } from '../../src/sandbox/build-mails.ts';
import { at, random } from '../../src/sandbox/random.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { FIRST_MAILS } from '../../src/sandbox/text/mails-client.ts';

/** The sandbox as a process of its own, so that it takes nothing from the clock of whoever reads it. */

const Orders = z.object({
  /** Mailboxes beside those that every sandbox has; the benchmarks read these alone. */
  mailboxes: z.int().min(1),
  /** In the inbox of each. */
  messages: z.int().min(0),
  anchor: z.number(),
});
const Told = z.object({ latency: z.number().min(0) });

const { mailboxes, messages, anchor } = Orders.parse(JSON.parse(process.argv[2] ?? 'null'));
const sandbox = await startSandbox({ anchor, scale: 0 });
const { tenant, faults } = sandbox;
const people = Array.from({ length: mailboxes }, (_, number) => ({
  name: `Person ${number}`,
  address: `person.${number}@bench.example`,
}));
for (const person of people) {
  tenant.addMailbox({ ...person, title: 'Manager', city: 'Perth', zone: 'Australia/Perth' });
}
const rng = random('bench', mailboxes, messages);
for (const person of people) {
  for (let number = 0; number < messages; ) {
    const drafts = threadDrafts(
      rng,
      at(FIRST_MAILS, number),
      anchor - 1 - Math.floor(rng.next() * 100 * 86_400_000),
    );
    for (const draft of drafts.slice(0, messages - number)) {
      const sentAt = Math.min(draft.sentAt, anchor - 60_000);
      tenant.createMail({ ...draft, to: [person], cc: [], sentAt, folder: 'inbox', sensitivity: 'normal' });
      number += 1;
    }
  }
}
process.on('message', (message) => {
  const { latency } = Told.parse(message);
  faults.clear();
  if (latency > 0) faults.add({ effect: { type: 'slow', ms: latency } });
  sandbox.clearRequests();
  process.send?.({ latency });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: sandbox.url, token: sandbox.token, mailboxes: people.map(({ address }) => address) });
