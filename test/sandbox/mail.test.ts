import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FILTERED_LIMIT } from '../../src/sandbox/feeds.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import {
  AMELIA,
  ANCHOR,
  ask,
  DAY,
  DEV,
  errorOf,
  Item,
  json,
  messages,
  Page,
  start,
  walk,
} from './support.ts';

const priya = { name: 'Priya Nair', address: 'priya.nair@sahealth.example' };
const me = { name: 'Amelia Hartigan', address: AMELIA };
const dev = { name: 'Dev Raman', address: DEV };

describe('reading mail', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await start({ scale: 1 });
  });
  afterAll(() => sandbox.close());

  test('a folder is walked by well-known name, id, and both spellings of the key', async () => {
    const folder = await json(sandbox, `users/${AMELIA}/mailFolders/inbox`);
    expect(folder).toMatchObject({ displayName: 'Inbox' });
    expect(folder).not.toHaveProperty('wellKnownName');
    const id = encodeURIComponent(String(folder['id']));
    const paths = [
      messages(AMELIA, 'inbox'),
      messages(AMELIA, 'INBOX'),
      messages(AMELIA, id),
      `users('${AMELIA}')/mailFolders('inbox')/messages/delta`,
      `users/${AMELIA}/mailfolders('${id}')/messages/microsoft.graph.delta()`,
    ];
    const counts = await Promise.all(paths.map(async (path) => (await walk(sandbox, path)).items.length));
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toBeGreaterThan(60);
  });

  test('pages follow $top, and the preferred size over it', async () => {
    expect(Page.parse(await json(sandbox, messages(AMELIA, 'inbox'))).value).toHaveLength(10);
    const first = Page.parse(await json(sandbox, messages(AMELIA, 'inbox', '?$top=4')));
    expect(first.value).toHaveLength(4);
    expect(Page.parse(await json(sandbox, first['@odata.nextLink'] ?? '')).value).toHaveLength(4);
    expect(
      Page.parse(await json(sandbox, messages(AMELIA, 'inbox', '?$top=4'), 'odata.maxpagesize=6')).value,
    ).toHaveLength(6);
  });

  test('$select limits members on every page; uniqueBody only comes that way', async () => {
    const { pages } = await walk(sandbox, messages(AMELIA, 'inbox', '?$select=subject,uniqueBody'), 40);
    for (const page of pages)
      expect(Object.keys(page[0] ?? {}).sort()).toEqual([
        '@odata.etag',
        '@odata.type',
        'id',
        'subject',
        'uniqueBody',
      ]);
    const all = Page.parse(await json(sandbox, messages(AMELIA, 'inbox')));
    expect(all.value[0]).toHaveProperty('body');
    expect(all.value[0]).not.toHaveProperty('uniqueBody');
    const reply = (
      await walk(sandbox, messages(AMELIA, 'inbox', '?$select=subject,body,uniqueBody'))
    ).items.find(({ subject }) => subject?.startsWith('RE: '));
    expect(JSON.stringify(reply?.['body'])).toContain('divRplyFwdMsg');
    expect(JSON.stringify(reply?.['uniqueBody'])).not.toContain('divRplyFwdMsg');
  });

  test('$select of what a message has not is refused', async () => {
    expect(
      await errorOf(await ask(sandbox, messages(AMELIA, 'inbox', '?$select=subject,meetingMessageType'))),
    ).toMatchObject({ status: 400, code: 'RequestBroker--ParseUri' });
    expect((await ask(sandbox, messages(AMELIA, 'inbox', '?$select=subject,sensitivity'))).status).toBe(400);
    expect(
      (
        await ask(
          sandbox,
          messages(AMELIA, 'inbox', '?$select=subject,microsoft.graph.eventMessage/meetingMessageType'),
        )
      ).status,
    ).toBe(200);
  });

  test('meeting responses are typed, and carry what was answered', async () => {
    const everything = await Promise.all(
      sandbox.tenant.mailboxes.map(
        async ({ address }) => (await walk(sandbox, messages(address, 'inbox'))).items,
      ),
    );
    const responses = everything
      .flat()
      .filter((item) => item['@odata.type'] === '#microsoft.graph.eventMessageResponse');
    expect(new Set(responses.map((item) => item['meetingMessageType']))).toEqual(
      new Set(['meetingAccepted', 'meetingDeclined', 'meetingTenativelyAccepted']),
    );
    expect(
      everything.flat().some((item) => item['@odata.type'] === '#microsoft.graph.eventMessageRequest'),
    ).toBe(true);
  });

  test('sensitivity is an extended property, sent when expanded', async () => {
    const mail = sandbox.tenant.createMail({
      subject: 'Between us',
      html: '<p>Quiet.</p>',
      from: priya,
      to: [me],
      sentAt: ANCHOR,
      sensitivity: 'private',
    });
    const expand = "$expand=singleValueExtendedProperties($filter=id eq 'Integer 0x36')";
    const { items } = await walk(sandbox, messages(AMELIA, 'inbox', `?$select=internetMessageId&${expand}`));
    const it = items.find((item) => item['internetMessageId'] === mail.internetMessageId);
    expect(it?.['singleValueExtendedProperties']).toEqual([{ id: 'Integer 0x36', value: '2' }]);
  });

  test('only receivedDateTime ge or gt may filter, and nothing may search', async () => {
    const since = new Date(ANCHOR - 10 * DAY).toISOString();
    const { items } = await walk(sandbox, messages(AMELIA, 'inbox', `?$filter=receivedDateTime ge ${since}`));
    expect(items.length).toBeGreaterThan(3);
    for (const item of items)
      expect(Date.parse(String(item['receivedDateTime']))).toBeGreaterThanOrEqual(Date.parse(since));
    expect((await ask(sandbox, messages(AMELIA, 'inbox', '?$filter=isRead eq true'))).status).toBe(400);
    expect((await ask(sandbox, messages(AMELIA, 'inbox', '?$search=x'))).status).toBe(400);
  });

  test('lists of folders are paged with $skip and hold no wellKnownName', async () => {
    const first = Page.parse(await json(sandbox, `users/${AMELIA}/mailFolders?$top=5`));
    const second = Page.parse(await json(sandbox, first['@odata.nextLink'] ?? ''));
    const names = [...first.value, ...second.value].map((folder) => folder['displayName']);
    expect(names).toEqual([
      'Inbox',
      'Sent Items',
      'Drafts',
      'Deleted Items',
      'Junk Email',
      'Outbox',
      'Archive',
      'Clients',
    ]);
    expect(second['@odata.nextLink']).toBeUndefined();
  });

  test('an unknown folder, message or mailbox is 404', async () => {
    expect(await errorOf(await ask(sandbox, messages(AMELIA, 'nowhere')))).toMatchObject({
      status: 404,
      code: 'ErrorItemNotFound',
    });
    expect(await errorOf(await ask(sandbox, `users/${AMELIA}/messages/AAMkNothing`))).toMatchObject({
      status: 404,
      code: 'ErrorItemNotFound',
    });
    expect(await errorOf(await ask(sandbox, messages('nobody@harbourline.example', 'inbox')))).toMatchObject({
      status: 404,
      code: 'ErrorInvalidUser',
    });
    expect(
      await errorOf(await ask(sandbox, messages('oscar.feldmann@harbourline.example', 'inbox'))),
    ).toMatchObject({ status: 404, code: 'MailboxNotEnabledForRESTAPI' });
  });
});

