import { expect, it } from 'vitest';
import type { Place } from './place.ts';
import { total, visit } from './room.ts';

export function briefing(place: () => Place): void {
  it('shows with each filter exactly as many as its count says', async () => {
    const { page } = await visit(place());
    // counts move while touchpoints are being tagged
    await page.locator('.sync-link[data-state="good"]').waitFor();
    for (const name of ['Routine check-in', 'External', 'Recurring']) {
      const choice = page.locator('.choice', { hasText: name });
      await choice.waitFor();
      const promised = Number((await choice.locator('.n').innerText()).replaceAll(',', ''));
      await choice.locator('input').check();
      await expect.poll(() => total(page)).toBe(promised);
      expect(await choice.locator('input').isChecked()).toBe(true);
    }
    const rows = page.locator('.row');
    expect(await rows.count()).toBeGreaterThan(0);
    expect(await rows.filter({ hasText: 'Recurring' }).count()).toBe(await rows.count());
    expect(await page.locator('.lift').count()).toBe(3);
  });

  it('finds a client in the list, filters by it, and goes back with the back button', async () => {
    const { page } = await visit(place());
    const all = await total(page);
    await page.getByLabel('Find a client').fill('wattle');
    const choice = page.locator('.choice', { hasText: 'Wattle Creek Hospital' });
    await choice.locator('input').check();
    await expect.poll(() => total(page)).toBeLessThan(all);
    const address = page.url();
    expect(new Set(await page.locator('.row .client').allInnerTexts())).toEqual(
      new Set(['Wattle Creek Hospital']),
    );
    await page.goBack();
    await expect.poll(() => total(page)).toBe(all);
    expect(await page.locator('.choice input:checked').count()).toBe(0);
    await page.goto(address);
    await page.reload();
    await page.locator('.lift', { hasText: 'Wattle Creek Hospital' }).waitFor();
  });

  it('searches while somebody types, in one entry of the history', async () => {
    const { page } = await visit(place());
    await page.locator('.row').first().waitFor();
    const entries = await page.evaluate(() => history.length);
    await page.getByLabel('Search the list').pressSequentially('steering');
    await page.locator('.lift', { hasText: 'steering' }).waitFor();
    await expect
      .poll(async () => (await page.locator('.row').allInnerTexts()).every((row) => /steering/i.test(row)))
      .toBe(true);
    expect(await page.evaluate(() => history.length)).toBe(entries);
    await page.getByLabel('Search the list').fill('zzzz no such words');
    await page.getByText('Nothing matches these filters').waitFor();
  });

  it('pages to later meetings and back to the very same page', async () => {
    const { page } = await visit(place());
    const ids = () =>
      page.locator('.row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')));
    await page.locator('.row').first().waitFor();
    const first = await ids();
    await page.getByRole('link', { name: 'Later' }).click();
    await expect.poll(ids).not.toEqual(first);
    expect((await ids()).filter((id) => first.includes(id))).toEqual([]);
    await page.getByRole('link', { name: 'Earlier' }).click();
    await expect.poll(ids).toEqual(first);
  });

  it('groups by the days of the viewer, wherever they are', async () => {
    await place().daemon.bring('meeting', [
      { id: 'far', client: 'Zonal Clinic', date: '2031-05-04T15:30:00Z', title: 'Midnight talk' },
    ]);
    for (const [timezoneId, day, time] of [
      ['Australia/Sydney', 'Monday 5 May 2031', '1:30 am'],
      ['America/Los_Angeles', 'Sunday 4 May 2031', '8:30 am'],
    ]) {
      const { page } = await visit(place(), '#/briefing?text=Midnight+talk', {
        timezoneId: timezoneId ?? '',
      });
      await page.locator('.row').first().waitFor();
      expect((await page.locator('.day-head').innerText()).replace(',', '')).toBe(day);
      expect(await page.locator('.row-time').innerText()).toContain(time);
    }
  });
}
