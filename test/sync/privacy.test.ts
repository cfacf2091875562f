import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/hash.ts';
import type { Person, Role, Touchpoint } from '../../src/core/touchpoint.ts';
import type { Hashed } from '../../src/store/privacy.ts';
import { clientResolver } from '../../src/sync/clients.ts';
import { pageRows } from '../../src/sync/page.ts';
import { type Privacy, type PrivacySettings, screen, skipKey } from '../../src/sync/privacy.ts';
import { Forgotten, folded, wordCount } from '../../src/sync/redact.ts';
import { Tally } from '../../src/sync/tally.ts';

const id = (name: string) => ({
  id: name,
  name,
  aliases: [],
  domains: [`${name.toLowerCase().split(' ')[0]}.example`],
});
const clients = clientResolver({
  clients: [id('Acme Hospital'), id('Beta Clinic')],
  internalDomains: ['team.example'],
  sharedDomains: [],
});

interface Rules extends Partial<PrivacySettings> {
  readonly forgotten?: readonly Hashed[];
  readonly skips?: readonly string[];
  readonly clients?: Privacy['clients'];
}

function rules({ forgotten = [], skips = [], clients: known = clients, ...settings }: Rules = {}): Privacy {
  return {
    settings: {
      exclude: { addresses: [], domains: [] },
      internalOnly: { meetings: 'keep', mail: 'about_client' },
      dropUnmatchedMail: false,
      notBefore: null,
      internalDomains: ['team.example'],
      ...settings,
    },
    teamDomains: ['team.example'],
    forgotten: new Forgotten(forgotten),
    clients: known,
    skips: new Set(skips),
    version: 0,
  };
}

const person = (address: string, role: Role = 'required', name = ''): Person => ({ address, role, name });

function point(rest: Partial<Touchpoint> & { readonly addresses?: readonly string[] } = {}): Touchpoint {
  const { addresses = ['me@team.example', 'a@acme.example'], ...own } = rest;
  return {
    kind: 'meeting',
    sourceKey: 'k',
    title: 'Catch up',
    body: '',
    people: addresses.map((address, at) => person(address, at === 0 ? 'organizer' : 'required')),
    occurredAt: '2026-03-01T00:00:00.000Z',
    endsAt: null,
    allDay: false,
    timeZone: 'UTC',
    details: {},
    ...own,
  };
}

function verdict(privacy: Privacy, touchpoint: Touchpoint) {
  const copy = { mailbox: 'me@team.example', graphId: 'g', series: 's', touchpoint };
  const found = screen(privacy, copy, clients.match(touchpoint));
  return found.outcome === 'drop' ? found.reason : found.touchpoint;
}

const kept = expect.objectContaining({ sourceKey: 'k' });