describe('changes of mail', () => {
  test('a move is a tombstone in one folder and an addition in the other, under the same immutable id', async () => {
    await using sandbox = await start();
    const mail = sandbox.tenant.createMail({
      subject: 'Move me',
      html: '<p>x</p>',
      from: priya,
      to: [me],
      sentAt: ANCHOR,
    });
    const inbox = await walk(sandbox, messages(AMELIA, 'inbox'));
    const archive = await walk(sandbox, messages(AMELIA, 'archive'));
    sandbox.tenant.moveMail(mail.internetMessageId, AMELIA, 'archive');
    const left = (await walk(sandbox, inbox.deltaLink)).items;
    const came = (await walk(sandbox, archive.deltaLink)).items;
    expect(left).toEqual([
      { '@odata.type': '#microsoft.graph.message', id: came[0]?.id, '@removed': { reason: 'deleted' } },
    ]);
    expect(came[0]).toMatchObject({ subject: 'Move me' });
  });

  test('without immutable ids a move changes the id, and the old one dies', async () => {
    await using sandbox = await start();
    const mail = sandbox.tenant.createMail({
      subject: 'Move me',
      html: '<p>x</p>',
      from: priya,
      to: [me],
      sentAt: ANCHOR,
    });
    const find = async (folder: string) => {
      const page = Page.parse(
        await json(
          sandbox,
          `users/${AMELIA}/mailFolders/${folder}/messages?$top=1000`,
          'odata.maxpagesize=1000',
        ),
      );
      return (
        page.value
          .map((value) => Item.parse(value))
          .find((item) => item['internetMessageId'] === mail.internetMessageId)?.id ?? ''
      );
    };
    const before = await find('inbox');
    sandbox.tenant.moveMail(mail.internetMessageId, AMELIA, 'archive');
    const after = await find('archive');
    expect(after).not.toBe(before);
    expect(
      (await ask(sandbox, `users/${AMELIA}/messages/${encodeURIComponent(before)}`, { prefer: '' })).status,
    ).toBe(404);
    expect(
      (await ask(sandbox, `users/${AMELIA}/messages/${encodeURIComponent(after)}`, { prefer: '' })).status,
    ).toBe(200);
  });

  test('one mail has a copy in each mailbox, with one internetMessageId and ids of their own', async () => {
    await using sandbox = await start();
    const mail = sandbox.tenant.createMail({
      subject: 'To both',
      html: '<p>x</p>',
      from: me,
      to: [dev, priya],
      sentAt: ANCHOR,
    });
    const [sent] = (await walk(sandbox, messages(AMELIA, 'sentitems'))).items;
    const [got] = (await walk(sandbox, messages(DEV, 'inbox'))).items;
    expect([sent?.['internetMessageId'], got?.['internetMessageId']]).toEqual([
      mail.internetMessageId,
      mail.internetMessageId,
    ]);
    expect(sent?.id).not.toBe(got?.id);
    expect(Date.parse(String(got?.['receivedDateTime']))).toBeGreaterThan(
      Date.parse(String(sent?.['receivedDateTime'])),
    );
  });

  test('a deleted mail goes to Deleted Items, and comes back under its old id', async () => {
    await using sandbox = await start();
    const mail = sandbox.tenant.createMail({
      subject: 'Oops',
      html: '<p>x</p>',
      from: priya,
      to: [me],
      sentAt: ANCHOR,
    });
    let inbox = await walk(sandbox, messages(AMELIA, 'inbox'));
    const id = inbox.items[0]?.id;
    sandbox.tenant.deleteMail(mail.internetMessageId);
    expect((await walk(sandbox, messages(AMELIA, 'deleteditems'))).items.some((item) => item.id === id)).toBe(
      true,
    );
    inbox = await walk(sandbox, inbox.deltaLink);
    expect(inbox.items.map((item) => [item.id, item['@removed'] !== undefined])).toEqual([[id, true]]);
    sandbox.tenant.restoreMail(mail.internetMessageId);
    inbox = await walk(sandbox, inbox.deltaLink);
    expect(inbox.items.map((item) => [item.id, item['@removed'] !== undefined])).toEqual([[id, false]]);
  });

  test('changeType narrows a feed to what it names', async () => {
    await using sandbox = await start();
    const mail = sandbox.tenant.createMail({
      subject: 'Read me',
      html: '<p>x</p>',
      from: priya,
      to: [me],
      sentAt: ANCHOR,
    });
    const created = await walk(sandbox, messages(AMELIA, 'inbox', '?changeType=created'));
    sandbox.tenant.updateMail(mail.internetMessageId, { isRead: true }, AMELIA);
    expect((await walk(sandbox, created.deltaLink)).items).toEqual([]);
    sandbox.tenant.createMail({ subject: 'New', html: '<p>x</p>', from: priya, to: [me], sentAt: ANCHOR });
    expect((await walk(sandbox, created.deltaLink)).items.map(({ subject }) => subject)).toEqual(['New']);
  });

  test('a filtered round ends silently after 5,000 messages; an unfiltered one does not', async () => {
    await using sandbox = await start();
    for (let number = 0; number < FILTERED_LIMIT; number += 1)
      sandbox.tenant.createMail({
        subject: `Bulk ${number}`,
        html: '',
        from: priya,
        to: [me],
        sentAt: ANCHOR,
      });
    const query = '$select=subject&$top=1000';
    const filtered = await walk(
      sandbox,
      messages(AMELIA, 'inbox', `?${query}&$filter=receivedDateTime ge 2020-01-01T00:00:00Z`),
      1000,
    );
    expect(filtered.items).toHaveLength(FILTERED_LIMIT);
    expect((await walk(sandbox, messages(AMELIA, 'inbox', `?${query}`), 1000)).items.length).toBeGreaterThan(
      FILTERED_LIMIT + 10,
    );
  });

  test('mailFolders/delta shows a new folder', async () => {
    await using sandbox = await start();
    const { items, deltaLink } = await walk(sandbox, `users/${AMELIA}/mailFolders/delta`, 3);
    expect(items).toHaveLength(8);
    sandbox.tenant.createFolder(AMELIA, 'Renewals');
    expect((await walk(sandbox, deltaLink)).items).toMatchObject([
      { '@odata.type': '#microsoft.graph.mailFolder', displayName: 'Renewals', totalItemCount: 0 },
    ]);
  });
});
