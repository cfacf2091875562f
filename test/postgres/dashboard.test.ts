import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Config } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { probeDashboard } from '../../src/store/dashboard.ts';
import { commitPage } from '../../src/store/pages.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Store } from '../../src/store/store.ts';
import { collect } from '../../src/sync/dashboard.ts';
import { publish } from '../../src/sync/publish.ts';
import { tagPending } from '../../src/sync/tagging.ts';
import { copy, newFeed, page, touchpoint } from '../store/contract/fixtures.ts';
import { createDashboard, fillDashboard, refreshes } from '../support/dashboard.ts';
import { asServiceRole, createDatabase, openSql } from '../support/postgres.ts';
import { emptyStore } from '../support/store.ts';
import { testConfig } from '../support/sync.ts';
import { labelTagger } from '../support/tagger.ts';

/** The bridge to the dashboard with the service's own rights, and with less than that; two daemons at once. */

const NOW = Date.UTC(2026, 2, 1);
let url: string;
let admin: ReturnType<typeof openSql>;
let store: Store;
let config: Config;
beforeAll(async () => {
  url = await createDatabase(inject('postgresUrl'));
  admin = openSql(url);
  store = openPostgres(asServiceRole(url));
  const base = await testConfig();
  const on = { meetings: 'on', meeting_types: 'on', action_categories: 'on', nps_topics: 'on' } as const;
  config = { ...base, dashboard: { ...base.dashboard, publish: on } };
  await createDashboard(admin.sql);
  await fillDashboard(admin.sql);
});
afterAll(async () => {
  await Promise.all([store?.close(), admin?.close()]);
});
beforeEach(() => emptyStore(admin));

const deps = () => ({ store, clock: systemClock(NOW), log: silentLog });

describe('as service_role', () => {
  it('everything is collected, tagged and published, by two at once as by one', async () => {
    await Promise.all([collect(deps(), config), collect(deps(), config)]);
    const after = await collect(deps(), config);
    expect(after).toMatchObject({ problems: [], tally: { fetched: 0 } });
    const labels = {
      action: { billing: 0.7 },
      sentiment: { negative: 0.8 },
      topic: { 'value & pricing': 0.6 },
    };
    await tagPending({ ...deps(), tagger: labelTagger(labels) });
    const copies = Array.from({ length: 200 }, (_, n) => copy(`e${n}`, touchpoint(`k${n}`)));
    await commitPage(store, page(await newFeed(store), 0, { copies }));
    await refreshes(admin.sql);
    const [one, two] = await Promise.all([publish(deps(), config), publish(deps(), config)]);
    expect([...one.problems, ...two.problems]).toEqual([]);
    expect(
      await admin.sql(`select count(*)::int as n from public.actions where auto_category = 'billing'`),
    ).toEqual([{ n: 3 }]);
    expect(await admin.sql('select count(*)::int as n from public.nps_topic_classifications')).toEqual([
      { n: 3 },
    ]);
    // whoever was second takes nothing from what the first one knows to be its own
    expect(
      await admin.sql(`select count(*)::int as n from touchpoint.dashboard_published d
        join public.unified_meetings u on u.id::text = d.row_id where d.target = 'meetings' and d.inserted and d.wrote <> '{}'`),
    ).toEqual([{ n: 200 }]);
    await refreshes(admin.sql);
    expect((await publish(deps(), config)).tally.fetched).toBe(0);
    expect(await refreshes(admin.sql)).toEqual([]);
  });
});

describe('with less than that', () => {
  it('a table that hides its rows, or may not be read, deletes nothing', async () => {
    await collect(deps(), config);
    const role = `reader_${Date.now()}`;
    await admin.sql(`create role ${role} inherit in role service_role`);
    await admin.sql('alter table public.actions enable row level security');
    await admin.sql('revoke select on public.topics from service_role');
    const limited = new URL(url);
    limited.searchParams.set('options', `-c role=${role}`);
    const reader = openPostgres(limited.href);
    try {
      const problems = (await probeDashboard(reader, config.dashboard.risks))
        .filter(({ problem }) => problem !== null)
        .map(({ source, problem }) => [source, problem]);
      expect(problems).toEqual([
        ['actions', `row level security hides its rows from ${role}`],
        ['topics', `${role} may not read it`],
      ]);
      expect(await collect({ ...deps(), store: reader }, config)).toMatchObject({ tally: { fetched: 0 } });
      expect(await admin.sql('select 1 from touchpoint.touchpoints where deleted_at is not null')).toEqual(
        [],
      );
    } finally {
      await reader.close();
      await admin.sql('alter table public.actions disable row level security');
      await admin.sql('grant select on public.topics to service_role');
      await admin.sql(`drop role ${role}`);
    }
  });
});
