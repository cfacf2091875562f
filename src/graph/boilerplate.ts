/** What mail servers, meeting services and habit add to a text: lines in, lines out. */

const RULE = /^[\s_\-=*~.·]{10,}$/;

// Service names and hosts are the same in every language
const MEETING_SERVICE =
  /microsoft teams|teams\.(?:microsoft|live)\.com|aka\.ms\/jointeamsmeeting|zoom meeting|zoom\.us\/|webex|meet\.google\.com|google meet|gotomeet/i;

/** Lines that only join blocks have, whole or at their start. */
const JOIN_LINE = [
  /^(?:click here to )?join (?:the meeting now|the meeting|microsoft teams meeting|zoom meeting|on your computer|with google meet|by phone|by video|from (?:a|the) (?:meeting|video)|on a video|webex|meeting$)/i,
  /^(?:microsoft )?teams (?:meeting|need help\?)$/i,
  /^microsoft teams\b.{0,40}need help\?/i,
  /^(?:meeting id|meeting number|passcode|meeting password|password|access code|video (?:conference )?id|phone conference id|conference id|tenant key|host key|pin)\b[^:]{0,40}:\s*\S{0,20}[\d\s#a-z]{0,40}$/i,
  /^(?:dial[- ]in|or call in|dial in by phone|or dial|one tap mobile|find (?:a|your) local number|local numbers|more phone numbers|global call-in numbers|dial by your location|alternate vtc|more info$)/i,
  /^(?:for organizers|meeting options|reset dial-in pin|need help\?|learn more$|learn more \||help \||privacy and security|system reference)/i,
  /^(?:[\p{L} ]{1,30}:\s*)?<?https?:\/\/[^\s/]{0,100}(?:teams\.microsoft\.com|teams\.live\.com|zoom\.us|webex\.com|meet\.google\.com|gotomeet)/iu,
  /\bis inviting you to a scheduled (?:zoom )?meeting\b/i,
  /^\+\d[\d\s().-]{5,20}(?:,{1,2}[\d*#]{3,20})*.{0,60}$/,
];

// Teams' own links take 400 characters
const LINE_LIMIT = 1000;

/** Longest join block seen is 40 lines (Zoom with its dial-in numbers). */
const BLOCK_LINES = 60;

/** Without the join blocks of Teams, Zoom, Webex and Google Meet: between rules, or line by line where no rule frames them. */
export function withoutJoinBlocks(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let closing = -1;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const end = RULE.test(line) ? blockEnd(lines, index, index === closing) : index;
    if (end > index) {
      // the rule that closes a block may open the next one (Teams: links, then dial-in)
      closing = RULE.test(lines[end] ?? '') ? end : -1;
      index = end - 1;
    } else if (index !== closing && !isJoinLine(line.trim())) {
      kept.push(line);
    }
  }
  return kept;
}

/**
 * The rule that closes the join block which a rule opens, or the first line behind a block that none closes; the rule's
 * own index when it opens none.
 */
function blockEnd(lines: readonly string[], rule: number, closed: boolean): number {
  const within = lines.slice(rule + 1, rule + 1 + BLOCK_LINES);
  const next = within.findIndex((line) => RULE.test(line));
  const block = next < 0 ? within : within.slice(0, next);
  // a block starts with what it is for; a service's name far below belongs to somebody's sentence
  const head = block.filter((line) => line.trim() !== '').slice(0, 3);
  const named = head.some((line) => MEETING_SERVICE.test(line));
  const joins = block.some((line) => isJoinLine(line.trim()));
  if (next >= 0 && !closed && (named || head.some((line) => isJoinLine(line.trim())))) return rule + 1 + next;
  if (closed && next >= 0 && isJoinLine(head[0]?.trim() ?? '')) return rule + 1 + next;
  // one rule alone may be anybody's: the block must hold more than a name
  return next < 0 && !closed && named && joins ? rule + 1 + joinEnd(block) : rule;
}

/** Behind the last join line, and what follows it without a blank line. */
function joinEnd(block: readonly string[]): number {
  const last = block.findLastIndex((line) => isJoinLine(line.trim()));
  const blank = block.findIndex((line, index) => index > last && line.trim() === '');
  return blank < 0 ? block.length : blank;
}

function isJoinLine(line: string): boolean {
  return line.length <= LINE_LIMIT && JOIN_LINE.some((pattern) => pattern.test(line));
}

const BANNER = [
  /^\W{0,10}(?:caution|warning|external|attention|important)\b.{0,120}\b(?:originated|external|outside)\b/i,
  /^\W{0,4}external (?:e-?mail|sender|message)\W{0,4}$/i,
  /^(?:do not|don't) click (?:on )?(?:any )?links\b/i,
  /^you don'?t often get email from\b/i,
  /^zjqcmqryfpfptbanner/i,
  /^(?:\[.{0,20})?learn why this is important\b/i,
];
const DISCLAIMER = [
  /\bconfidentiality (?:notice|note|statement)\b/i,
  /\b(?:this|the information in this) (?:e-?mail|message|communication|transmission)\b.{0,160}\b(?:confidential|privileged|intended (?:only|solely)|intended for the)\b/i,
  /\bif you (?:are not|have received this).{0,80}\b(?:intended recipient|in error|by mistake)\b/i,
  /\bplease consider the environment before printing\b/i,
  /\bthis e-?mail has been scanned (?:for|by)\b/i,
];
const DEVICE =
  /^(?:sent from (?:my|outlook|mail|yahoo|samsung|proton)\b.{0,60}|get outlook for (?:ios|android|mac)\b.{0,40}|sent via .{1,40}|von meinem iphone gesendet|envoyé de mon iphone)$/i;

/** Without external-mail banners, legal disclaimers (to the end of their paragraph) and "Sent from my phone". */
export function withoutNotices(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let disclaiming = false;
  for (const line of lines) {
    // a notice is a sentence or a paragraph; only its beginning needs to be looked at
    const text = line.trim().slice(0, 600);
    if (text === '') disclaiming = false;
    disclaiming ||= DISCLAIMER.some((pattern) => pattern.test(text));
    if (disclaiming || DEVICE.test(text) || BANNER.some((pattern) => pattern.test(text))) continue;
    kept.push(line);
  }
  return kept;
}

const SIGN_OFF =
  /^(?:(?:(?:kind|best|warm|warmest|many|with|with best|with kind|very best)\s+)?(?:regards|wishes|thanks)|thanks(?: (?:and|&) (?:kind |best )?regards| again| so much)?|thank you|cheers|best|all the best|sincerely|yours (?:sincerely|faithfully|truly)|kr|mit freundlichen grüßen|viele grüße|cordialement|bien à vous|saludos)\s*[,.!–-]?$/i;
const NAME = /^[^\d?!:;@]{2,60}$/;
// Name, role, company, phone, address, web site, a slogan
const SIGNATURE_LINES = 12;

/** Without the signature: after `-- `, or after a sign-off that a name and a few short lines follow. */
export function withoutSignature(lines: readonly string[]): string[] {
  // nothing above the last lines can start one
  const first = Math.max(0, lines.length - 4 * SIGNATURE_LINES);
  for (let index = first; index < lines.length; index += 1) {
    const line = lines[index]?.trim() ?? '';
    const rest = lines.slice(index + 1).map((text) => text.trim());
    const below = rest.filter((text) => text !== '');
    if (line === '--' && below.length <= SIGNATURE_LINES) return lines.slice(0, index);
    if (SIGN_OFF.test(line) && isNameBlock(below)) return lines.slice(0, index);
  }
  return [...lines];
}

function isNameBlock(below: readonly string[]): boolean {
  const [name] = below;
  if (name === undefined) return true;
  const named = NAME.test(name) && name.split(/\s+/).length <= 6 && !name.endsWith('.');
  return named && below.length <= SIGNATURE_LINES && below.every((line) => line.length <= 120);
}
