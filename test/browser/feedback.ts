import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Place } from './place.ts';
import { picture, visit } from './room.ts';

/** Thumbs and corrections: they hold at once, and for good. */
export function feedback(place: () => Place): void {
  const intent = (page: Page) => page.getByRole('group', { name: 'Intent' });
  const bring = (id: string, text: string) =>
    place().daemon.bring('meeting', [
      {
        id,
        client: 'Quokka Health',
        date: '2031-06-02T01:00:00Z',
        title: `Quarterly business review ${id}`,
        text,
      },
    ]);
  const open = async (id: string) => {
    const { page } = await visit(place(), `#/briefing?text=${id}`);
    await page.getByRole('link', { name: `Quarterly business review ${id}` }).click();
    await intent(page).locator('.tag').first().waitFor();
    return page;
  };

  it('corrects a tag, which stays when the touchpoint is tagged anew', async () => {
    await bring('kurrajong', 'Usage figures and the value delivered in the last quarter.');
    const page = await open('kurrajong');
    expect(await intent(page).innerText()).toContain('QBR');
    await intent(page).getByRole('button', { name: 'Correct' }).click();
    const form = intent(page).locator('form');
    for (const box of await form.locator('input:checked').all()) await box.uncheck();
    await form.getByLabel('Training').check();
    await form.getByRole('button', { name: 'Save' }).click();
    await intent(page).locator('.mark.person').waitFor();
    expect(await intent(page).locator('.tag .chip').allInnerTexts()).toEqual(['Training']);
    await picture(page, 'correction');
    await page.keyboard.press('Escape');
    await page.locator('.row .chip', { hasText: 'Training' }).waitFor();

    await bring(
      'kurrajong',
      'Another agenda: usage figures, value delivered, roadmap and goals for next quarter.',
    );
    const again = await open('kurrajong');
    await again.locator('.text', { hasText: 'Another agenda' }).waitFor();
    expect(await intent(again).locator('.tag .chip').allInnerTexts()).toEqual(['Training']);
    expect(await intent(again).innerText()).toContain('set by a person');
  });

  it('takes thumbs, and takes them back', async () => {
    await bring('banksia', 'Review of the service in the last quarter: figures, tickets, value delivered.');
    const page = await open('banksia');
    await intent(page).getByRole('button', { name: 'Right' }).click();
    await page.getByText(/^Intent: right/).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(/^Intent: right/).waitFor({ state: 'detached' });
    await intent(page).getByRole('button', { name: 'QBR is wrong' }).click();
    await page.getByText(/^Intent: QBR is wrong/).waitFor();
    expect(await intent(page).locator('.tag .chip').allInnerTexts()).not.toContain('QBR');
    await page.getByRole('button', { name: 'Undo' }).click();
    await intent(page).locator('.tag .chip', { hasText: 'QBR' }).waitFor();
  });

  it('says why: the words that an answer rests on, marked in the text', async () => {
    await bring(
      'waratah',
      'Quarterly business review with usage figures, value delivered and goals for next quarter.',
    );
    const page = await open('waratah');
    await intent(page).getByRole('button', { name: 'Why?' }).click();
    await page.locator('.evidence li').first().waitFor();
    const words = await page.locator('.evidence li').allInnerTexts();
    const marked = await page.locator('.text mark').allInnerTexts();
    expect(marked.length).toBeGreaterThan(0);
    const known = new Set(words.map((word) => word.toLowerCase()));
    expect(marked.filter((word) => !known.has(word.toLowerCase()))).toEqual([]);
  });
}
