import { expect, it } from 'vitest';
import type { Place } from './place.ts';
import { picture, total, visit } from './room.ts';

export function views(place: () => Place): void {
  it('leads from a cell of the heatmap to exactly the touchpoints that it counts', async () => {
    const { page } = await visit(place(), '#/clients');
    await page.getByRole('link', { name: 'SA Health', exact: true }).click();
    await page.locator('.heatmap .cell a').first().waitFor();
    await picture(page, 'client');
    for (const at of [0, -1]) {
      const cell = page.locator('.heatmap .cell a').nth(at);
      const counted = Number(await cell.innerText());
      await cell.click();
      await page.locator('.row').first().waitFor();
      expect(await total(page)).toBe(counted);
      expect(new Set(await page.locator('.row .client').allInnerTexts())).toEqual(new Set(['SA Health']));
      await page.goBack();
      await page.locator('.heatmap .cell a').first().waitFor();
    }
    await page.getByText('As a table').click();
    expect(
      await page
        .getByRole('table', { name: /Sentiment over/ })
        .locator('tbody tr')
        .count(),
    ).toBe(6);
  });

  it('resyncs one mailbox and shows how far it is', async () => {
    const { page } = await visit(place(), '#/health');
    await page.locator('#resync-mailbox option').nth(1).waitFor({ state: 'attached' });
    await page.getByLabel('Mailbox', { exact: true }).selectOption({ index: 1 });
    await page.getByLabel('What', { exact: true }).selectOption('meeting');
    await page.getByLabel('Only say what would change').check();
    await page.getByRole('button', { name: 'Resync' }).click();
    await page.locator('[data-run="running"]').waitFor();
    await page.locator('[data-run="done"]').waitFor();
    expect(await page.locator('[data-run="done"]').innerText()).toContain('Nothing was changed');
    await page.getByLabel('Only say what would change').uncheck();
    await page.getByRole('button', { name: 'Resync' }).click();
    await page.locator('[data-run="running"]').waitFor();
    await page.locator('[data-run="done"]').waitFor();
    const words = await page.locator('[data-run="done"]').innerText();
    const [fetched = 0, ...parts] = [
      ...words.matchAll(/([\d,]+) (?:fetched|written|unchanged|skipped|failed)/g),
    ].map(([, n]) => Number(n?.replaceAll(',', '')));
    expect(fetched).toBeGreaterThan(0);
    expect(parts.reduce((sum, n) => sum + n, 0)).toBe(fetched);
  });

  it('searches by meaning', async () => {
    const { page } = await visit(place(), '#/search');
    await page.getByLabel('Question').fill('who is unhappy about slow reports');
    await page.keyboard.press('Enter');
    await page.locator('.found .row').first().waitFor();
    expect(await page.locator('.found .row').count()).toBe(20);
    expect(await page.locator('.found .row-about').first().innerText()).toMatch(/alike$/);
    await page.getByLabel('Kind').selectOption('meeting');
    await expect
      .poll(async () =>
        (await page.locator('.found .row-about').allInnerTexts()).map((words) => words.split(' ')[0]),
      )
      .toEqual(Array(20).fill('Meeting'));
    await page.locator('.found .row-title a').first().click();
    await page.getByRole('dialog').getByRole('group', { name: 'Intent' }).waitFor();
    await page.goBack();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('says so when the daemon is away, and goes on when it is back', async () => {
    const { page } = await visit(place(), '', { expected: /ERR_FAILED/ });
    await page.locator('.row').first().waitFor();
    await page.route('**/api/**', (route) => route.abort());
    await page.getByLabel('Search the list').fill('steering');
    await page.getByRole('alert').getByText('Touchpoint cannot be reached').waitFor();
    await page.unroute('**/api/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.row').first().waitFor();
  });
}
