import { afterAll, beforeAll, expect, it } from 'vitest';
import { findings } from './access.ts';
import { startDaemon } from './daemon.ts';
import type { Place } from './place.ts';
import { launchBrowser, picture, visit } from './room.ts';

/** A daemon that wants an API key. */

const KEY = 'tp_a-key-made-for-this-test';
// the browser's own line about the answer that asks for a key
const expected = /401/;

let place: Place;
beforeAll(async () => {
  const settings = { TOUCHPOINT_API_KEY: KEY, TOUCHPOINT_MAILBOXES: 'dev.raman@harbourline.example' };
  const [daemon, browser] = await Promise.all([startDaemon(settings), launchBrowser()]);
  place = { daemon, browser };
});
afterAll(async () => {
  await place.browser.close();
  await place.daemon[Symbol.asyncDispose]();
});

it('asks for the key once, says when it is wrong, and keeps it in this tab alone', async () => {
  const { page, requests } = await visit(place, '', { expected });
  const dialog = page.getByRole('dialog', { name: 'API key' });
  await dialog.waitFor();
  expect(await page.getByRole('dialog').count()).toBe(1);
  expect(await findings(page)).toEqual([]);
  await picture(page, 'key');
  await page.keyboard.press('Escape');
  expect(await dialog.isVisible()).toBe(true);
  await page.getByLabel('Key', { exact: true }).fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('That key is not known here.').waitFor();
  await page.getByLabel('Key', { exact: true }).fill(KEY);
  await page.keyboard.press('Enter');
  await page.locator('.row').first().waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.reload();
  await page.locator('.row').first().waitFor();
  expect(requests.filter((url) => url.includes(KEY))).toEqual([]);
  expect(await page.evaluate(() => [document.cookie, ...Object.values(localStorage)].join())).not.toContain(
    KEY,
  );

  const other = await visit(place, '', { expected });
  await other.page.getByRole('dialog', { name: 'API key' }).waitFor();
});

it('follows a resync with the key, which an EventSource could not send', async () => {
  const { page } = await visit(place, '#/health', { expected });
  await page.getByLabel('Key', { exact: true }).fill(KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Resync' }).click();
  await page.locator('[data-run="done"]').waitFor();
});
