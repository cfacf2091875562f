import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Example, readExamples } from '../../src/classify/examples.ts';
import { promptText } from '../../src/classify/prompt.ts';
import { packagePath } from '../../src/core/paths.ts';
import { always, endpoint, type Mind, TOKENS } from '../support/endpoint.ts';
import { runCommand } from './run-command.ts';

/** A language model beside ours, over real HTTP, and what it costs. */

let folder: string;
let items: readonly Example[];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-llm-'));
  const all = await readExamples([packagePath('config', 'training', 'risks.jsonl')]);
  items = all.filter(({ split, risk }) => split === 'dev' && risk !== undefined).slice(0, 40);
  await writeFile(path.join(folder, 'risks.jsonl'), items.map((item) => JSON.stringify(item)).join('\n'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Setting {
  readonly url: string;
  /** The data directory: each has a budget of its own. */
  readonly data?: string;
  readonly tokens?: number;
  readonly withhold?: string;
}

async function evaluate(
  { url, data = 'data', tokens = 200_000, withhold = '{}' }: Setting,
  ...args: readonly string[]
) {
  const settings = `fallback: { provider: openai, model: m, daily_tokens: ${tokens}, withhold: ${withhold} }\n`;
  await writeFile(path.join(folder, 'touchpoint.yaml'), settings);
  const env = { TOUCHPOINT_DATA_DIR: path.join(folder, data), OPENAI_API_KEY: 'k', OPENAI_BASE_URL: url };
  const run = (words: readonly string[]) => runCommand(words, { cwd: folder, env });
  return { ...(await run(['evaluate', 'risks.jsonl', '--task', 'risk', ...args])), run };
}

const figures = z.looseObject({ accuracy: z.number(), macroF1: z.number() });
const Report = z.looseObject({
  tasks: z.array(z.looseObject({ measures: figures })),
  llm: z
    .object({
      model: z.string(),
      items: z.number(),
      tokens: z.number(),
      stopped: z.string().nullable(),
      tasks: z.array(
        z.looseObject({
          ...{ task: z.string(), asked: z.number(), answered: z.number() },
          ...{ ours: figures, theirs: figures },
        }),
      ),
    })
    .nullable(),
});

/** Knows the right answer to every item. */
const oracle: Mind = ({ items: got }) => ({
  said: got.flatMap(({ key, text, tasks }) => {
    const risk = items.find((item) => promptText(item) === text)?.risk ?? [];
    return tasks.map((task) => ({ key, task, labels: risk, confidence: 0.9 }));
  }),
});

describe('evaluate --llm', { timeout: 120_000 }, () => {
  it('asks nobody unasked, and says so where there is nobody', async () => {
    const { url, calls } = await endpoint(always(['churn']));
    const { code, out } = await evaluate({ url }, '--json');
    expect(code).toBe(0);
    expect(Report.parse(JSON.parse(out)).llm).toBeNull();
    expect(calls).toHaveLength(0);
    await rm(path.join(folder, 'touchpoint.yaml'));
    const off = await runCommand(['evaluate', 'risks.jsonl', '--llm', '5'], { cwd: folder, env: {} });
    expect(off).toMatchObject({ code: 2, out: '' });
    expect(off.err).toContain('fallback.provider is off');
  });

  it('measures what knows everything beside ours on the same items, and books the tokens', async () => {
    const { url, calls } = await endpoint(oracle);
    const { code, out, run } = await evaluate({ url }, '--llm', '12', '--json');
    expect(code).toBe(0);
    const { llm } = Report.parse(JSON.parse(out));
    const spent = 2 * (TOKENS.in + TOKENS.out);
    expect(llm).toMatchObject({ model: 'openai/m', items: 12, tokens: spent, stopped: null });
    expect(llm?.tasks).toHaveLength(1);
    expect(llm?.tasks[0]).toMatchObject({
      ...{ task: 'risk', asked: 12, answered: 12 },
      theirs: { accuracy: 1, macroF1: 1 },
    });
    // the same items each time, whoever answers
    const asked = calls.flatMap(({ items: got }) => got.map(({ text }) => text));
    const again = await endpoint(always(['churn']));
    const other = await evaluate({ url: again.url }, '--llm', '12', '--json');
    expect(again.calls.flatMap(({ items: got }) => got.map(({ text }) => text))).toEqual(asked);
    const [theirs] = Report.parse(JSON.parse(other.out)).llm?.tasks ?? [];
    const churn = items.filter((item) => asked.includes(promptText(item)) && item.risk?.[0] === 'churn');
    expect(theirs?.theirs.accuracy).toBeCloseTo(churn.length / 12, 10);
    expect(theirs?.ours).toEqual(llm?.tasks[0]?.ours);
    const { fallback } = JSON.parse((await run(['status', '--json'])).out);
    expect(fallback).toMatchObject({ today: { tokens: 2 * spent, requests: 4, asked: 0 } });
  });

  it('prints both, and ours on all items when all are asked', async () => {
    const { url } = await endpoint(oracle);
    const { out } = await evaluate({ url }, '--llm', '1000');
    expect(out).toContain(
      `openai/m was to be asked about 40 items: ${(5 * 790).toLocaleString('en-AU')} tokens spent.`,
    );
    const row = /^\| risk +\| 40 of 40 .*$/m.exec(out)?.[0] ?? '';
    const overall = /^\| risk +\| 40 +\| ([\d.]+ %)/m.exec(out)?.[1] ?? 'none';
    expect(row).toContain(`| ${overall} (`);
    expect(row).toContain('100.0 % (100.0-100.0)');
  });

  it('ends with the budget of the day, and sends nothing that is withheld', async () => {
    const { url, calls } = await endpoint(oracle);
    const few = await evaluate({ url, tokens: 3500, data: 'other' }, '--llm', '40', '--json');
    const { llm } = Report.parse(JSON.parse(few.out));
    expect(llm).toMatchObject({ stopped: 'budget' });
    expect(llm?.tokens).toBeLessThanOrEqual(3500);
    const before = calls.length;
    const label = await evaluate(
      { url, withhold: '{ labels: [risk=churn] }' },
      ...['--llm', '1000', '--json'],
    );
    const { llm: some } = Report.parse(JSON.parse(label.out));
    const sent = calls.slice(before).flatMap(({ items: got }) => got.map(({ text }) => text));
    const churn = items.filter(({ risk }) => risk?.includes('churn')).map(promptText);
    expect(churn.length).toBeGreaterThan(0);
    expect(sent.length).toBe(some?.items);
    expect(sent.filter((text) => churn.includes(text))).toEqual([]);
  });
});
