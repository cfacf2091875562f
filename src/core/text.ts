/**
 * Text that every store and tokenizer accepts: Postgres refuses NUL (22P05) and lone surrogates (22P02) inside jsonb,
 * and one such character would block its whole page for ever.
 */
export function storable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing control characters is this function's purpose
  return text.toWellFormed().replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, '');
}

/** At most `limit` UTF-16 units, never cut inside a surrogate pair. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, limit);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
