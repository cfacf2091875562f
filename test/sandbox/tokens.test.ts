import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { AMELIA, ask, calendar, DEV, errorOf, json, messages, Page, start, walk } from './support.ts';

const moved = (link: string, to: Sandbox) => link.replace(/^http:\/\/127\.0\.0\.1:\d+/, to.url);

describe('delta tokens', () => {
  test('outlive the process: the same seed, anchor and steps honour them, in the middle of a round too', async () => {
    const first = await start({ steps: 2 });
    const calendarEnd = (await walk(first, calendar(AMELIA))).deltaLink;
    const halfway =
      Page.parse(await json(first, messages(AMELIA, 'inbox', '?$select=subject')))['@odata.nextLink'] ?? '';
    const rest = (await walk(first, halfway)).items;
    first.mutate();
    const changes = (await walk(first, calendarEnd)).items;
    expect(changes.length).toBeGreaterThan(0);
    await first.close();
    await using second = await start({ steps: 3 });
    expect((await walk(second, moved(calendarEnd, second))).items).toEqual(changes);
    await using third = await start({ steps: 2 });
    expect((await walk(third, moved(halfway, third))).items).toEqual(rest);
  });

  test('of a future that the process has not seen, or of another tenant, are lost sync states', async () => {
    await using ahead = await start({ steps: 3 });
    const { deltaLink } = await walk(ahead, calendar(AMELIA));
    await using behind = await start({ steps: 1 });
    expect(await errorOf(await ask(behind, moved(deltaLink, behind)))).toMatchObject({
      status: 410,
      code: 'SyncStateNotFound',
    });
    await using foreign = await start({ seed: 5, steps: 3 });
    expect(await errorOf(await ask(foreign, moved(deltaLink, foreign)))).toMatchObject({
      status: 410,
      code: 'SyncStateNotFound',
    });
  });

  test('are refused when they are none, or belong to another feed', async () => {
    await using sandbox = await start();
    const { deltaLink } = await walk(sandbox, messages(AMELIA, 'inbox'));
    expect(
      await errorOf(await ask(sandbox, `${messages(AMELIA, 'inbox')}?$deltatoken=latest`)),
    ).toMatchObject({ status: 400 });
    for (const wrong of [
      deltaLink.replace("mailFolders('inbox')", "mailFolders('archive')"),
      deltaLink.replace(encodeURIComponent(AMELIA), encodeURIComponent(DEV)),
    ]) {
      expect(wrong).not.toBe(deltaLink);
      expect(await errorOf(await ask(sandbox, wrong))).toMatchObject({
        status: 400,
        code: 'syncStateInvalid',
      });
    }
  });

  test('can be made worthless, for one mailbox or for all', async () => {
    await using sandbox = await start();
    const links = await Promise.all(
      [AMELIA, DEV].map(async (mailbox) => (await walk(sandbox, calendar(mailbox))).deltaLink),
    );
    const statuses = () => Promise.all(links.map(async (link) => (await ask(sandbox, link)).status));
    sandbox.faults.invalidateTokens(sandbox.tenant.mailbox(AMELIA).number);
    expect(await statuses()).toEqual([410, 200]);
    sandbox.faults.invalidateTokens();
    expect(await statuses()).toEqual([410, 410]);
    expect((await ask(sandbox, (await walk(sandbox, calendar(AMELIA))).deltaLink)).status).toBe(200);
  });

  test('of a deltaLink may travel as $skiptoken, and work either way', async () => {
    await using sandbox = await start();
    const inbox = (await walk(sandbox, messages(AMELIA, 'inbox'))).deltaLink;
    const sent = (await walk(sandbox, messages(AMELIA, 'sentitems'))).deltaLink;
    expect(inbox).toContain('?$skiptoken=');
    expect(sent).toContain('?$deltatoken=');
    expect((await ask(sandbox, inbox.replace('$skiptoken', '%24deltatoken'))).status).toBe(200);
  });

  test('say nothing that can be read, and stay the same while nothing happens', async () => {
    await using sandbox = await start();
    const { deltaLink } = await walk(sandbox, calendar(AMELIA));
    expect(Buffer.from(deltaLink.split('token=')[1] ?? '', 'base64url').toString('latin1')).not.toContain(
      'mailbox',
    );
    expect((await walk(sandbox, calendar(AMELIA))).deltaLink).toBe(deltaLink);
    expect((await walk(sandbox, deltaLink)).items).toEqual([]);
  });
});
