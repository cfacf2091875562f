import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { packagePath } from '../../src/core/paths.ts';

/** The built commands as a person runs them: processes of their own, in a folder of their own. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function launch(args: readonly string[], env: Record<string, string> = {}) {
  const bare = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(AZURE|TOUCHPOINT|SUPABASE|DATABASE)/.test(key)),
  );
  return spawn(process.execPath, [packagePath('dist', 'cli', 'main.js'), ...args], {
    cwd: folder,
    env: { ...bare, TOUCHPOINT_PORT: '0', ...env },
  });
}

async function run(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly input?: string } = {},
): Promise<Ran> {
  const child = launch(args, options.env);
  child.stdin.end(options.input ?? '');
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, out, err };
}

describe('wrong usage', () => {
  it.each([
    [['sync', '--kind', 'letter'], {}, 'Allowed choices are meeting, email'],
    [['classify', '--task', 'mood'], {}, 'wants one of intent, topic, action, risk, sentiment'],
    [['search'], {}, 'wants a question, or --similar with an id'],
    [['search', 'x', '--limit', '0'], {}, 'whole number'],
    [['export', '--since', 'soon'], {}, 'a date such as'],
    [['frobnicate'], {}, "unknown command 'frobnicate'"],
    [['status', '--config', 'none.yaml'], {}, 'there is no file none.yaml'],
    [['status'], { TOUCHPOINT_NOW: 'soon' }, 'TOUCHPOINT_NOW: got "soon", wants an ISO 8601 instant'],
    [['sync'], { AZURE_AD_CLIENT_ID: 'x' }, 'AZURE_AD_TENANT_ID'],
    [['sync'], { TOUCHPOINT_GRAPH_URL: 'http://graph.example', TOUCHPOINT_GRAPH_TOKEN: 't' }, 'https'],
  ])('%o %o exits with 2 and says what is wanted', async (args, env, message) => {
    const { code, out, err } = await run(args, { env });
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('has help for every command', async () => {
    const { out } = await run(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) /gm)]
      .flatMap(([, name]) => name ?? [])
      .filter((name) => name !== 'help');
    expect(names).toEqual(
      expect.arrayContaining([
        'start',
        'sync',
        'status',
        'classify',
        'import',
        'export',
        'search',
        'sandbox',
        'doctor',
      ]),
    );
    for (const name of names) {
      const help = await run([name, '--help']);
      expect(help.code).toBe(0);
      expect(help.out).toContain('--json');
    }
  });
});

describe('classify', () => {
  it('answers line by line, in order, with every label', async () => {
    const input = [
      '{"id":"a","title":"QBR with the hospital","text":""}',
      '',
      '{"id":2,"kind":"email","text":"The invoice is wrong"}',
    ].join('\n');
    const { code, out } = await run(['classify', '--task', 'intent'], { input });
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(lines.map(({ id }) => id)).toEqual(['a', 2]);
    expect(lines[0]).toMatchObject({ primary: 'qbr', uncertain: false });
    expect(Object.keys(lines[0].scores)).toHaveLength(7);
  });

  it('names the line that is wrong', async () => {
    const { code, err } = await run(['classify', '--task', 'risk'], {
      input: '{"id":"a","text":"x"}\nnot json\n',
    });
    expect(code).toBe(2);
    expect(err).toContain('line 2: not JSON');
  });
});

describe('a fresh machine', () => {
  it('starts with nothing configured, is used while it runs, and stops when told', {
    timeout: 120_000,
  }, async () => {
    const daemon = launch(['start']);
    onTestFinished(() => void daemon.kill('SIGKILL'));
    const said = { out: '' };
    const ready = new Promise<void>((resolve, reject) => {
      daemon.stdout.on('data', (chunk) => {
        said.out += String(chunk);
        if (said.out.includes('Next look')) resolve();
      });
      daemon.on('close', () => reject(new Error(`the daemon ended: ${said.out}`)));
    });
    const errors = text(daemon.stderr);
    await ready;
    const counts =
      /fetched ([\d,]+) = written ([\d,]+) \+ unchanged ([\d,]+) \+ skipped ([\d,]+) \+ failed ([\d,]+)/.exec(
        said.out,
      );
    const [fetched = 0, ...parts] = (counts ?? [])
      .slice(1)
      .map((figure) => Number(figure.replaceAll(',', '')));
    expect(fetched).toBeGreaterThan(1000);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(fetched);
    expect(said.out).toContain(' 0 waiting for tags');

    const found = JSON.parse(
      (await run(['search', 'who is unhappy about slow reports', '--json', '--limit', '5'])).out,
    );
    expect(found).toHaveLength(5);
    expect(
      found.filter(({ title, snippet }: { title: string; snippet: string }) =>
        /report/i.test(title + snippet),
      ).length,
    ).toBeGreaterThanOrEqual(4);

    const idle = JSON.parse((await run(['sync', '--json'])).out);
    expect(idle).toMatchObject({ written: 0, requests: idle.feeds, problems: [] });
    const mutated = JSON.parse((await run(['sandbox', 'mutate', '--json'])).out);
    expect(mutated.steps).toBe(1);
    expect(JSON.parse((await run(['sync', '--json'])).out).written).toBeGreaterThan(0);

    const exported = (await run(['export', '--kind', 'meeting'])).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(
      exported.every(
        ({ kind, embedded, tags, deleted }) =>
          kind === 'meeting' && embedded && Array.isArray(tags) && !deleted,
      ),
    ).toBe(true);
    expect((await run(['doctor', '--json'])).code).toBe(0);
    const refused = await run(['start'], { env: {} });
    expect(refused.code).toBe(2);

    daemon.removeAllListeners('close');
    const closed = new Promise<number | null>((resolve) => daemon.on('close', resolve));
    daemon.kill('SIGTERM');
    expect(await closed).toBe(0);
    const log = await errors;
    for (const { title } of exported.slice(0, 50)) if (title.length > 12) expect(log).not.toContain(title);
  });
});

describe('import', () => {
  it('takes JSON Lines and CSV, replaces what has the same id, and makes it searchable', async () => {
    const env = { TOUCHPOINT_DATA_DIR: path.join(folder, 'imports') };
    const lines = [
      {
        id: 'n1',
        client: 'Barwon Health',
        date: '2026-03-01',
        title: '',
        text: 'Reports take half an hour to load, we gave up.',
      },
      {
        id: 'n2',
        client: 'Barwon Health',
        date: '2026-03-02T10:00:00+11:00',
        title: '',
        text: 'The trainer was wonderful.',
      },
    ];
    const input = lines.map((line) => JSON.stringify(line)).join('\n');
    expect((await run(['import', '--kind', 'nps'], { env, input })).out).toContain('inserted 2');
    await writeFile(
      path.join(folder, 'again.csv'),
      'id,client,date,title,text\nn2,Barwon Health,2026-03-02,,"The trainer, again, was wonderful."\nn3,,,,Nil\n',
    );
    expect((await run(['import', '--kind', 'nps', 'again.csv'], { env })).out).toMatch(
      /updated 1.*inserted 1|inserted 1.*updated 1/,
    );
    const hits = JSON.parse(
      (
        await run(['search', 'slow dashboards', '--kind', 'nps', '--client', 'barwon health', '--json'], {
          env,
        })
      ).out,
    );
    expect(hits[0]).toMatchObject({ id: 'n1', client: 'Barwon Health' });
    const rows = (await run(['export'], { env })).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.find(({ id }) => id === 'n2')).toMatchObject({
      occurred_at: '2026-03-02T00:00:00.000Z',
      text: 'The trainer, again, was wonderful.',
    });
  });

  it('refuses a wrong line by number and member, and stores nothing of its page', async () => {
    const env = { TOUCHPOINT_DATA_DIR: path.join(folder, 'wrong') };
    const input = '{"id":"a","text":"fine"}\n{"text":"no id"}\n';
    const { code, err } = await run(['import', '--kind', 'nps'], { env, input });
    expect(code).toBe(2);
    expect(err).toContain('line 2: id');
    expect((await run(['export'], { env })).out).toBe('');
  });
});

it('the README shows every command', async () => {
  const readme = await readFile(packagePath('README.md'), 'utf8');
  const { out } = await run(['--help']);
  for (const [, name] of out.matchAll(/^ {2}([a-z]+) /gm))
    if (name !== 'help') expect(readme).toContain(`touchpoint ${name}`);
});