describe('rules of what is left out', () => {
  const exclude = { addresses: ['ceo@team.example'], domains: ['law.example'] };
  it.each([
    [
      'an excluded address anywhere among the people',
      ['me@team.example', 'ceo@team.example'],
      'excluded address',
    ],
    ['an excluded domain', ['me@team.example', 'x@law.example'], 'excluded domain'],
    ['what lies below it', ['x@mail.law.example', 'me@team.example'], 'excluded domain'],
    ['but not a longer label', ['me@team.example', 'x@outlaw.example'], kept],
    ['nor a person without an address', ['me@team.example', ''], kept],
  ])('%s', (_, addresses, expected) => {
    expect(verdict(rules({ exclude }), point({ addresses }))).toEqual(expected);
  });

  const own = ['me@team.example', 'you@eu.team.example'];
  const nobodyKnown = clientResolver({ clients: [], internalDomains: [], sharedDomains: [] });
  it.each([
    ['internal meetings stay', {}, { addresses: own }, kept],
    ['internal mail without a client goes', {}, { kind: 'email', addresses: own }, 'internal'],
    ['internal mail about a client stays', {}, { kind: 'email', addresses: own, title: 'Beta Clinic' }, kept],
    ['mail with somebody else stays', {}, { kind: 'email', addresses: [...own, 'x@gmail.example'] }, kept],
    ['mail of nobody in particular stays', {}, { kind: 'email', addresses: [] }, kept],
    [
      'while no client is known nothing is about none',
      { clients: nobodyKnown },
      { kind: 'email', addresses: own },
      kept,
    ],
    ['who are internal must be known', { internalDomains: [] }, { kind: 'email', addresses: own }, kept],
    [
      'all internal meetings go when asked for',
      { internalOnly: { meetings: 'drop', mail: 'keep' } },
      { addresses: own, title: 'Beta Clinic' },
      'internal',
    ],
    [
      'internal mail stays when asked for',
      { internalOnly: { meetings: 'drop', mail: 'keep' } },
      { kind: 'email', addresses: own },
      kept,
    ],
  ] as const)('%s', (_, settings, touchpoint, expected) => {
    expect(verdict(rules(settings), point(touchpoint))).toEqual(expected);
  });

  it('leaves mail without a client out where that is wanted', () => {
    const strange = point({ kind: 'email', addresses: ['me@team.example', 'x@gmail.example'] });
    expect(verdict(rules({ dropUnmatchedMail: true }), strange)).toBe('no client');
    expect(verdict(rules({ dropUnmatchedMail: true }), { ...strange, kind: 'meeting' })).toEqual(kept);
  });

  it('does not read again what retention has deleted', () => {
    const settings = { notBefore: '2026-03-01T00:00:00.000Z' };
    expect(verdict(rules(settings), point())).toEqual(kept);
    expect(verdict(rules(settings), point({ occurredAt: '2026-02-28T23:59:59.999Z' }))).toBe('too old');
    expect(verdict(rules(settings), point({ occurredAt: null }))).toEqual(kept);
  });

  it('honours skips of this mailbox, of an item or of its series', () => {
    const skip = (mailbox: string, graphId: string) => rules({ skips: [skipKey(mailbox, graphId)] });
    expect(verdict(skip('me@team.example', 'g'), point())).toBe('skipped by its owner');
    expect(verdict(skip('me@team.example', 's'), point())).toBe('skipped by its owner');
    expect(verdict(skip('you@team.example', 'g'), point())).toEqual(kept);
  });

  it('counts by reason, and wipes an earlier copy', () => {
    const tally = new Tally();
    const common = {
      outcome: 'keep',
      etag: '',
      series: null,
      modifiedAt: null,
      authoritative: false,
    } as const;
    const rows = pageRows(
      [
        { ...common, graphId: 'a', touchpoint: point({ addresses: ['x@law.example'] }) },
        { ...common, graphId: 'b', touchpoint: point({ kind: 'email', addresses: own }) },
        { ...common, graphId: 'c', touchpoint: point() },
      ],
      { clients, privacy: rules({ exclude }), mailbox: 'me@team.example' },
      tally,
    );
    expect(rows).toMatchObject({ forgotten: ['a', 'b'], copies: [{ graphId: 'c' }] });
    expect(tally.reasons).toEqual({ 'skipped: excluded domain': 1, 'skipped: internal': 1 });
  });
});

const hash = (kind: Hashed['kind'], value: string): Hashed => ({
  kind,
  hash: sha256(kind === 'name' || kind === 'client' ? folded(value) : value),
  words: kind === 'name' || kind === 'client' ? wordCount(folded(value)) : null,
});
const jane = [hash('person', 'jane@acme.example'), hash('name', 'Jané O’Dell')];

