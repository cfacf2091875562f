import { expect, it } from 'vitest';
import type { Place } from './place.ts';
import { picture, visit } from './room.ts';

/** What somebody sees who started it a moment ago, and configured nothing. */
export function firstRun(place: () => Place): void {
  it('fills by itself while the first sync runs: meetings with their types, a client, the sync', async () => {
    const { page } = await visit(place());
    await page.locator('#notices').getByText('The first sync is running').waitFor();
    await page.locator('.row').first().waitFor();
    await page.locator('.row .chip').first().waitFor();
    await page.locator('.sync-link[data-state="good"]').waitFor();
    expect(await page.locator('#notices').innerText()).toBe('');
    expect(await page.locator('.mark.waiting').count()).toBe(0);
    await picture(page, 'briefing-room');
    await page.locator('.row .client').first().click();
    await page.locator('.heatmap .cell').first().waitFor();
    await page.getByRole('link', { name: 'Sync health' }).click();
    await page.getByText('Every item is accounted for.').waitFor();
    expect(await page.getByText('32 of 32').count()).toBe(1);
  });
}
