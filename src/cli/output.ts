/** What commands print: answers on stdout, progress on stderr and on a terminal only. */

export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A line that overwrites itself on a terminal; nothing elsewhere, where each line would stay. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}

export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
}

export function count(value: number): string {
  return value.toLocaleString('en-AU');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Shows a sign-in code to whoever sits at the terminal; null without one: nobody would read it. */
export function terminalPrompt(): ((prompt: { readonly message: string }) => void) | null {
  if (!process.stderr.isTTY) return null;
  return ({ message }) => {
    process.stderr.write(`\r\u001B[K${message}\n`);
  };
}
