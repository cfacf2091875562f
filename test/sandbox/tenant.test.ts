import { expect, test } from 'vitest';
import { buildTenant, countMeetings } from '../../src/sandbox/build-tenant.ts';
import {
  sandboxClients,
  sandboxInternalDomains,
  sandboxSharedDomains,
} from '../../src/sandbox/text/clients.ts';
import { FIRST_MAILS } from '../../src/sandbox/text/mails-client.ts';
import { REPLIES } from '../../src/sandbox/text/mails-replies.ts';
import { CLIENT_MEETINGS } from '../../src/sandbox/text/meetings-client.ts';
import { truth } from '../../src/sandbox/truth.ts';
import { ANCHOR, DAY, WINDOW } from './support.ts';

const build = (seed = 20260209, anchor = ANCHOR) => buildTenant({ seed, anchor, scale: 1 });
const everything = {
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  mailFrom: Number.NEGATIVE_INFINITY,
};
const tenant = build();
const all = truth(tenant, everything);
const meetings = all.filter(({ kind }) => kind === 'meeting');
const mails = all.filter(({ kind }) => kind === 'email');

test('the same seed and anchor give the same tenant to the last id, another seed another', () => {
  expect(truth(build(), everything)).toEqual(all);
  expect(truth(build(7), everything)).not.toEqual(all);
});

test('it is built around its anchor, whatever season that is', () => {
  const july = build(20260209, Date.parse('2027-07-15T12:34:00Z'));
  expect(truth(july, everything)).toHaveLength(all.length);
  const starts = truth(july, everything).map(({ start }) => Date.parse(start));
  expect(Math.min(...starts)).toBeGreaterThan(july.anchor - 130 * DAY);
  expect(Math.max(...starts)).toBeLessThan(july.anchor + 260 * DAY);
});

test('it is of the size it says: about 400 meetings with every occurrence counted, 1,200 mails, 8 mailboxes', () => {
  const count = countMeetings(tenant, WINDOW.from, WINDOW.to);
  expect(count).toBeGreaterThan(380);
  expect(count).toBeLessThan(430);
  expect(mails).toHaveLength(1200);
  expect(tenant.mailboxes).toHaveLength(8);
  expect(buildTenant({ seed: 1, anchor: ANCHOR, scale: 0.1 }).mailCount).toBeLessThan(300);
});

test('meetings are shared by one mailbox, several, five and all', () => {
  const sizes = new Set(meetings.map(({ copies }) => copies.length));
  for (const size of [1, 2, 3, 5, 8]) expect(sizes).toContain(size);
});

test('there is something of everything that a sync must tell apart', () => {
  const has = (test: (entry: (typeof all)[number]) => boolean) =>
    expect(all.filter(test).length).toBeGreaterThan(2);
  has(({ cancelled }) => cancelled);
  has(({ allDay }) => allDay);
  has(({ isResponse }) => isResponse);
  has(({ isDraft }) => isDraft);
  for (const sensitivity of ['private', 'confidential', 'personal'])
    has((entry) => entry.kind === 'meeting' && entry.sensitivity === sensitivity);
  has(({ kind, sensitivity }) => kind === 'email' && sensitivity !== 'normal');
  has(({ kind, story }) => kind === 'meeting' && story.client === null);
  has(({ key, kind }) => kind === 'meeting' && key.includes('|'));
  for (const folder of ['inbox', 'sentitems', 'archive', 'deleteditems', 'drafts', 'Clients'])
    has(({ copies }) => copies.some((copy) => copy.folder === folder));
  expect(
    tenant.meetings.filter(({ zoneLabel }) => /^tzone:|^Customized/.test(zoneLabel)).length,
  ).toBeGreaterThan(2);
  expect(
    tenant.meetings.some(
      ({ organizer, series }) => series !== null && tenant.mailboxOf(organizer.address) === null,
    ),
  ).toBe(true);
});

test('series keep the wall clock through daylight saving', () => {
  const weekly = tenant.meetings.find(
    ({ series, zone }) => series?.pattern.every === 'week' && zone === 'Australia/Melbourne',
  );
  const hours = new Set(weekly?.series?.starts.map((start) => new Date(start).getUTCHours()));
  expect(hours.size).toBe(2);
});

