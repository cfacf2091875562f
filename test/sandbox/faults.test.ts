import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type FaultRule, LOST_STATES, MALFORMED } from '../../src/sandbox/faults.ts';
import {
  AMELIA,
  ANCHOR,
  ask,
  calendar,
  DEV,
  errorOf,
  Item,
  json,
  messages,
  Page,
  start,
  walk,
} from './support.ts';

type Effect = FaultRule['effect'];

describe('refusals', () => {
  test('429, 5xx with Retry-After in seconds, as a date, or without', async () => {
    await using sandbox = await start();
    const cases: [Effect, string | null][] = [
      [{ type: 'refuse', status: 429, retryAfter: 7 }, '7'],
      [
        { type: 'refuse', status: 503, retryAfter: 60, httpDate: true },
        new Date(ANCHOR + 60_000).toUTCString(),
      ],
      [{ type: 'refuse', status: 504 }, null],
      [{ type: 'refuse', status: 500 }, null],
      [{ type: 'refuse', status: 509 }, null],
    ];
    for (const [effect, retryAfter] of cases) {
      const off = sandbox.faults.add({ effect });
      const response = await ask(sandbox, calendar(AMELIA));
      off();
      expect([response.status, response.headers.get('retry-after')]).toEqual([
        effect.type === 'refuse' ? effect.status : 0,
        retryAfter,
      ]);
      expect((await errorOf(response)).code).toMatch(/\w/);
    }
    expect((await ask(sandbox, calendar(AMELIA))).status).toBe(200);
  });

  test('410 with and without a Location', async () => {
    await using sandbox = await start();
    for (const location of [true, false]) {
      const off = sandbox.faults.add({ effect: { type: 'gone', location } });
      const response = await ask(sandbox, calendar(AMELIA));
      off();
      expect([response.status, response.headers.has('location')]).toEqual([410, location]);
    }
  });

  test.each(LOST_STATES)('%s in every status, outside and nested', async (code) => {
    await using sandbox = await start();
    for (const status of [410, 400, 404] as const) {
      for (const nested of [false, true]) {
        const off = sandbox.faults.add({ effect: { type: 'lost state', code, status, nested } });
        const error = await errorOf(await ask(sandbox, calendar(AMELIA)));
        off();
        expect(error.status).toBe(status);
        expect(nested ? error.inner : error.code).toBe(code);
      }
    }
  });

  test('one mailbox may be denied mail only, calendar only, or both', async () => {
    await using sandbox = await start();
    for (const area of ['mail', 'calendar', 'both'] as const) {
      const off = sandbox.faults.add({
        match: { mailbox: AMELIA.toUpperCase(), area },
        effect: { type: 'denied' },
      });
      const statuses = await Promise.all(
        [calendar(AMELIA), messages(AMELIA, 'inbox'), calendar(DEV), messages(DEV, 'inbox'), 'users'].map(
          async (path) => (await ask(sandbox, path)).status,
        ),
      );
      off();
      expect(statuses).toEqual([area === 'mail' ? 200 : 403, area === 'calendar' ? 200 : 403, 200, 200, 200]);
    }
  });

  test('an expired token and a missing mailbox', async () => {
    await using sandbox = await start();
    sandbox.faults.add(
      { match: { count: 1 }, effect: { type: 'expired token' } },
      { match: { nth: 2 }, effect: { type: 'no mailbox' } },
    );
    expect(await errorOf(await ask(sandbox, calendar(AMELIA)))).toMatchObject({
      status: 401,
      code: 'InvalidAuthenticationToken',
    });
    expect(await errorOf(await ask(sandbox, calendar(AMELIA)))).toMatchObject({
      status: 404,
      code: 'MailboxNotEnabledForRESTAPI',
    });
    expect((await ask(sandbox, calendar(AMELIA))).status).toBe(200);
  });

  test('more requests at once than the limit are throttled', async () => {
    const waiting: (() => void)[] = [];
    const clock = { now: () => ANCHOR, sleep: () => new Promise<void>((resolve) => waiting.push(resolve)) };
    await using sandbox = await start({ clock });
    sandbox.faults.add(
      { match: { mailbox: AMELIA }, effect: { type: 'concurrency', limit: 2 } },
      { match: { mailbox: AMELIA, count: 2 }, effect: { type: 'slow', ms: 5000 } },
    );
    const held = [1, 2].map(() => ask(sandbox, calendar(AMELIA)));
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect((await ask(sandbox, calendar(AMELIA))).status).toBe(429);
    expect((await ask(sandbox, calendar(DEV))).status).toBe(200);
    for (const go of waiting) go();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe('which requests suffer', () => {
  test('by path, kind, token, nth and count', async () => {
    await using sandbox = await start();
    const { deltaLink } = await walk(sandbox, calendar(AMELIA));
    const statuses = (paths: string[]) =>
      paths.reduce<Promise<number[]>>(
        async (done, path) => [...(await done), (await ask(sandbox, path)).status],
        Promise.resolve([]),
      );
    const effect: Effect = { type: 'refuse', status: 500 };
    const cases: [FaultRule['match'], string[], number[]][] = [
      [{ path: '/mailFolders/' }, [calendar(AMELIA), messages(AMELIA, 'inbox')], [200, 500]],
      [{ kind: 'calendar delta', token: true }, [calendar(AMELIA), deltaLink], [200, 500]],
      [{ nth: 2 }, ['users', 'users', 'users'], [200, 500, 200]],
      [{ nth: 2, count: 2 }, ['users', 'users', 'users', 'users'], [200, 500, 500, 200]],
      [{ count: 1 }, ['users', 'users'], [500, 200]],
    ];
    for (const [match, paths, wanted] of cases) {
      const off = sandbox.faults.add({ match, effect });
      expect(await statuses(paths)).toEqual(wanted);
      off();
    }
  });

  test('by chance, the same chance for the same seed', async () => {
    const run = async () => {
      await using sandbox = await start();
      sandbox.faults.add({ match: { probability: 0.5 }, effect: { type: 'refuse', status: 503 } });
      const statuses: number[] = [];
      for (let number = 0; number < 12; number += 1) statuses.push((await ask(sandbox, 'users')).status);
      return statuses;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await run()).toEqual(first);
  });

  test('a rule that is none is refused', async () => {
    await using sandbox = await start();
    const response = await fetch(`${sandbox.url}/sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ rules: [{ effect: { type: 'explode' } }] }),
    });
    expect(response.status).toBe(400);
  });
});

describe('damaged answers', () => {
  test('a cut connection, and JSON that stops half way', async () => {
    await using sandbox = await start();
    sandbox.faults.add(
      { match: { nth: 1 }, effect: { type: 'cut' } },
      { match: { nth: 2 }, effect: { type: 'truncate' } },
    );
    await expect(ask(sandbox, calendar(AMELIA)).then((response) => response.text())).rejects.toThrow();
    const half = await ask(sandbox, calendar(AMELIA));
    expect(half.status).toBe(200);
    await expect(half.json()).rejects.toThrow(SyntaxError);
    expect(sandbox.requests().map(({ status }) => status)).toEqual([0, 200]);
    expect(Page.parse(await json(sandbox, calendar(AMELIA))).value).toHaveLength(10);
  });

  test('a page with neither link', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ effect: { type: 'no links' } });
    expect(Object.keys(await json(sandbox, calendar(AMELIA))).sort()).toEqual(['@odata.context', 'value']);
  });

  test('an item twice, the older version first', async () => {
    await using sandbox = await start();
    sandbox.faults.add({ effect: { type: 'duplicate', stale: true } });
    const page = Page.parse(await json(sandbox, messages(AMELIA, 'inbox'))).value.map((value) =>
      Item.parse(value),
    );
    expect(page).toHaveLength(11);
    expect(page[0]?.id).toBe(page[10]?.id);
    expect(page[0]?.subject).toBe(`${page[10]?.subject} (earlier wording)`);
  });

  test('another order, the same items', async () => {
    await using sandbox = await start();
    const ids = async () =>
      Page.parse(await json(sandbox, messages(AMELIA, 'inbox'))).value.map((value) => Item.parse(value).id);
    const before = await ids();
    sandbox.faults.add({ effect: { type: 'reorder' } });
    const after = await ids();
    expect(after).not.toEqual(before);
    expect([...after].sort()).toEqual([...before].sort());
  });

  test('older changes once more', async () => {
    await using sandbox = await start();
    const { items, deltaLink } = await walk(sandbox, messages(AMELIA, 'inbox'));
    sandbox.faults.add({ match: { token: true }, effect: { type: 'replay', changes: 3 } });
    const again = (await walk(sandbox, deltaLink, 2)).items;
    expect(again.length).toBeGreaterThanOrEqual(2);
    expect(items.map(({ id }) => id)).toEqual(
      expect.arrayContaining(again.filter((item) => item['@removed'] === undefined).map(({ id }) => id)),
    );
  });

  test.each([
    ['calendar', calendar(AMELIA)],
    ['mail', messages(AMELIA, 'inbox')],
  ])('malformed items of every kind in %s', async (_, path) => {
    await using sandbox = await start();
    sandbox.faults.add({ match: { nth: 1 }, effect: { type: 'malformed', items: [...MALFORMED] } });
    const page = Page.parse(await json(sandbox, path)).value.slice(10);
    const [nul, surrogate, huge, late, untitled, unattended, nameless] = page;
    expect(String(nul?.['subject'])).toContain('\u0000');
    expect(String(surrogate?.['subject']).isWellFormed()).toBe(false);
    expect(z.object({ content: z.string() }).parse(huge?.['body']).content.length).toBeGreaterThan(
      10_000_000,
    );
    expect(JSON.stringify(late)).toContain('9999-12-31');
    expect(untitled).not.toHaveProperty('subject');
    expect([unattended?.['attendees'], unattended?.['toRecipients']]).toContain(null);
    expect(nameless).not.toHaveProperty('id');
  });
});
