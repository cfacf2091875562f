import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { packagePath } from '../../src/core/paths.ts';
import type { Daemon } from './daemon.ts';

/** Pages of a real browser on a real daemon; each is watched for what it must never do. */

/** For whatever waits: the machine may be busy with the model. Milliseconds. */
export const PATIENCE = 90_000;

export interface Visit {
  readonly page: Page;
  /** Errors on the console, of scripts and of the content security policy, so far. */
  readonly errors: string[];
  readonly requests: string[];
}

export interface VisitOptions extends BrowserContextOptions {
  /** Errors that belong to the test, such as the browser's own line about a 401. */
  readonly expected?: RegExp;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['TOUCHPOINT_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

/** Opens an address of the page; when the test is over nothing may have gone wrong, and nothing may have left the machine. */
export async function visit(
  { browser, daemon }: { readonly browser: Browser; readonly daemon: Pick<Daemon, 'url'> },
  hash = '',
  { expected, ...options }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-AU',
    timezoneId: 'Australia/Sydney',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') errors.push(line.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(errors.filter((error) => expected?.test(error) !== true)).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${daemon.url}/`))).toEqual([]);
  });
  await page.goto(`${daemon.url}/${hash}`);
  return { page, errors, requests };
}

/** Kept by CI, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = packagePath('test-results');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** The number in the heading of the list. */
export async function total(page: Page): Promise<number> {
  const words = await page.locator('#total').innerText();
  return Number(words.replaceAll(',', '').match(/^\d+/)?.[0]);
}
