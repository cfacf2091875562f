import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { packagePath } from '../core/paths.ts';

/** The page, from what the build left in dist/page. It holds no data: everybody may have it, the API asks for the key. */

/** Nothing from elsewhere, nothing inline, in nobody's frame; forms are sent by the page's own scripts alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const;
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const FOR_EVER = 'public, max-age=31536000, immutable';

/** @param folder what the build left; without an index.html in it the answer is 503 */
export function pageRoutes(folder: string = packagePath('dist', 'page')): Hono {
  const routes = new Hono();
  const files = readFiles(folder);
  const html = files.get('index.html')?.toString('utf8');
  files.delete('index.html');
  const base = `/assets/${hashOf([...files].flat())}`;
  const index = html === undefined ? null : filled(html, base, files);
  const tag = `W/"${hashOf([index ?? ''])}"`;

  routes.use('/', compress());
  routes.use('/assets/*', compress());
  routes.get('/', (context) => {
    if (index === null) return context.text('The page is not built: npm run build', 503);
    const headers = { ...HEADERS, 'cache-control': 'no-cache', etag: tag };
    if (context.req.header('if-none-match') === tag) return context.body(null, 304, headers);
    return context.html(index, 200, headers);
  });
  // what these paths hold never changes: their hash is of all files together, so that modules find each other
  routes.get('/assets/:hash/:file', (context) => {
    const name = context.req.param('file');
    const content = context.req.path === `${base}/${name}` ? files.get(name) : undefined;
    if (content === undefined) return context.text('there is no such file', 404, HEADERS);
    const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
    return context.body(new Uint8Array(content), 200, {
      ...HEADERS,
      'content-type': type,
      'cache-control': FOR_EVER,
    });
  });
  return routes;
}

function readFiles(folder: string): Map<string, Buffer> {
  try {
    const names = readdirSync(folder).filter((name) => /^[a-z-]+\.(html|js|css|svg)$/.test(name));
    return new Map(names.sort().map((name) => [name, readFileSync(path.join(folder, name))]));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
}

/** All modules that others name are asked for at once, instead of one after the other. */
function filled(html: string, base: string, files: ReadonlyMap<string, Buffer>): string {
  const named = [...files.values()].flatMap((content) => [
    ...content.toString('utf8').matchAll(/'\.\/([a-z-]+\.js)'/g),
  ]);
  const scripts = [...new Set(named.map(([, name]) => name))];
  const preloads = scripts.map((name) => `<link rel="modulepreload" href="${base}/${name}">`).join('\n    ');
  return html.replaceAll('{{assets}}', base).replace('{{preloads}}', preloads);
}

function hashOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url').slice(0, 16);
}
