import { expect, test } from 'vitest';
import { deltaPages, listItems, readDeltaPage } from '../../src/graph/delta.ts';
import { GraphError, GraphProtocolError } from '../../src/graph/errors.ts';
import { all, answer, caught, graphAt, graphProblem, type Server, startServer } from './support.ts';

type Links = { next?: string; delta?: string };

/** Serves pages by path; links are relative to the server. */
function serving(pages: Record<string, Links & { value?: unknown }>): Promise<Server> {
  return startServer(({ url, headers }, response) => {
    const page = pages[url.replace('/v1.0', '')];
    if (page === undefined) return answer(response, 404, graphProblem('ErrorItemNotFound'));
    const link = (path: string | undefined) =>
      path === undefined ? undefined : `http://${headers.host}/v1.0${path}`;
    const body = {
      value: page.value,
      '@odata.nextLink': link(page.next),
      '@odata.deltaLink': link(page.delta),
    };
    answer(response, 200, body);
  });
}

test('a round is walked to its delta link, through empty pages, with the preferences on every page', async () => {
  await using server = await serving({
    '/start': { value: [], next: '/two?$skiptoken=1' },
    '/two?$skiptoken=1': { value: [{ id: 'a' }, null], next: '/three' },
    '/three': { value: [{ id: 'b' }], delta: '/next?$skiptoken=d' },
  });
  const prefer = ['odata.maxpagesize=2', 'outlook.timezone="UTC"'];
  const pages = await all(deltaPages(graphAt(server.origin), '/start', { prefer, mailbox: 'a@b.example' }));
  expect(pages.map(({ items }) => items)).toEqual([[], [{ id: 'a' }, null], [{ id: 'b' }]]);
  expect(pages.map(({ nextLink, deltaLink }) => [nextLink, deltaLink])).toEqual([
    [`${server.origin}/v1.0/two?$skiptoken=1`, null],
    [`${server.origin}/v1.0/three`, null],
    [null, `${server.origin}/v1.0/next?$skiptoken=d`],
  ]);
  const all3 = `IdType="ImmutableId", ${prefer.join(', ')}`;
  expect(server.seen.map(({ headers }) => headers['prefer'])).toEqual([all3, all3, all3]);
});

test('a walk can start from the link of an earlier one', async () => {
  await using server = await serving({ '/two': { value: [1], delta: '/d' } });
  const pages = await all(deltaPages(graphAt(server.origin), `${server.origin}/v1.0/two`));
  expect(pages).toHaveLength(1);
});

test('the next page is asked for only when the last one was taken', async () => {
  await using server = await serving({ '/1': { value: [], next: '/2' }, '/2': { value: [], delta: '/d' } });
  for await (const _page of deltaPages(graphAt(server.origin), '/1')) break;
  expect(server.seen).toHaveLength(1);
});

test('one that reads ahead has the next page on its way while the last is worked on, and lets it go when it is not wanted', async () => {
  await using server = await serving({
    '/1': { value: [1], next: '/2' },
    '/2': { value: [2], next: '/3' },
    '/3': { value: [3], delta: '/d' },
  });
  const graph = graphAt(server.origin);
  const asked: string[] = [];
  const watched = {
    ...graph,
    request: (link: string, options = {}) => {
      asked.push(link);
      return graph.request(link, options);
    },
  };
  for await (const { items } of deltaPages(watched, '/1', { ahead: true })) {
    expect(asked).toHaveLength(Math.min(Number(items[0]) + 1, 3));
  }
  expect(asked).toHaveLength(3);
  asked.length = 0;
  for await (const _page of deltaPages(watched, '/1', { ahead: true })) break;
  expect(asked).toHaveLength(2);
});

test('what goes wrong with a page that was read ahead is heard when it is its turn', async () => {
  await using server = await serving({ '/1': { value: [1], next: '/nowhere' } });
  const taken: unknown[] = [];
  const walk = async () => {
    for await (const { items } of deltaPages(graphAt(server.origin), '/1', { ahead: true }))
      taken.push(...items);
  };
  expect(await caught(walk())).toBeInstanceOf(GraphError);
  expect(taken).toEqual([1]);
  for await (const _page of deltaPages(graphAt(server.origin), '/1', { ahead: true })) break;
});

test('a first page that is there already is not asked for again', async () => {
  await using server = await serving({ '/1': { value: [1], next: '/2' }, '/2': { value: [2], delta: '/d' } });
  const first = readDeltaPage(graphAt(server.origin), '/1', {});
  const pages = await all(deltaPages(graphAt(server.origin), '/1', { first }));
  expect(pages.map(({ items }) => items)).toEqual([[1], [2]]);
  expect(server.seen).toHaveLength(2);
});

test('a page with neither link is an error and never the end', async () => {
  await using server = await serving({
    '/1': { value: [{ id: 'a' }], next: '/2' },
    '/2': { value: [{ id: 'b' }] },
  });
  const taken: unknown[] = [];
  const walk = async () => {
    for await (const page of deltaPages(graphAt(server.origin), '/1')) taken.push(...page.items);
  };
  expect(await caught(walk())).toBeInstanceOf(GraphProtocolError);
  expect(taken).toEqual([{ id: 'a' }]);
});

test('links that lead round in a circle are an error', async () => {
  await using self = await serving({ '/1': { value: [], next: '/2' }, '/2': { value: [], next: '/2' } });
  expect(await caught(all(deltaPages(graphAt(self.origin), '/1')))).toBeInstanceOf(GraphProtocolError);
  await using circle = await serving({
    '/0': { next: '/1' },
    '/1': { next: '/2' },
    '/2': { value: [], next: '/1' },
  });
  expect(await caught(listItems(graphAt(circle.origin), '/0'))).toBeInstanceOf(GraphProtocolError);
  expect(circle.seen).toHaveLength(3);
});

test('a page that is no page is an error that does not quote it', async () => {
  await using server = await startServer((_seen, response) => answer(response, 200, { value: 'a secret' }));
  const error = await caught(all(deltaPages(graphAt(server.origin), '/1')));
  expect(error).toBeInstanceOf(GraphProtocolError);
  expect(String(error)).toContain('value: invalid_type');
  expect(String(error)).not.toContain('secret');
});

test('a list ends with the page that has no link, and may have no items at all', async () => {
  await using server = await serving({
    '/1': { value: [1, 2], next: '/2' },
    '/2': { value: [3] },
    '/none': {},
  });
  expect(await listItems(graphAt(server.origin), '/1')).toEqual([1, 2, 3]);
  expect(await listItems(graphAt(server.origin), '/none')).toEqual([]);
});
