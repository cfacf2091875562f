import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/server.ts';
import {
  AMELIA,
  ANCHOR,
  ask,
  calendar,
  DAY,
  DEV,
  instances,
  json,
  listener,
  messages,
  Page,
  start,
  walk,
} from './support.ts';

const FOLDER = '../shared/graph-recordings';
const HOUR = 3_600_000;
const Recording = z.object({
  body: z.looseObject({ value: z.array(z.looseObject({})).optional(), error: z.looseObject({}).optional() }),
});

function recorded(folder: string, start: string) {
  const name = readdirSync(`${FOLDER}/${folder}`).find((file) => file.startsWith(start));
  if (name === undefined) throw new Error(`no recording ${folder}/${start}`);
  return Recording.parse(JSON.parse(readFileSync(`${FOLDER}/${folder}/${name}`, 'utf8'))).body;
}

/** Every path inside a value, with a mark where it is null: what is left when all content is taken out. */
function shape(value: unknown, path = ''): string[] {
  if (value === null) return [`${path}=null`];
  if (Array.isArray(value))
    return [`${path}[]`, ...new Set(value.flatMap((item) => shape(item, `${path}[]`)))];
  if (typeof value !== 'object') return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([name, member]) => shape(member, `${path}.${name}`)),
  ].sort();
}
const keys = (value: object | undefined) => Object.keys(value ?? {}).sort();
const list = (value: unknown): Record<string, unknown>[] => Page.parse(value).value;
/** Empty lists say nothing of what is in them. */
const without = (value: Record<string, unknown>, ...names: string[]) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

