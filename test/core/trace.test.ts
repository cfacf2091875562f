import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTagger, type Tagger } from '../../src/classify/tagger.ts';
import { silentLog } from '../../src/core/log.ts';
import { packagePath } from '../../src/core/paths.ts';
import { span, spansHere, startTracing } from '../../src/core/trace.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import { anna, clients, jane, meet, smallTenant, write } from '../support/small-tenant.ts';
import { memoryStore } from '../support/store.ts';
import { syncDeps } from '../support/sync.ts';

/** What an operator's SDK is given: every step, one run of the encoder per touchpoint, and nothing of what was said. */

const exporter = new InMemorySpanExporter();
let store: PgliteStore;
let tagger: Tagger;
let sandbox: Sandbox;
let config: Awaited<ReturnType<typeof smallTenant>>['config'];
beforeAll(async () => {
  ({ sandbox, config } = await smallTenant());
  store = await memoryStore();
  tagger = await createTagger({
    modelsDir: packagePath('models'),
    encoder: config.models.encoder,
    taxonomyFile: packagePath('config', 'taxonomy.yaml'),
    workers: 1,
    log: silentLog,
  });
  // labels that have no trained head are derived first: those texts are no touchpoints
  await tagger.tag([{ kind: 'email', title: 'warm-up', text: '' }]);
});
afterAll(async () => {
  await tagger?.close();
  await store?.close();
  await sandbox?.close();
  trace.disable();
  context.disable();
});
beforeEach(() => exporter.reset());

function named(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((found) => found.name === name);
}

it('until it is switched on nothing is recorded, also with an SDK', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
  expect(await span('pass', {}, async () => 'done')).toBe('done');
  spansHere()('encode', {})();
  expect(exporter.getFinishedSpans()).toEqual([]);
});

it('a pass shows its feeds, pages and calls of the store, and each touchpoint goes through the encoder once', async () => {
  await startTracing();
  meet(sandbox, 'A secret review', [anna, jane]);
  for (let n = 0; n < 5; n += 1)
    write(sandbox, `A secret mail ${n}`, [jane, anna], { html: `<p>Whisper ${n}</p>` });
  const deps = syncDeps(sandbox, store);
  const { feeds } = await syncPass(deps, config);
  const { tagged } = await tagPending({ ...deps, tagger });

  expect(tagged).toBe(6);
  expect(named('encode')).toHaveLength(tagged);
  expect(named('pass')).toHaveLength(1);
  expect(named('feed')).toHaveLength(feeds);
  const parents = (name: string) =>
    new Set(named(name).map(({ parentSpanContext }) => parentSpanContext?.spanId));
  const ids = (name: string) => new Set(named(name).map((found) => found.spanContext().spanId));
  expect(parents('feed')).toEqual(ids('pass'));
  expect(parents('encode')).toEqual(ids('tag page'));
  expect([...parents('page')].every((parent) => ids('feed').has(parent ?? ''))).toBe(true);
  expect(named('store').map(({ attributes }) => attributes['function'])).toContain('touchpoint_page_commit');

  const said = JSON.stringify(
    exporter.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes })),
  );
  for (const word of ['secret', 'Whisper', 'Acme', anna.address, jane.address, clients[0]?.name ?? '']) {
    expect(said).not.toContain(word);
  }
});

it('what fails is marked with its kind, not with its words', async () => {
  await startTracing();
  await expect(span('page', { feed: 1 }, () => Promise.reject(new TypeError('of Jane')))).rejects.toThrow(
    'of Jane',
  );
  const [failed] = named('page');
  expect(failed?.attributes).toEqual({ feed: 1, 'error.type': 'TypeError' });
  expect(failed?.status).toEqual({ code: 2 });
});