test('every client has meetings and mail, and several complain about slow reports, each in other words', () => {
  for (const { name } of sandboxClients) {
    expect(
      all.filter(({ kind, story }) => kind === 'email' && story.client === name).length,
      name,
    ).toBeGreaterThan(5);
    expect(meetings.filter(({ story }) => story.client === name).length, name).toBeGreaterThan(0);
  }
  const complaints = mails.filter(
    ({ title, story }) =>
      story.intent === 'escalation' &&
      /^(Reports|Bed occupancy report|Unhappy|Waiting list|Complaint: report|Finance pack|Theatre util)/.test(
        title,
      ),
  );
  expect(new Set(complaints.map(({ story }) => story.client)).size).toBeGreaterThan(5);
  expect(new Set(complaints.map(({ title }) => title)).size).toBeGreaterThan(5);
  const intents = new Set(meetings.map(({ story }) => story.intent));
  expect(intents.size).toBe(8);
});

test('texts are many and none is used up before its time', () => {
  expect(CLIENT_MEETINGS.length).toBeGreaterThanOrEqual(60);
  expect(FIRST_MAILS.length + REPLIES.length).toBeGreaterThanOrEqual(120);
  expect(new Set([...FIRST_MAILS, ...REPLIES].map(({ text }) => text)).size).toBe(
    FIRST_MAILS.length + REPLIES.length,
  );
  const written = tenant.mailboxes.flatMap(({ copies }) =>
    copies.map(({ mail }) => `${mail.subject} ${mail.html}`),
  );
  expect(written.filter((text) => /\{\w+\}/.test(text))).toEqual([]);
  expect(tenant.meetings.filter(({ title, text }) => /\{\w+\}/.test(title + text))).toEqual([]);
});

test('mail is as ugly as real mail: quotes, signatures, disclaimers, safelinks, pixels, warnings', () => {
  const html = tenant.mailboxes.flatMap(({ copies }) => copies.map(({ mail }) => mail.html + mail.quoted));
  for (const mark of [
    'divRplyFwdMsg',
    'gmail_quote',
    'id="Signature"',
    'confidential and',
    'safelinks.protection.outlook.com',
    'width="1"',
    'CAUTION:',
  ]) {
    expect(html.filter((text) => text.includes(mark)).length, mark).toBeGreaterThan(10);
  }
});

test('the clients hold the traps of client matching', () => {
  const names = sandboxClients.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['SA Health', 'SA Health iPro']));
  const domains = sandboxClients.flatMap((client) => client.domains);
  expect(domains).toEqual(expect.arrayContaining(['gha.example', 'notgha.example']));
  for (const shared of sandboxSharedDomains)
    expect(sandboxClients.filter((client) => client.domains.includes(shared)).length).toBeGreaterThan(2);
  expect(
    sandboxClients.some(({ mailDomain, domains: own }) =>
      own.some((domain) => mailDomain.endsWith(`.${domain}`)),
    ),
  ).toBe(true);
  for (const domain of [...domains, ...sandboxInternalDomains]) expect(domain).toMatch(/\.example$/);
});

test('a mailbox that joins gets what is sent from then on; one that leaves is gone from the truth', () => {
  const other = buildTenant({ seed: 3, anchor: ANCHOR, scale: 0.1 });
  const newcomer = other.addMailbox({
    name: 'New Comer',
    address: 'New.Comer@harbourline.example',
    title: 'CSM',
    city: 'Sydney',
    zone: 'Australia/Sydney',
  });
  other.createMail({
    subject: 'Welcome',
    html: '<p>Hi</p>',
    from: { name: 'N', address: 'naomi.whitlock@harbourline.example' },
    to: [newcomer],
    sentAt: ANCHOR,
  });
  const holders = () =>
    truth(other, everything).flatMap(({ copies }) => copies.map(({ mailbox }) => mailbox));
  expect(holders().filter((mailbox) => mailbox === 'new.comer@harbourline.example')).toHaveLength(1);
  other.removeMailbox('NEW.COMER@harbourline.example');
  expect(holders()).not.toContain('new.comer@harbourline.example');
  expect(() => other.mailbox('new.comer@harbourline.example')).toThrow(RangeError);
});