describe.skipIf(!existsSync(FOLDER))('the sandbox answers as Graph was recorded to answer', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await start();
    const person = { name: 'Amelia Hartigan', address: AMELIA };
    const guest = { name: 'Colleague', address: 'colleague@sahealth.example', type: 'required' } as const;
    const common = { title: 'Plain', start: ANCHOR, end: ANCHOR + HOUR, organizer: person };
    sandbox.tenant.createMeeting({ ...common, attendees: [] });
    sandbox.tenant.createMeeting({ ...common, attendees: [guest] });
    sandbox.tenant.createMeeting({
      ...common,
      attendees: [],
      series: { every: 'week', interval: 1, count: 8 },
    });
  });
  afterAll(() => sandbox.close());

  test('a plain event, one with attendees and a series master have the same members and the same nulls', async () => {
    const ours = list(await json(sandbox, `users/${AMELIA}/events?$top=1000`)).filter(
      ({ subject }) => subject === 'Plain',
    );
    const shapes = ours.map((event) => shape(event));
    for (const event of list(recorded('nango', 'list_calendar_events')))
      expect(shapes).toContainEqual(shape(event));
    const single = recorded('nango', 'get_event');
    const id = ours.find(
      ({ type, attendees }) => type === 'singleInstance' && JSON.stringify(attendees) === '[]',
    )?.['id'];
    expect(shape(await json(sandbox, `users/${AMELIA}/events/${String(id)}`))).toEqual(shape(single));
  });

  test('a message, alone, in a list and in a delta page, has the same members and the same nulls', async () => {
    const content = ['toRecipients', 'ccRecipients', 'replyTo'];
    const bare = (message: Record<string, unknown>) => shape(without(message, ...content));
    const delta = await Promise.all(
      [AMELIA, DEV].map(async (mailbox) => (await walk(sandbox, messages(mailbox, 'inbox'))).items),
    );
    const ours = delta.flat().map(bare);
    for (const page of ['messages_delta_page1', 'messages_delta_page2'])
      for (const message of list(recorded('nango', page))) expect(ours).toContainEqual(bare(message));
    const listed = list(await json(sandbox, `users/${DEV}/mailFolders/inbox/messages?$top=1000`)).map(bare);
    for (const message of list(recorded('nango', 'list_messages')))
      expect(listed).toContainEqual(bare(message));
    const [draft] = (await walk(sandbox, messages(AMELIA, 'drafts'))).items;
    expect(bare(await json(sandbox, `users/${AMELIA}/messages/${draft?.id}`))).toEqual(
      bare(recorded('nango', 'get_message')),
    );
  });

  test('folders, listed and in a delta page', async () => {
    const [listed] = list(await json(sandbox, `users/${AMELIA}/mailFolders`));
    expect(shape(listed)).toEqual(shape(recorded('nango', 'list_mail_folders').value?.[0]));
    const [changed] = list(await json(sandbox, `users/${AMELIA}/mailFolders/delta`));
    expect(shape(changed)).toEqual(
      shape(recorded('nango', 'mail_folders_v1_0_me_mailFolders_delta.json').value?.[0]),
    );
  });

  test('pages: an empty last one, an empty first one, one in the middle, one that ends in a $skiptoken', async () => {
    const nothing = await json(sandbox, calendar(AMELIA, { from: 0, to: DAY }));
    expect(keys(nothing)).toEqual(keys(recorded('nango', 'events_v1')));
    expect(keys(await json(sandbox, calendar(DEV)))).toEqual(keys(recorded('issues', 'empty_page')));
    const first = await json(sandbox, messages(AMELIA, 'inbox'));
    expect(keys(first)).toEqual(keys(recorded('nango', 'messages_delta_page1')));
    const link = (body: object) =>
      Object.values(body).find((value) => typeof value === 'string' && value.includes('/delta?')) ?? '';
    const tail = (text: string) => text.replace(/^.*?\/mailFolders/, '').replace(/=.*$/, '');
    expect(tail(String(link(first)))).toBe(tail(String(link(recorded('nango', 'messages_delta_page1')))));
    expect(tail((await walk(sandbox, messages(AMELIA, 'inbox'))).deltaLink)).toBe(
      tail(String(link(recorded('issues', 'twenty')))),
    );
    expect(
      tail((await walk(sandbox, messages(AMELIA, 'sentitems'))).deltaLink).replace('sentitems', 'inbox'),
    ).toBe(tail(String(link(recorded('nango', 'messages_delta_page2')))));
  });

  test('a bare occurrence, and a selected message', async () => {
    const bare = (await walk(sandbox, calendar(AMELIA))).items.find(({ type }) => type === 'occurrence');
    expect(shape(bare)).toEqual(shape(recorded('issues', 'bare_occurrence').value?.[0]));
    const [selected] = (await walk(sandbox, messages(AMELIA, 'inbox', '?$select=id'))).items;
    expect(shape(selected)).toEqual(shape(recorded('issues', 'twenty').value?.[0]));
    const [some] = (await walk(sandbox, messages(AMELIA, 'inbox', '?$select=subject,isRead,sender'))).items;
    expect(shape(some)).toEqual(shape(recorded('docs2021', 'delta-query-messages_02').value?.[0]));
  });

  test('occurrences and exceptions among the instances of a series, as far as the documents show them', async () => {
    const series = sandbox.tenant.meetings.find(
      ({ series: recurrence, organizer, sensitivity }) =>
        recurrence !== null && organizer.address === AMELIA && sensitivity === 'normal',
    );
    sandbox.tenant.changeOccurrence(series?.uid ?? '', series?.series?.starts[1] ?? 0, { title: 'Other' });
    const master = (await walk(sandbox, calendar(AMELIA))).items.find(
      (item) => item.seriesMasterId && item['subject'] === 'Other',
    )?.seriesMasterId;
    const ours = list(await json(sandbox, instances(AMELIA, master ?? '')));
    for (const theirs of list(recorded('docs2021', 'event-list-instances_01'))) {
      const twin = ours.find(({ type }) => type === theirs['type']);
      expect(shape(twin)).toEqual(expect.arrayContaining(shape(theirs)));
    }
  });

  test('tombstones', async () => {
    const events = await walk(sandbox, calendar(AMELIA));
    const inbox = await walk(sandbox, messages(AMELIA, 'inbox'));
    sandbox.tenant.deleteMeeting(sandbox.tenant.meetings.find(({ title }) => title === 'Plain')?.uid ?? '');
    const copy = sandbox.tenant.mailbox(AMELIA).copies.findLast(({ folder }) => folder === 1);
    sandbox.tenant.deleteMail(copy?.mail.internetMessageId ?? '', { mailbox: AMELIA });
    expect(shape((await walk(sandbox, events.deltaLink)).items[0])).toEqual(
      shape(recorded('docs2021', 'delta-query-events_03').value?.[0]),
    );
    expect(shape((await walk(sandbox, inbox.deltaLink)).items[0])).toEqual(
      shape(recorded('docs2021', 'delta-query-messages_07').value?.[0]),
    );
  });

  test('a lost sync state', async () => {
    const { deltaLink } = await walk(sandbox, calendar(AMELIA));
    sandbox.faults.invalidateTokens();
    const response = await ask(sandbox, deltaLink);
    const body = z
      .object({ error: z.looseObject({ code: z.string(), innerError: z.looseObject({}) }) })
      .parse(await response.json());
    const theirs = recorded('issues', 'sync_state_not_found');
    expect(response.status).toBe(410);
    expect(body.error.code).toBe(theirs.error?.['code']);
    expect(keys(body.error)).toEqual(keys(theirs.error));
    expect(keys(body.error.innerError)).toEqual(expect.arrayContaining(['date', 'request-id']));
  });

  test('subscriptions, change notifications and lifecycle notifications', async () => {
    await using endpoint = await listener(({ query }) => ({
      status: 200,
      body: query.get('validationToken') ?? '',
    }));
    const body = {
      changeType: 'created',
      notificationUrl: `${endpoint.url}/n`,
      lifecycleNotificationUrl: `${endpoint.url}/l`,
      resource: `users/${DEV}/messages`,
      expirationDateTime: new Date(ANCHOR + DAY).toISOString(),
      clientState: 'x',
    };
    const created = z
      .looseObject({})
      .parse(await (await ask(sandbox, 'subscriptions', { method: 'POST', body })).json());
    expect(keys(created)).toEqual(
      expect.arrayContaining(
        keys(without(recorded('docs2021', 'subscription-post-subscriptions_02'), 'notificationContentType')),
      ),
    );
    sandbox.tenant.createMail({
      subject: 'x',
      html: '',
      from: { name: 'x', address: 'x@y.example' },
      to: [{ name: 'Dev', address: DEV }],
      sentAt: ANCHOR,
    });
    sandbox.lifecycle('reauthorizationRequired');
    await sandbox.deliver();
    const sent = (path: string) =>
      list(
        JSON.parse(endpoint.received.find((one) => one.path === path && one.body !== '')?.body ?? '{}'),
      )[0];
    expect(shape(sent('/n'))).toEqual(shape(recorded('docs2021', 'webhooks_03').value?.[0]));
    expect(shape(sent('/l'))).toEqual(shape(recorded('docs2021', 'webhooks-lifecycle_03').value?.[0]));
  });
});
