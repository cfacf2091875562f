import { expect, it } from 'vitest';
import { importTouchpoints } from '../../src/store/pages.ts';
import type { Place } from './place.ts';
import { visit } from './room.ts';

const SCRIPT = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
const BROKEN = `"'><svg/onload=window.hit=1>{{constructor}}</textarea><style>*{display:none}</style>`;
const ADDRESS = 'javascript:window.hit=1';

/** What outsiders write: subjects, names, bodies, links. All of it is text, and stays text. */
export function hostile(place: () => Place): void {
  const bring = async () => {
    await place().daemon.bring('meeting', [
      {
        id: 'h1',
        client: `Clinic ${SCRIPT}`,
        date: '2031-07-01T01:00:00Z',
        title: `hostile ${SCRIPT}`,
        text: `${BROKEN} ${SCRIPT}`,
      },
    ]);
    const match = { client: null, method: null, confidence: null };
    const people = [
      { name: SCRIPT, address: `${BROKEN}@x.example`, role: 'organizer' as const },
      { name: BROKEN, address: 'y@x.example', role: 'required' as const },
    ];
    const touchpoint = {
      ...{ kind: 'meeting' as const, sourceKey: 'h2', title: `hostile ${BROKEN}`, body: SCRIPT, people },
      ...{ occurredAt: '2031-07-01T02:00:00.000Z', endsAt: null, allDay: false, timeZone: 'UTC' },
      details: { joinUrl: ADDRESS, location: SCRIPT, status: 'scheduled' },
    };
    await importTouchpoints(await place().daemon.store(), new Date().toISOString(), [{ touchpoint, match }]);
  };

  it('shows markup in subjects, names, bodies and links as the text that it is', async () => {
    await bring();
    const { page } = await visit(place(), '#/briefing?text=hostile&when=all', { expected: /400/ });
    await page.getByText(SCRIPT).first().waitFor();
    expect(await page.locator('.row').count()).toBe(2);
    const links = await page.locator('.row-title a').all();
    for (const link of links) {
      await link.click();
      await page.locator('.text').waitFor();
      expect(await page.getByRole('dialog').locator('img, script, style, .text svg').count()).toBe(0);
      expect(await page.locator(`a[href^="javascript:"]`).count()).toBe(0);
      await page.keyboard.press('Escape');
    }
    await page.goto(`${place().daemon.url}/#/clients`);
    await page.getByRole('link', { name: SCRIPT }).click();
    await page.getByRole('heading', { name: SCRIPT }).waitFor();
    await page.goto(`${place().daemon.url}/#/search?q=${encodeURIComponent(SCRIPT)}`);
    await page.locator('.found, .empty').first().waitFor();
    await page.goto(
      `${place().daemon.url}/#/briefing?text=${encodeURIComponent(SCRIPT)}&status=${encodeURIComponent(SCRIPT)}`,
    );
    await page.getByRole('alert').waitFor();
    expect(await page.evaluate(() => 'hit' in window)).toBe(false);
  });

  it('has a policy under which nothing inline runs and nothing from elsewhere is loaded', async () => {
    const response = await fetch(place().daemon.url);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    // the browser says on the console what it blocked
    const { page } = await visit(place(), '', {
      expected: /Content Security Policy|Trusted|not be executed/,
    });
    await page.locator('.row').first().waitFor();
    // the browser tells of what it blocked when it has time
    await page.evaluate(() => {
      const blocked: string[] = [];
      Object.assign(window, { blocked });
      document.addEventListener('securitypolicyviolation', (event) => blocked.push(event.effectiveDirective));
      for (const tag of ['script', 'style']) {
        const inline = document.createElement(tag);
        inline.append(tag === 'script' ? 'window.hit = 1' : 'main { display: none }');
        document.body.append(inline);
      }
      fetch('http://127.0.0.1:9/').catch(() => undefined);
    });
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { blocked: string[] }).blocked))
      .toEqual(expect.arrayContaining(['connect-src', 'style-src-elem']));
    expect(await page.evaluate(() => 'hit' in window)).toBe(false);
    expect(await page.locator('main').isVisible()).toBe(true);
  });
}
