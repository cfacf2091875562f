import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageRoutes } from '../../src/server/page.ts';

/** How the page is served; what it does is tested in a browser (test/browser). */

let folder: string;
const write = (name: string, content: string) => writeFile(path.join(folder, name), content);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-page-'));
  await write('index.html', '<script type="module" src="{{assets}}/main.js"></script>{{preloads}}');
  await write('main.js', "import { other } from './other.js';");
  await write('other.js', 'export const other = 1;');
  await write('styles.css', `body { color: red; } ${' '.repeat(3000)}`);
  await write('.tsbuildinfo', 'secret');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the page', () => {
  const assets = async (routes = pageRoutes(folder)) => {
    const html = await (await routes.request('/')).text();
    return /src="(\/assets\/[\w-]+)\/main\.js"/.exec(html)?.[1] ?? '';
  };

  it('names its parts by their content, and asks for the modules at once', async () => {
    const html = await (await pageRoutes(folder).request('/')).text();
    const base = await assets();
    expect(html).toBe(
      `<script type="module" src="${base}/main.js"></script><link rel="modulepreload" href="${base}/other.js">`,
    );
  });

  it('is asked for again each time, and not sent again while it is the same', async () => {
    const routes = pageRoutes(folder);
    const first = await routes.request('/');
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    const second = await routes.request('/', { headers });
    expect([second.status, await second.text()]).toEqual([304, '']);
    expect(second.headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it('has parts with their types that are kept for ever, compressed where they are large', async () => {
    const base = await assets();
    const styles = await pageRoutes(folder).request(`${base}/styles.css`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(Object.fromEntries(styles.headers)).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'content-encoding': 'gzip',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    const script = await pageRoutes(folder).request(`${base}/main.js`);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('has other addresses for other contents, and nothing under the old ones', async () => {
    const before = await assets();
    await write('other.js', 'export const other = 2;');
    const changed = pageRoutes(folder);
    expect(await assets(changed)).not.toBe(before);
    expect((await changed.request(`${before}/other.js`)).status).toBe(404);
  });

  it.each(['.tsbuildinfo', 'index.html', '..%2fother.js', 'none.js'])(
    'has no %s among its parts',
    async (name) => {
      const { status } = await pageRoutes(folder).request(`${await assets()}/${name}`);
      expect(status).toBe(404);
    },
  );

  it('says so where it was not built', async () => {
    const answer = await pageRoutes(path.join(folder, 'none')).request('/');
    expect([answer.status, await answer.text()]).toEqual([503, 'The page is not built: npm run build']);
  });
});
