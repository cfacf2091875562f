import type { TestProject } from 'vitest/node';
import { type Postgres, startPostgres } from '../support/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the superuser of the run's native Postgres. */
    postgresUrl: string;
  }
}

let postgres: Postgres | undefined;

export async function setup(project: TestProject): Promise<void> {
  postgres = await startPostgres();
  project.provide('postgresUrl', postgres.url);
}

export async function teardown(): Promise<void> {
  await postgres?.stop();
}
