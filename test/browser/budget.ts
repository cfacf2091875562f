import { expect, it } from 'vitest';
import type { Place } from './place.ts';
import { visit } from './room.ts';

// What a slow line carries in a moment; scripts, styles, icon and the first page of data are all in it.
const MOST_BYTES = 150_000;
const MOST_REQUESTS = 40;

export function budget(place: () => Place): void {
  it('costs little: the first view in under 150 kB, the next in the data alone', async () => {
    const { page, requests } = await visit(place(), '', { expected: /./ });
    await page.locator('.row').first().waitFor();
    await page.close();

    const fresh = await page.context().newPage();
    const devtools = await page.context().newCDPSession(fresh);
    let bytes = 0;
    await devtools.send('Network.enable');
    await devtools.send('Network.clearBrowserCache');
    devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    const asked: string[] = [];
    fresh.on('request', (request) => asked.push(request.url()));
    await fresh.goto(place().daemon.url);
    await fresh.locator('.row').first().waitFor();
    await fresh.waitForLoadState('networkidle');
    console.log(`page: first view ${bytes} bytes, ${asked.length} requests`);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MOST_BYTES);
    expect(asked.length).toBeLessThanOrEqual(MOST_REQUESTS);
    expect(requests.length).toBeGreaterThan(0);

    const first = bytes;
    await fresh.reload();
    await fresh.locator('.row').first().waitFor();
    await fresh.waitForLoadState('networkidle');
    console.log(`page: again ${bytes - first} bytes`);
    expect(bytes - first).toBeLessThan(30_000);
  });
}
