import fc from 'fast-check';
import { DAY, jane, kim } from '../../support/small-tenant.ts';
import type { Change } from './meeting-changes.ts';
import { TEAM, type World } from './world.ts';

/** What people do to their mail. */

const PEOPLE = [...TEAM, jane, kim] as const;
const mailbox = fc.constantFrom(...TEAM.map(({ address }) => address));
// read, not read, and made for nothing but this
const folder = fc.constantFrom('inbox', 'archive', 'sentitems', 'deleteditems', 'junkemail');

const written = fc
  .record({
    subject: fc.nat(99).map((number) => `Question ${number}`),
    people: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 2, maxLength: 4 }),
    daysAgo: fc.integer({ min: 0, max: 40 }),
    what: fc.constantFrom('mail', 'mail', 'mail', 'mail', 'private', 'confidential', 'draft', 'response'),
    folder,
  })
  .map(
    ({ subject, people, daysAgo, what, folder: into }): Change => ({
      text: `new ${what} ${JSON.stringify({ subject, people, daysAgo, into })}`,
      act({ tenant, mails }) {
        const [from = TEAM[0], ...to] = people.flatMap((index) => PEOPLE[index] ?? []);
        const sentAt = tenant.now - daysAgo * DAY - 60_000;
        const draft = { subject, html: `<p>${subject}?</p>`, from, to, sentAt, folder: into };
        const { internetMessageId } = tenant.createMail({
          ...draft,
          ...(what === 'private' || what === 'confidential' ? { sensitivity: what } : {}),
          ...(what === 'draft' ? { isDraft: true } : {}),
          ...(what === 'response'
            ? { meetingMessage: { type: 'meetingAccepted' as const, start: sentAt, end: sentAt + DAY } }
            : {}),
        });
        mails.push(internetMessageId);
      },
    }),
  );

/** A change of one of the mails there are. */
function change<T>(
  name: string,
  values: fc.Arbitrary<T>,
  act: (world: World, id: string, value: T) => unknown,
): fc.Arbitrary<Change> {
  return fc.tuple(fc.nat(11), values).map(([index, value]) => ({
    text: `${name}: mail ${index} ${JSON.stringify(value)}`,
    act(world) {
      const id = world.mails[index % Math.max(1, world.mails.length)];
      if (id !== undefined) act(world, id, value);
    },
  }));
}

function only(address: string): { readonly mailbox: string } {
  return { mailbox: address };
}

const held = fc.record({ of: fc.option(mailbox), hard: fc.boolean() });

export const mailChanges: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: written },
  {
    weight: 1,
    arbitrary: change('reworded', fc.nat(99), ({ tenant }, id, number) =>
      tenant.updateMail(id, { subject: `Answer ${number}` }),
    ),
  },
  {
    weight: 1,
    arbitrary: change('read', mailbox, ({ tenant, active }, id, address) => {
      if (active.includes(address)) tenant.updateMail(id, { isRead: true }, address);
    }),
  },
  {
    weight: 4,
    arbitrary: change(
      'moved',
      fc.record({ of: mailbox, folder }),
      ({ tenant, active }, id, { of, folder: to }) => {
        if (active.includes(of)) tenant.moveMail(id, of, to);
      },
    ),
  },
  {
    weight: 2,
    arbitrary: change('deleted', held, ({ tenant, active }, id, { of, hard }) => {
      if (of === null ? isWhole({ tenant, active }, id) : active.includes(of))
        tenant.deleteMail(id, { hard, ...(of === null ? {} : only(of)) });
    }),
  },
  {
    weight: 2,
    arbitrary: change('restored', fc.option(mailbox), ({ tenant, active }, id, of) => {
      if (of === null ? isWhole({ tenant, active }, id) : active.includes(of))
        tenant.restoreMail(id, of ?? undefined);
    }),
  },
);

/** Everybody who has a copy is still here: the tenant moves nothing in the mailboxes of others. */
function isWhole({ tenant, active }: Pick<World, 'tenant' | 'active'>, id: string): boolean {
  return tenant.copiesOf(id).every(({ mailbox: { address } }) => active.includes(address));
}
