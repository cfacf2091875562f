import { compile } from 'html-to-text';

/** HTML mail and invitations -> plain text. */

// Far above any mail a person writes; what is beyond is newsletters' markup and pasted pictures.
const HTML_LIMIT = 1_000_000;
const MAX_DEPTH = 200;

/**
 * Where quoted mail begins, as Outlook, its mobile and web clients, Yahoo and Thunderbird mark it; Exchange puts `x_`
 * before the ids of what it quotes. What follows is all older mail.
 */
const QUOTE_MARK =
  /(?:id|class)\s*=\s*["']?(?:x_){0,20}(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|mail-editor-reference-message-container|yahoo_quoted|moz-cite-prefix|moz-forward-container|OutlookMessageHeader)\b/i;

const SKIPPED = [
  'img',
  'blockquote',
  'div.gmail_quote',
  'div.gmail_quote_container',
  'div.gmail_extra',
  'div.gmail_signature',
  'div.gmail_signature_prefix',
  'div.protonmail_quote',
  'div#Signature',
  'div#x_Signature',
  'div#ms-outlook-mobile-signature',
  'div#x_ms-outlook-mobile-signature',
  'div.me-email-text',
  'div.me-email-text-secondary',
];

const toText = compile({
  wordwrap: false,
  limits: { maxDepth: MAX_DEPTH, maxChildNodes: 20_000, maxInputLength: HTML_LIMIT, ellipsis: '' },
  selectors: [
    ...SKIPPED.map((selector) => ({ selector, format: 'skip' })),
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'p', options: { leadingLineBreaks: 2, trailingLineBreaks: 1 } },
    { selector: 'ul', options: { itemPrefix: '- ', leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'ol', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    { selector: 'hr', options: { length: 20 } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

/** Text of the newest part of an HTML body: quoted mail, marked signatures, pictures and link targets are left out. */
export function htmlText(html: string): string {
  // pictures pasted into the markup would fill the limit with nothing
  const light = html.replace(/data:[a-z]{1,20}\/[^"'()\s<>]*/gi, '').slice(0, HTML_LIMIT);
  const shallow = light.slice(0, depthEnd(light));
  const mark = shallow.search(QUOTE_MARK);
  return toText(mark < 0 ? shallow : shallow.slice(0, Math.max(0, shallow.lastIndexOf('<', mark))));
}

// The parser needs time that grows with the square of the depth. Mail nests a hundred elements at most; elements whose
// end may be left out look open for ever, so they may be many more.
const MOST_OPEN = 1000;
const MOST_UNCLOSED = 20_000;
const TAG = /<(\/?)([a-z][a-z0-9]{0,30})/gi;
const VOID = new Set([
  'br',
  'img',
  'hr',
  'meta',
  'link',
  'input',
  'col',
  'base',
  'area',
  'wbr',
  'source',
  'embed',
  'param',
]);
const END_OPTIONAL = new Set(['p', 'li', 'td', 'th', 'tr', 'dd', 'dt', 'option']);

/** Where the markup stops being anything that a mail program makes: its end, or a tag too many within open ones. */
function depthEnd(html: string): number {
  let open = 0;
  let unclosed = 0;
  for (const { 1: slash, 2: tag = '', index } of html.matchAll(TAG)) {
    const name = tag.toLowerCase();
    if (VOID.has(name)) continue;
    const step = slash === '/' ? -1 : 1;
    if (END_OPTIONAL.has(name)) unclosed = Math.max(0, unclosed + step);
    else open = Math.max(0, open + step);
    if (open > MOST_OPEN || unclosed > MOST_UNCLOSED) return index;
  }
  return html.length;
}
