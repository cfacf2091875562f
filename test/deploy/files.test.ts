import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { packagePath } from '../../src/core/paths.ts';
import { matches, textOf } from '../docs/documents.ts';

/** Deployment files: that they agree with the repository and with each other, as far as that shows without running them. */

it('the image copies files that there are, those alone, and runs as nobody special', async () => {
  const docker = await textOf('deploy/Dockerfile');
  const ignored = await textOf('.dockerignore');
  const allowed = new Set(matches(ignored, /^!(\S+)$/gm));
  const copied = matches(docker, /^COPY (?!--from)(.+) \S+$/gm).flatMap((list) => list.split(' '));
  expect(copied.length).toBeGreaterThan(8);
  expect(copied.map((name) => name.replace(/^\.\//, '')).filter((name) => !allowed.has(name))).toEqual([]);
  expect([...allowed].filter((name) => !existsSync(packagePath(name)))).toEqual([]);
  expect(docker).toMatch(/\nUSER node\n[\s\S]*\nENTRYPOINT /);
  const bases = matches(docker, /^FROM (\S+)/gm);
  expect(bases).toHaveLength(1);
  expect(bases[0]).toMatch(/^node:22\.\d+-bookworm-slim$/);
  expect(docker).toContain('/health/live');
});

it('what the published package needs is in the image', async () => {
  const { files } = z.object({ files: z.array(z.string()) }).parse(JSON.parse(await textOf('package.json')));
  const docker = await textOf('deploy/Dockerfile');
  const second = docker.slice(docker.lastIndexOf('\nFROM '));
  expect(files.filter((name) => !second.includes(name))).toEqual([]);
});

const Compose = z.object({
  services: z.object({
    touchpoint: z.object({
      read_only: z.literal(true),
      cap_drop: z.tuple([z.literal('ALL')]),
      ports: z.array(z.string().startsWith('127.0.0.1:')),
      environment: z.record(z.string(), z.string()),
    }),
  }),
});

it('the compose file holds no secret, and opens its port to this machine alone', async () => {
  const { services } = Compose.parse(parse(await textOf('deploy/docker-compose.yml')));
  for (const value of Object.values(services.touchpoint.environment))
    expect(value).toMatch(/^\$\{[A-Z_]+:[?-]/);
});

it('alerts are rules that Prometheus can read', async () => {
  const Rules = z.object({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z.string().regex(/^\d+[mh]$/),
            labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
          }),
        ),
      }),
    ),
  });
  const { groups } = Rules.parse(parse(await textOf('deploy/alerts.yml')));
  const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  expect(new Set(names).size).toBe(names.length);
});

it('the list for launchd is well-formed: every element is closed, and every key has its value', async () => {
  const xml = (await textOf('deploy/touchpoint.plist')).replace(/<!--[\s\S]*?-->|<[?!][^>]*>/g, '');
  const open: string[] = [];
  const order: string[] = [];
  for (const [, close, name = '', self] of xml.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close === '/') expect(open.pop()).toBe(name);
    else {
      order.push(`${open.join('/')}/${name}`);
      if (self !== '/') open.push(name);
    }
  }
  expect(open).toEqual([]);
  const inDict = order.filter((at) => /^plist(\/dict)+\/[a-z]+$/.test(at)).map((at) => at.split('/').at(-1));
  const keys = inDict.filter((name) => name === 'key').length;
  expect(keys).toBeGreaterThan(5);
  expect(inDict.length).toBe(2 * keys);
});
