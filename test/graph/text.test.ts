import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BODY_LIMIT, cleanText } from '../../src/graph/text.ts';

const html = (content: string) => cleanText({ contentType: 'html', content });
const text = (...lines: string[]) => cleanText({ contentType: 'text', content: lines.join('\r\n') });
const RULE = '_'.repeat(80);

test('HTML becomes lines of text, without styles, pictures, link targets and comments', () => {
  const body = html(`<html><head><style>p { color: red }</style><title>x</title></head><body><!-- hidden -->
    <h2>Agenda</h2><p>Outages&nbsp;&amp; reports</p><ul><li>one</li><li>two</li></ul>
    <p>See <a href="https://x.example/long?tracking=1">the report</a><img src="https://pixel.example/1.gif" alt="pixel"></p>
    <script>alert(1)</script></body></html>`);
  expect(body).toBe('Agenda\n\nOutages & reports\n- one\n- two\n\nSee the report');
});

test('a body without a named type is read as what it looks like', () => {
  expect(cleanText({ content: '<p>Hello</p>' })).toBe('Hello');
  expect(cleanText({ content: 'if a < b then' })).toBe('if a < b then');
  expect(cleanText({ contentType: 'HTML', content: '<b>Hello</b>' })).toBe('Hello');
  expect(cleanText({ contentType: 'text', content: null })).toBe('');
});

const MARKS = [
  '<hr><div id="divRplyFwdMsg"><b>From:</b> Bob</div>',
  '<hr><div id=\'x_x_divRplyFwdMsg\' dir="ltr">From: Bob</div>',
  '<div id=appendonsend></div>',
  '<div class="gmail_quote">On Monday Bob wrote:<blockquote>',
  '<blockquote type="cite">',
  '<div class="yahoo_quoted">',
  '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Bob<br><b>Sent:</b> Monday<br><b>To:</b> Anna<br><b>Subject:</b> Old</p></div>',
];
test.each(MARKS)('mail quoted in HTML after %s is dropped', (mark) => {
  expect(html(`<div><p>New words.</p>${mark}<p>Old words.</p>`).replace('Old words.', '')).toBe('New words.');
  expect(html(`<div><p>New words.</p>${mark}Old words.</blockquote></div>`)).toBe('New words.');
});

test('a Gmail quote is dropped and what stands below it is kept', () => {
  expect(html('<p>Top</p><div class="gmail_quote"><p>Old</p></div><p>Below</p>')).toBe('Top\n\nBelow');
});

test.each([
  [['-----Original Message-----', 'Old']],
  [['---------- Forwarded message ---------', 'Old']],
  [['Begin forwarded message:', 'Old']],
  [[RULE, 'From: Bob', 'Sent: Monday', 'To: Anna', 'Subject: Old', '', 'Old']],
  [['*From:* Bob', '*Date:* Monday', '*Subject:* Old', 'Old']],
  [['Von: Bob', 'Gesendet: Montag', 'An: Anna', 'Betreff: Alt', 'Old']],
  [['De : Bob', 'Envoyé : lundi', 'À : Anna', 'Objet : Vieux', 'Old']],
  [['On Mon, 2 Mar 2026 at 09:00, Bob <bob@client.example> wrote:', 'Old']],
  [['On Mon, 2 Mar 2026 at 09:00, Bob', '<bob@client.example> wrote:', '', '> Old']],
  [['Am 02.03.2026 um 09:00 schrieb Bob:', '> Old']],
])('mail quoted in text after %j is dropped', (quote) => {
  expect(text('New words.', '', ...quote)).toBe('New words.');
});

test('an answer below or between quoted lines is kept', () => {
  expect(text('On Monday Bob wrote:', '> When?', 'Tuesday.', '> Where?', 'Here.')).toBe('Tuesday.\nHere.');
});

test('words that only look like a quote are kept', () => {
  const lines = [
    'From: Melbourne we fly on.',
    'Nobody is sent.',
    'On the other hand, Bob wrote: nothing.',
    'On time.',
  ];
  expect(text(...lines)).toBe(lines.join('\n'));
});

