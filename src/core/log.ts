import { AsyncLocalStorage } from 'node:async_hooks';
import { pino } from 'pino';

export type Log = Pick<import('pino').Logger, 'debug' | 'info' | 'warn' | 'error'>;

type Fields = Readonly<Record<string, string>>;
const underway = new AsyncLocalStorage<Fields>();

/** Every line that is logged during `work` carries these fields: the run or request that it belongs to. */
export function withFields<T>(fields: Fields, work: () => T): T {
  return underway.run({ ...underway.getStore(), ...fields }, work);
}

/**
 * Structured logs on stderr (stdout belongs to a command's answer). Fields are ids, counts and reasons:
 * no title, body, address list, token or URL query ever goes in.
 */
export function createLog(level: string, pretty: boolean): Log {
  // a copy: the library writes a line's own fields into it
  const common = { level, base: null, mixin: () => ({ ...underway.getStore() }) };
  if (!pretty) return pino({ ...common, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  return pino(common, { write: (line: string) => process.stderr.write(humanLine(line)) });
}

function humanLine(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line);
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const mark = level >= 50 ? 'error ' : level >= 40 ? 'warn  ' : '';
  const clock = new Date(time).toISOString().slice(11, 19);
  return `${[clock, `${mark}${msg}`, ...fields].join(' ')}\n`;
}

export const silentLog: Log = pino({ level: 'silent' });
