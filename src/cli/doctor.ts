import { access, constants, mkdir } from 'node:fs/promises';
import type { Graph } from '../graph/client.ts';
import { blockersOf, checkStore, flawsOf } from '../store/check.ts';
import { readStatus } from '../store/feeds.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { checkCredential, credentialWords } from './doctor-credential.ts';
import { checkDashboard } from './doctor-dashboard.ts';
import { checkMailboxes } from './doctor-mailboxes.ts';
import { checkWebhooks } from './doctor-webhooks.ts';
import { Findings } from './findings.ts';
import { printJson } from './output.ts';

/** Tries everything that the service needs and says how to mend what does not work. */
export async function doctor(context: Context, options: { readonly json?: boolean }): Promise<number> {
  const findings = new Findings();
  await checkDataDir(context, findings);
  const store = await checkStoreOpens(context, findings);
  const dimension = await checkModel(context, findings);
  if (store !== null) {
    await checkSchema(store, dimension, findings);
    await checkDashboard(context, store, findings);
  }
  const graph = await checkSignIn(context, findings);
  if (graph !== null) await checkMailboxes(context, { graph, store, findings });
  await checkWebhooks(context, findings);
  if (options.json === true) printJson(findings.list);
  else findings.print();
  return findings.allWell ? 0 : 1;
}

async function checkDataDir({ config: { dataDir } }: Context, findings: Findings): Promise<void> {
  const mend = `make ${dataDir} writable, or set TOUCHPOINT_DATA_DIR`;
  await findings.attempt('data directory', mend, async () => {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    return { detail: dataDir, value: true };
  });
}

async function checkStoreOpens(context: Context, findings: Findings): Promise<Store | null> {
  const mend = 'run `touchpoint migrate`; check SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY or DATABASE_URL';
  return findings.attempt('store', mend, async () => {
    const store = await context.store();
    const { touchpoints } = await readStatus(store);
    const total = Object.values(touchpoints).reduce((sum, number) => sum + number, 0);
    return { detail: `${store.driver}, ${total} touchpoints`, value: store };
  });
}

/** @returns the length of the encoder's vectors; null without one */
async function checkModel(context: Context, findings: Findings): Promise<number | null> {
  const { modelsDir, models } = context.config;
  const mend = `put the model folder ${models.encoder} into ${modelsDir}, or set TOUCHPOINT_MODELS`;
  return findings.attempt('model', mend, async () => {
    const tagger = await context.tagger();
    const [vector] = await tagger.embed(['ready']);
    return { detail: tagger.encoder, value: vector?.length ?? 0 };
  });
}

async function checkSchema(store: Store, dimension: number | null, findings: Findings): Promise<void> {
  const found = await findings.attempt('schema', 'run `touchpoint migrate`', async () => {
    const value = await checkStore(store);
    const wrong = [...blockersOf({ ...value, denied: [] }), ...flawsOf({ ...value, exposed: [] })];
    if (wrong.length > 0) throw new Error(wrong.join('; '));
    return { detail: `everything is there, pgvector ${value.vector}`, value };
  });
  if (found === null) return;
  const fits = dimension === null || dimension === found.dimension;
  findings.add({
    check: 'vectors',
    ok: fits,
    detail: fits
      ? `${found.dimension} numbers each`
      : `the store takes ${found.dimension} numbers each, the encoder gives ${dimension}`,
    ...(fits ? {} : { mend: `set models.encoder to one with ${found.dimension} dimensions` }),
  });
  const wrong = [...found.denied, ...found.exposed];
  findings.add({
    check: 'privileges',
    ok: wrong.length === 0,
    detail: wrong.length === 0 ? `${found.role} has what it needs, others nothing` : wrong.join(', '),
    ...(wrong.length === 0
      ? {}
      : {
          mend: 'as the owner of the schema run `select touchpoint.seal()`; connect as service_role or that owner',
        }),
  });
}

async function checkSignIn(context: Context, findings: Findings): Promise<Graph | null> {
  const mend = 'see "Signing in" in the README; `graph.cloud` must be the one that the tenant lives in';
  const graph = await findings.attempt('sign-in', mend, async () => {
    const tenant = await context.tenant();
    const value = await context.graph();
    await tenant.token.token();
    const who = `${credentialWords(tenant.credential)}, ${context.config.graph.cloud} cloud`;
    const detail =
      tenant.sandbox === null ? `${tenant.baseUrl}: ${who}` : 'sandbox tenant (none is configured)';
    return { detail, value };
  });
  await checkCredential(context, findings);
  return graph;
}
