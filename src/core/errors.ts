/** Two kinds of error matter: one that waiting can cure, and one that it cannot. */

/** Wrong configuration or usage: names the key, what it got and what it wants. Commands exit with 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Something that time can cure (throttling, a server away, a lost race): the caller backs off and tries again. */
export class TransientError extends Error {
  override readonly name: string = 'TransientError';
}

/** The message of an unknown thrown value, with its chain of causes: for logs and people, never holding content. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${reasonOf(error.cause)}`;
  return `${error.message}${cause}`;
}
