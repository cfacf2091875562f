import fc from 'fast-check';
import type { Sensitivity } from '../../../src/sandbox/model.ts';
import { DAY, HOUR, jane, kim } from '../../support/small-tenant.ts';
import { TEAM, type World } from './world.ts';

/** What people do to their calendars. */

export interface Change {
  readonly text: string;
  readonly act: (world: World) => void;
}

type Meeting = ReturnType<World['tenant']['meeting']>;

const PEOPLE = [...TEAM, jane, kim] as const;
const which = fc.nat(11);
const offset = fc.record({ days: fc.integer({ min: -16, max: 32 }), hour: fc.nat(23) });
const shift = fc.record({ days: fc.integer({ min: -25, max: 25 }), hours: fc.nat(20) });
const someone = fc.option(fc.constantFrom(...TEAM.map(({ address }) => address)));
const sensitivity = fc.constantFrom<Sensitivity>(
  'normal',
  'normal',
  'normal',
  'private',
  'confidential',
  'personal',
);
const wording = fc.nat(99).map((number) => `Review ${number}`);

const series = fc.record({
  every: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
  interval: fc.integer({ min: 1, max: 3 }),
  count: fc.integer({ min: 2, max: 9 }),
});

const created = fc
  .record({
    title: wording,
    people: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 2, maxLength: 4 }),
    when: offset,
    hours: fc.constantFrom(1, 1, 26),
    allDay: fc.constantFrom(false, false, false, true),
    zone: fc.constantFrom('UTC', 'Australia/Sydney', 'Pacific/Auckland'),
    sensitivity,
    series: fc.option(series),
  })
  .map(
    ({ people, when, hours, series: pattern, allDay, ...rest }): Change => ({
      text: `new meeting ${JSON.stringify({ ...rest, people, ...when, hours, allDay, series: pattern })}`,
      act({ tenant, meetings }) {
        const [organizer = TEAM[0], ...others] = people.flatMap((index) => PEOPLE[index] ?? []);
        const hour = tenant.now - (tenant.now % HOUR) + when.days * DAY;
        const start = allDay ? hour - (hour % DAY) : hour + (when.hour - 12) * HOUR;
        const meeting = tenant.createMeeting({
          ...rest,
          start,
          end: start + (allDay ? DAY : hours * HOUR),
          allDay,
          organizer,
          attendees: others.map((person) => ({ ...person, type: 'required' as const })),
          ...(pattern === null ? {} : { series: pattern }),
        });
        meetings.push(meeting.uid);
      },
    }),
  );

/** A change of one of the meetings there are. */
function change<T>(
  name: string,
  values: fc.Arbitrary<T>,
  act: (world: World, meeting: Meeting, value: T) => unknown,
): fc.Arbitrary<Change> {
  return fc.tuple(which, values).map(([index, value]) => ({
    text: `${name}: meeting ${index}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`,
    act(world) {
      const uid = world.meetings[index % Math.max(1, world.meetings.length)];
      if (uid !== undefined) act(world, world.tenant.meeting(uid), value);
    },
  }));
}

/** A change of one occurrence of a series. */
function occurrence<T>(
  name: string,
  values: fc.Arbitrary<T>,
  act: (world: World, meeting: Meeting, at: { readonly original: number; readonly value: T }) => unknown,
): fc.Arbitrary<Change> {
  return change(name, fc.record({ occurrence: fc.nat(8), value: values }), (world, meeting, chosen) => {
    const starts = meeting.series?.starts ?? [];
    const original = starts[chosen.occurrence % Math.max(1, starts.length)];
    if (original !== undefined) act(world, meeting, { original, value: chosen.value });
  });
}

const none = fc.constant(undefined);

/** Somebody in particular, or (undefined) everybody; null when that person is not here. */
function holder({ active }: World, address: string | null): string | undefined | null {
  if (address === null) return undefined;
  return active.includes(address) ? address : null;
}

export const meetingChanges: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: created },
  {
    weight: 2,
    arbitrary: change('retitled', wording, ({ tenant }, { uid }, title) =>
      tenant.updateMeeting(uid, { title }),
    ),
  },
  {
    weight: 2,
    arbitrary: change(
      'moved',
      shift,
      ({ tenant }, { uid, series: own, start, end, allDay }, { days, hours }) => {
        const by = days * DAY + (allDay ? 0 : hours * HOUR);
        if (own === null) tenant.updateMeeting(uid, { start: start + by, end: end + by });
      },
    ),
  },
  {
    weight: 2,
    arbitrary: change('marked', sensitivity, ({ tenant }, { uid }, mark) =>
      mark === 'private' ? tenant.makePrivate(uid) : tenant.updateMeeting(uid, { sensitivity: mark }),
    ),
  },
  { weight: 1, arbitrary: change('cancelled', none, ({ tenant }, { uid }) => tenant.cancelMeeting(uid)) },
  {
    weight: 2,
    arbitrary: change('deleted', someone, (world, { uid }, address) => {
      const mailbox = holder(world, address);
      if (mailbox !== null) world.tenant.deleteMeeting(uid, mailbox);
    }),
  },
  {
    weight: 2,
    arbitrary: change('restored', someone, (world, { uid }, address) => {
      const mailbox = holder(world, address);
      if (mailbox !== null) world.tenant.restoreMeeting(uid, mailbox);
    }),
  },
  {
    weight: 1,
    arbitrary: change(
      'series ended',
      fc.integer({ min: 1, max: 8 }),
      ({ tenant }, { uid, series: own }, keep) => {
        const from = own?.starts[keep];
        if (from !== undefined) tenant.endSeries(uid, from);
      },
    ),
  },
  {
    weight: 2,
    arbitrary: occurrence('occurrence moved', shift, ({ tenant }, { uid, allDay }, { original, value }) =>
      tenant.moveOccurrence(uid, original, original + value.days * DAY + (allDay ? 0 : value.hours * HOUR)),
    ),
  },
  {
    weight: 1,
    arbitrary: occurrence('occurrence retitled', wording, ({ tenant }, { uid }, { original, value: title }) =>
      tenant.changeOccurrence(uid, original, { title }),
    ),
  },
  {
    weight: 1,
    arbitrary: occurrence(
      'occurrence marked',
      sensitivity,
      ({ tenant }, { uid }, { original, value: mark }) =>
        tenant.changeOccurrence(uid, original, { sensitivity: mark }),
    ),
  },
  {
    weight: 1,
    arbitrary: occurrence('occurrence cancelled', none, ({ tenant }, { uid }, { original }) =>
      tenant.cancelOccurrence(uid, original),
    ),
  },
  {
    weight: 2,
    arbitrary: occurrence('occurrence deleted', someone, (world, { uid }, { original, value }) => {
      const mailbox = holder(world, value);
      if (mailbox !== null) world.tenant.deleteOccurrence(uid, original, mailbox);
    }),
  },
);
