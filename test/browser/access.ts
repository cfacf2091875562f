import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Place } from './place.ts';
import { picture, visit } from './room.ts';

/** For people who use a keyboard, a screen reader, a phone, or the dark. */

/** What axe finds that is serious or worse, with the first element of each. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate(() => {
    const tester = (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe;
    return tester.run();
  });
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary ?? ''}`);
}

/** Every view, each shown until what it is about is there. */
const VIEWS: readonly (readonly [hash: string, name: string, show: (page: Page) => Promise<void>])[] = [
  ['#/briefing', 'briefing-room', (page) => page.locator('.row').first().waitFor()],
  ['#/briefing?text=zzzz', 'nothing-found', (page) => page.locator('.empty').waitFor()],
  ['#/briefing', 'drawer', openDrawer],
  ['#/clients', 'clients', (page) => page.locator('.clients tbody tr').first().waitFor()],
  ['#/clients', 'client', openClient],
  ['#/search?q=slow+reports', 'search', (page) => page.locator('.found .row').first().waitFor()],
  ['#/search', 'search-start', (page) => page.locator('.tries').waitFor()],
  ['#/health', 'sync-health', (page) => page.locator('.feeds tbody tr').first().waitFor()],
];

async function openDrawer(page: Page): Promise<void> {
  await page.locator('.row-title a').first().click();
  await page.locator('#task-why-intent').click();
  await page.locator('.why').waitFor();
  await page.locator('#task-correct-topic').click();
  await page.locator('.correction').waitFor();
}

async function openClient(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'SA Health', exact: true }).click();
  await page.locator('.heatmap').waitFor();
  await page.getByText('As a table').click();
}

export function access(place: () => Place): void {
  it.each(['light', 'dark'] as const)(
    'has no serious finding of axe on any view, %s',
    async (colorScheme) => {
      for (const [hash, name, show] of VIEWS) {
        const { page } = await visit(place(), hash, { colorScheme, reducedMotion: 'reduce' });
        await show(page);
        expect.soft(await findings(page), name).toEqual([]);
        await picture(page, `${name}-${colorScheme}`);
        await page.context().close();
      }
    },
  );

  it('needs no more than 360 pixels: nothing is cut off or scrolls sideways', async () => {
    for (const [hash, name, show] of VIEWS) {
      const { page } = await visit(place(), hash, {
        viewport: { width: 360, height: 740 },
        reducedMotion: 'reduce',
      });
      await show(page);
      const beyond = await page.evaluate(() => {
        const wide = document.querySelector('dialog[open]') ?? document.documentElement;
        return wide.scrollWidth - Math.min(wide.clientWidth, innerWidth);
      });
      expect.soft(beyond, name).toBe(0);
      await picture(page, `${name}-360`);
      await page.context().close();
    }
  });

  it('is dark where the system is, and as the person wants it from then on', async () => {
    const { page } = await visit(place(), '', { colorScheme: 'dark' });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    const button = page.getByRole('button', { name: /^Theme/ });
    await button.click();
    expect(await button.innerText()).toBe('Theme: light');
    const light = await paper();
    expect(light).not.toBe(dark);
    await page.reload();
    await button.waitFor();
    expect(await paper()).toBe(light);
    await button.click();
    expect(await paper()).toBe(dark);
  });

  it('can be used by keyboard alone: skip link, filter, a touchpoint, its tags and back', async () => {
    const { page } = await visit(place());
    await page.locator('.row').first().waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.id ?? '');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('main');
    const tabTo = async (id: RegExp) => {
      for (let presses = 0; presses < 120 && !id.test(await focused()); presses++)
        await page.keyboard.press('Tab');
      expect(await focused()).toMatch(id);
    };
    await tabTo(/^filter-internal-false$/);
    await page.keyboard.press('Space');
    await page.locator('.lift', { hasText: 'External' }).waitFor();
    expect(await focused()).toBe('filter-internal-false');
    await tabTo(/^open-/);
    const opened = await focused();
    await page.keyboard.press('Enter');
    await page.locator('#task-up-intent').waitFor();
    expect(
      await page.evaluate(() => document.querySelector('dialog')?.contains(document.activeElement)),
    ).toBe(true);
    await tabTo(/^task-correct-intent$/);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
    await page.keyboard.press('Escape');
    await expect.poll(focused).toBe(opened);
    // the browser moves the focus first, and then tells the page that the dialog is closed
    await expect.poll(() => page.url()).not.toContain('open=');
  });
}