const TEAMS = [
  RULE,
  'Microsoft Teams Need help?<https://aka.ms/JoinTeamsMeeting?omkt=en-AU>',
  'Join the meeting now<https://teams.microsoft.com/l/meetup-join/19%3ameeting_x/0?context=%7b%7d>',
  'Meeting ID: 412 345 678 901',
  'Passcode: aB3cD4',
  RULE,
  'Dial in by phone',
  '+61 2 8318 0000,,123456789#<tel:+61283180000,,123456789#> Australia, Sydney',
  'Find a local number<https://dialin.teams.microsoft.com/x>',
  'Phone conference ID: 123 456 789#',
  'For organizers: Meeting options<https://teams.microsoft.com/meetingOptions/> | Reset dial-in PIN<https://x.example>',
  RULE,
];
const OLD_TEAMS = [
  RULE,
  'Microsoft Teams meeting',
  'Join on your computer, mobile app or room device',
  'Click here to join the meeting<https://teams.microsoft.com/l/meetup-join/x>',
  'Meeting ID: 412 345 678',
  'Learn More<https://aka.ms/x> | Meeting options<https://x.example>',
  RULE,
];
const GERMAN_TEAMS = [
  RULE,
  'Microsoft Teams-Besprechung',
  'Nehmen Sie auf dem Computer teil',
  'Klicken Sie hier, um teilzunehmen',
  RULE,
];
const ZOOM = [
  'Anna is inviting you to a scheduled Zoom meeting.',
  '',
  'Join Zoom Meeting',
  'https://vendor.zoom.us/j/123456?pwd=abc',
  '',
  'Meeting ID: 123 456 789',
  'Passcode: 123456',
  'One tap mobile',
  '+61280152088,,123456789# Australia',
  'Dial by your location',
  'Find your local number: https://vendor.zoom.us/u/abc',
];
const WEBEX = [
  '-- Do not delete or change any of the following text. --',
  RULE,
  'When it is time, join your Webex meeting here.',
  'Meeting number (access code): 2554 123 4567',
  'Meeting password: abC123',
  'Join from a video system or application',
  'Global call-in numbers',
];
const MEET = [
  'Join with Google Meet',
  'https://meet.google.com/abc-defg-hij',
  'Join by phone',
  '+61 2 1234 5678 PIN: 123456#',
];

test.each([
  ['Teams', TEAMS],
  ['older Teams', OLD_TEAMS],
  ['German Teams', GERMAN_TEAMS],
])('the join block of %s is dropped, and what stands around it kept', (_name, block) => {
  expect(text('Agenda: outages', '', ...block)).toBe('Agenda: outages');
  expect(text(...block)).toBe('');
  expect(text(...block, '', 'Please read the report first.')).toBe('Please read the report first.');
});

test.each([
  ['Zoom', ZOOM],
  ['Webex', WEBEX],
  ['Meet', MEET],
])('of the join block of %s no number, code or password is left', (_name, block) => {
  const body = text('Agenda: outages', '', ...block);
  expect(body).toMatch(/^Agenda: outages/);
  expect(body).not.toMatch(/\d{3}|pass|abc-|join |tap|dial/i);
});

test('a join block that no second rule closes ends with its last line', () => {
  const open = [
    RULE,
    'Microsoft Teams meeting',
    'Join the meeting now',
    'Meeting ID: 412 345',
    'Tenant: vendor',
  ];
  expect(text('Before', ...open, '', 'After')).toBe('Before\n\nAfter');
});

test('the HTML block of Teams is dropped', () => {
  const body = `<p>Does this time work?</p><div><span>${RULE}</span></div><div class="me-email-text"><a href="https://teams.microsoft.com/x">Join Microsoft Teams Meeting</a><div>+1 323-555-0166 United States (Toll)</div></div><div><span>${RULE}</span></div>`;
  expect(html(body)).toBe('Does this time work?');
});

test('a text about a meeting service is no join block', () => {
  const lines = [
    'They move from Zoom to Microsoft Teams.',
    'The passcode screen is slow.',
    'Join us for lunch.',
  ];
  expect(text(...lines)).toBe(lines.join('\n'));
  expect(
    text('Part one', RULE, 'Part two', 'is long', 'and has lines', 'before it says zoom.us/x'),
  ).toContain('Part two');
});

test.each([
  [['Kind regards,', '', 'Bob Builder', 'Head of IT | Client', 'T: +61 2 1234 5678', 'www.client.example']],
  [['Thanks,', 'Bob']],
  [['Cheers']],
  [['Mit freundlichen Grüßen', 'Bob']],
  [['-- ', 'Bob Builder', 'Client']],
  [['Sent from my iPhone']],
  [['Get Outlook for iOS<https://aka.ms/o0ukef>']],
])('the signature %j is dropped', (signature) => {
  expect(text('The reports are slow.', '', ...signature)).toBe('The reports are slow.');
});