describe('a forgotten person', () => {
  const privacy = rules({ forgotten: jane });
  const withJane = (addresses: readonly string[], rest: Partial<Touchpoint> = {}) =>
    point({ ...rest, addresses });

  it('takes along what they called or wrote, and what nobody else from outside took part in', () => {
    expect(verdict(privacy, withJane(['jane@acme.example', 'me@team.example', 'x@beta.example']))).toBe(
      'forgotten person',
    );
    expect(verdict(privacy, withJane(['me@team.example', 'jane@acme.example']))).toBe('forgotten person');
  });

  it('leaves everything else without name and address, wherever they stand', () => {
    const told = withJane(['me@team.example', 'jane@acme.example', 'x@acme.example'], {
      title: "Handover from JANE O'DELL",
      body: 'Ask Jane\nO’Dell (Jane@Acme.example), not jane.other@acme.example. Mary Jane Odell is another.',
      details: { location: "Jane O'Dell's office", minutes: 30 },
    });
    expect(verdict(privacy, told)).toEqual({
      ...told,
      title: 'Handover from [forgotten]',
      body: 'Ask [forgotten] ([forgotten]), not jane.other@acme.example. Mary Jane Odell is another.',
      people: told.people.filter(({ address }) => address !== 'jane@acme.example'),
      details: { location: "[forgotten]'s office", minutes: 30 },
    });
  });

  it('is taken out of mentions among others, and known by name where no address is given', () => {
    const mention = withJane(['me@team.example', 'x@beta.example'], { body: 'mail jane@acme.example.' });
    expect(verdict(privacy, mention)).toMatchObject({ body: 'mail [forgotten].' });
    const nameless = {
      ...mention,
      people: [
        ...mention.people,
        person('', 'optional', "O'Dell Jane"),
        person('', 'optional', "Jane O'Dell"),
      ],
    };
    expect(verdict(privacy, nameless)).toMatchObject({
      people: [...mention.people, { name: "O'Dell Jane" }],
    });
  });

  it('is redacted the same way a second time', () => {
    const once = verdict(
      privacy,
      withJane(['me@team.example', 'x@beta.example'], { body: "Jane O'Dell says" }),
    );
    if (typeof once === 'string') throw new Error('dropped');
    expect(verdict(privacy, once)).toEqual(once);
  });

  it('of the team is taken out of meetings that others called', () => {
    const colleague = rules({ forgotten: [hash('person', 'old@team.example')] });
    const meeting = point({ addresses: ['me@team.example', 'old@team.example'] });
    expect(verdict(colleague, meeting)).toMatchObject({ people: [{ address: 'me@team.example' }] });
  });

  it('costs little time in long and hostile texts', () => {
    const body = `${'a'.repeat(50_000)} ${'x@'.repeat(20_000)} ${'jane o dell '.repeat(5_000)}`;
    const started = performance.now();
    expect(verdict(privacy, point({ body }))).toMatchObject({ body: expect.stringContaining('[forgotten]') });
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('a forgotten client', () => {
  const known = clientResolver({
    clients: [{ id: 'sa', name: 'SA Health', aliases: [], domains: ['sahealth.example'] }],
    internalDomains: ['team.example'],
    sharedDomains: [],
  });
  const ipro = [hash('client', 'SA Health iPro'), hash('client', 'iPro'), hash('domain', 'ipro.example')];
  const privacy = rules({ forgotten: ipro, clients: known });
  const about = (title: string, addresses: string[] = ['me@team.example'], body = '') => {
    const touchpoint = point({ title, body, addresses });
    const copy = { mailbox: 'me@team.example', graphId: 'g', series: null, touchpoint };
    const found = screen(privacy, copy, known.match(touchpoint));
    return found.outcome === 'drop' ? found.reason : 'kept';
  };

  it.each([
    ['goes by its domain', about('Catch up', ['me@team.example', 'x@mail.ipro.example']), 'forgotten client'],
    ['and by its name in the title', about('iPro go-live'), 'forgotten client'],
    ['the longer name decides', about('SA Health iPro go-live'), 'forgotten client'],
    ['so the shorter stays what it was', about('SA Health go-live'), 'kept'],
    ['and by its name in the text', about('Catch up', [], 'about iPro'), 'forgotten client'],
    [
      "another client's people keep theirs",
      about('Catch up', ['x@sahealth.example'], 'as with iPro'),
      'kept',
    ],
    ['names match on word boundaries', about('iProgress'), 'kept'],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected);
  });
});
