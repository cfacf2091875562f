import { Worker } from 'node:worker_threads';

/**
 * Starts a worker thread from a module beside the caller: `startWorker(import.meta.url, './encoder-worker')`.
 * Built code runs the .js beside it; sources (tests) run the .ts through tsx, which must be registered inside the thread.
 */
export function startWorker(callerUrl: string, module: string, workerData?: unknown): Worker {
  const target = (extension: string) => new URL(`${module}${extension}`, callerUrl);
  if (!callerUrl.endsWith('.ts')) return new Worker(target('.js'), { workerData });
  const boot = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(target('.ts').href)})))`;
  return new Worker(boot, { eval: true, workerData });
}