test('thanks that go on are no signature', () => {
  const lines = [
    'Thanks,',
    'can you also look at the reports? They take 40 minutes.',
    'Regards to the team, they did well.',
  ];
  expect(text(...lines)).toBe(lines.join('\n'));
});

test('banners and disclaimers are dropped, to the end of their paragraph', () => {
  expect(
    text(
      'CAUTION: This email originated from outside of the organisation.',
      'Do not click links or open attachments unless you recognise the sender.',
      '',
      "You don't often get email from bob@client.example. Learn why this is important",
      'The reports are slow.',
      '',
      'This email and any attachments are confidential and intended only for the addressee.',
      'If you are not the intended recipient, delete it.',
      'It may hold viruses.',
      '',
      'Please consider the environment before printing this email.',
    ),
  ).toBe('The reports are slow.');
});

test('long links leave their host, safe links that of the page they wrap', () => {
  const safe = `https://aus01.safelinks.protection.outlook.com/?url=${encodeURIComponent('https://status.vendor.example/x?y=1')}&data=05`;
  expect(text(`See ${safe} and https://x.example/a?utm=1`)).toBe('See status.vendor.example and x.example');
  expect(text('See https://x.example/report, or ask <mailto:bob@client.example>.')).toBe(
    'See https://x.example/report, or ask .',
  );
  expect(text('[cid:image001.png@01D] logo')).toBe('logo');
});

test('what cannot be seen or stored is dropped, and letters keep what shapes them', () => {
  expect(
    text('\uFEFFa\u200Bb\u00ADc\u0000\u200E', '\u200C \u200C \u200C', '', '', '', 'd\u00A0\u00A0e\uD800'),
  ).toBe('abc\n\nd e\uFFFD');
  expect(text('\u{1F469}\u200D\u{1F4BB} می\u200Cخواهم')).toBe('\u{1F469}\u200D\u{1F4BB} می\u200Cخواهم');
});

test('what is kept is bounded and never ends in half a character', () => {
  const body = text(`${'x'.repeat(BODY_LIMIT - 1)}\u{1F600} more`);
  expect(body.length).toBe(BODY_LIMIT - 1);
  expect(body.isWellFormed()).toBe(true);
});

const HOSTILE: readonly [string, 'html' | 'text'][] = [
  ['<div>', 'html'],
  ['<table><tr><td>', 'html'],
  ['<td><p>', 'html'],
  ['<ul><li>a', 'html'],
  ['<', 'html'],
  ['<!--', 'html'],
  ['id="x_', 'html'],
  ['data:image/', 'html'],
  ['<p>word</p>', 'html'],
  [' ', 'text'],
  ['\n', 'text'],
  ['a', 'text'],
  ['____________\nab\n', 'text'],
  ['On x\n', 'text'],
  ['From: x\n', 'text'],
  ['https://', 'text'],
  ['[cid:', 'text'],
  ['this email ', 'text'],
  ['Regards,\nBob\n', 'text'],
  ['\0\uD800', 'text'],
];
test.each(HOSTILE)('10 MB of %j as %s take less than two seconds', (unit, contentType) => {
  const content = unit.repeat(10_000_000 / unit.length);
  const started = performance.now();
  const body = cleanText({ contentType, content });
  expect(performance.now() - started).toBeLessThan(2000);
  expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
});

test('any text at all comes out storable, bounded and unchanged by a second cleaning of its spaces', () => {
  const pieces = fc.constantFrom(
    ...TEAMS,
    '<p>',
    '</div>',
    '\0',
    '\uD800',
    '> x',
    'Regards,',
    '\n',
    'word',
    RULE,
    '&nbsp;',
  );
  const content = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' }))).map((parts) => parts.join('\n'));
  fc.assert(
    fc.property(content, fc.constantFrom('html', 'text'), (raw, contentType) => {
      const body = cleanText({ contentType, content: raw });
      expect(body.isWellFormed()).toBe(true);
      expect(body).not.toMatch(/\0|\n\n\n|^\s|\s$/);
      expect(body.length).toBeLessThanOrEqual(BODY_LIMIT);
    }),
    { numRuns: 200 },
  );
});
