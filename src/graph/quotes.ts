/** Quoted mail in plain text: lines in, the lines that are new out. */

const SEPARATOR =
  /^[\s>]*(?:-{2,}\s*(?:original message|forwarded message|original appointment|ursprüngliche nachricht|message d'origine|mensaje original)\s*-{2,}|begin forwarded message:)\s*$/i;

// The head of a quoted mail in the languages that Outlook writes it in most often
const FROM = /^\s*\*?(?:from|von|de|da|van)\s*:\*?\s*\S/i;
const SENT = /^\s*\*?(?:sent|date|gesendet|datum|envoyé|enviado|fecha|inviato|data|verzonden)\s*:\*?\s*\S/i;
const SUBJECT = /^\s*\*?(?:subject|betreff|objet|asunto|oggetto|onderwerp)\s*:/i;
const RULE = /^[\s_\-=*]{5,}$/;

const WROTE_START = /^\s*(?:on|am|le|el|il|op)\s/i;
const WROTE_END = /(?:wrote|schrieb[^:]{0,120}|a écrit|escribió|ha scritto|schreef)\s*:\s*$/i;

/** Lines that a person wrote now: without `>` lines and without anything from the head of a quoted mail on. */
export function withoutQuotes(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (SEPARATOR.test(line) || isHead(lines, index)) break;
    const wrote = wroteLines(lines, index);
    if (wrote > 0) {
      // an answer may stand below the quoted lines; without `>` there is no telling where the quote ends
      if (!nextText(lines, index + wrote).startsWith('>')) break;
      index += wrote - 1;
    } else if (!line.trimStart().startsWith('>')) {
      kept.push(line);
    }
  }
  while (kept.length > 0 && (kept.at(-1)?.trim() === '' || RULE.test(kept.at(-1) ?? ''))) kept.pop();
  return kept;
}

/** `From:` with a date and a subject among the next lines. */
function isHead(lines: readonly string[], index: number): boolean {
  if (!FROM.test(lines[index] ?? '')) return false;
  const head = lines.slice(index + 1, index + 8);
  return head.some((line) => SENT.test(line)) && head.some((line) => SUBJECT.test(line));
}

/** How many lines an `On ... wrote:` takes that starts here; mail programs wrap it. */
function wroteLines(lines: readonly string[], index: number): number {
  if (!WROTE_START.test(lines[index] ?? '')) return 0;
  for (let count = 1; count <= 3; count += 1) {
    const line = lines[index + count - 1] ?? '';
    if (line.length > 400 || line.trim() === '') return 0;
    if (WROTE_END.test(line)) return count;
  }
  return 0;
}

function nextText(lines: readonly string[], from: number): string {
  for (let index = from; index < lines.length; index += 1) {
    const line = lines[index]?.trim() ?? '';
    if (line !== '') return line;
  }
  return '';
}
