import { clip, storable } from '../core/text.ts';
import { withoutJoinBlocks, withoutNotices, withoutSignature } from './boilerplate.ts';
import { htmlText } from './html.ts';
import { withoutQuotes } from './quotes.ts';
import type { Body } from './schemas.ts';

/** The words of a mail or an invitation that are its own. */

/** UTF-16 units of a body that are kept. */
export const BODY_LIMIT = 20_000;
// Before the line rules run: enough for what is kept, however much of it is quoted or boilerplate.
const TEXT_LIMIT = 300_000;
const HTML_TAG = /<(?:html|body|div|p|br|table|span)\b[^<>]{0,1000}>/i;

/**
 * Plain text of a Graph body without join blocks, signatures, disclaimers, banners, quoted mail, tracking links and
 * invisible characters; at most {@link BODY_LIMIT} units, empty when nothing else was there. Takes linear time.
 */
export function cleanText(body: Body): string {
  const content = body.content ?? '';
  const isHtml = body.contentType
    ? body.contentType.toLowerCase() === 'html'
    : HTML_TAG.test(content.slice(0, 2000));
  const text = visible(clip(isHtml ? htmlText(content) : content, TEXT_LIMIT));
  const own = withoutNotices(withoutQuotes(withoutJoinBlocks(text.split('\n'))));
  const lines = withoutSignature(trimmed(own)).map((line) => shortLinks(line).trimEnd());
  return clip(trimmed(lines).join('\n'), BODY_LIMIT);
}

/** Storable, one kind of line break and space, nothing that cannot be seen. */
function visible(text: string): string {
  return (
    storable(text)
      .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
      // soft hyphens, zero-width spaces, direction marks, word joiners, byte order marks
      .replace(/\u034F|[\u00AD\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\uFEFF]/g, '')
      // joiners shape letters and emoji; before a space they only pad a preview
      .replace(/[\u200C\u200D](?=[\s\u200C\u200D]|$)/g, '')
      .replace(/[\t\u00A0\u2000-\u200A\u202F\u205F\u3000 ]+/g, ' ')
  );
}

/** No blank lines at either end, no two in a row. */
function trimmed(lines: readonly string[]): string[] {
  const kept: string[] = [];
  for (const line of lines) {
    if (line.trim() !== '') kept.push(line.trim());
    else if (kept.length > 0 && kept.at(-1) !== '') kept.push('');
  }
  if (kept.at(-1) === '') kept.pop();
  return kept;
}

const LINK = /<?https?:\/\/[^\s<>"')\]]+>?|<mailto:[^\s<>]{1,300}>|\[cid:[^\s\]]{1,300}\]/gi;
// Longer ones, and all with a query, are for machines
const LINK_LIMIT = 60;

/** Link targets behind a text go, as do pictures' names; of a long link in the text its host stays. */
function shortLinks(line: string): string {
  return line.replace(LINK, (link) => {
    if (!/^https?:/i.test(link)) return '';
    const whole = link.replace(/>$/, '');
    return whole.length <= LINK_LIMIT && !whole.includes('?') ? whole : hostOf(whole);
  });
}

function hostOf(link: string): string {
  if (!URL.canParse(link)) return '';
  const url = new URL(link);
  const wrapped = url.hostname.endsWith('.safelinks.protection.outlook.com')
    ? url.searchParams.get('url')
    : null;
  return wrapped !== null && URL.canParse(wrapped) ? new URL(wrapped).hostname : url.hostname;
}
