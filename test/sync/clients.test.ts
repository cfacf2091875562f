import { describe, expect, it } from 'vitest';
import type { Touchpoint } from '../../src/core/touchpoint.ts';
import { clientResolver } from '../../src/sync/clients.ts';

const client = (id: string, name: string, aliases: string[], domains: string[]) => ({
  id,
  name,
  aliases,
  domains,
});
const resolver = clientResolver({
  clients: [
    client('sa', 'SA Health', [], ['sahealth.example', 'gov.example']),
    client('ipro', 'SA Health iPro', ['iPro'], ['gov.example']),
    client('gha', 'Grampians Health', ['GHA'], ['gha.example']),
    client('ot', "St Odran's (North)", ['Te Whatu Ora – Ōtākou'], ['odran.example']),
    client('dup1', 'Alpha', ['Twin'], []),
    client('dup2', 'Beta', ['Twin'], []),
  ],
  internalDomains: ['vendor.example'],
  sharedDomains: ['shared.example'],
});

function match(title: string, addresses: string[] = [], body = '') {
  const people = addresses.map((address) => ({ name: '', address, role: 'required' as const }));
  const point: Touchpoint = {
    kind: 'meeting',
    sourceKey: 'k',
    title,
    body,
    people,
    occurredAt: null,
    endsAt: null,
    allDay: false,
    timeZone: 'UTC',
    details: {},
  };
  return resolver.match(point);
}

describe('the client of a touchpoint', () => {
  it.each([
    ['the longest alias wins', 'SA Health iPro upgrade', [], 'ipro', 'name in title'],
    ['a shorter name alone', 'QBR with SA Health', [], 'sa', 'name in title'],
    ['names match on word boundaries only', 'GHAnaian food', [], null, null],
    [
      'case, accents and quotes make no difference',
      'st odran’s (north) – te whatu ora',
      [],
      'ot',
      'name in title',
    ],
    ['a domain speaks for its client', 'Catch up', ['a@gha.example'], 'gha', 'domain'],
    ['so does a subdomain', 'Catch up', ['a@mail.gha.example'], 'gha', 'domain'],
    ['but not a longer label', 'Catch up', ['a@notgha.example'], null, null],
    ['domain and name agree', 'GHA catch up', ['a@gha.example'], 'gha', 'domain+name'],
    ['a domain beats another name in the title', 'SA Health referral', ['a@gha.example'], 'gha', 'domain'],
    ['a domain that two clients list decides nothing', 'Catch up', ['a@gov.example'], null, 'ambiguous'],
    ['a name decides among those that share it', 'SA Health iPro', ['a@gov.example'], 'ipro', 'domain+name'],
    ['people of two clients are ambiguous', 'Forum', ['a@gha.example', 'b@odran.example'], null, 'ambiguous'],
    ['a name decides between them', 'GHA forum', ['a@gha.example', 'b@odran.example'], 'gha', 'domain+name'],
    ['an alias of two clients decides nothing', 'Twin review', [], null, null],
    ['internal people say nothing', 'Lunch', ['a@vendor.example', 'b@eu.vendor.example'], null, null],
    ['no match is null', 'Lunch', ['a@gmail.example'], null, null],
  ])('%s', (_, title, addresses, id, method) => {
    expect(match(title, addresses)).toMatchObject({ client: id, method });
  });

  it('finds a name in the text with less confidence than in the title', () => {
    const inText = match('Catch up', [], 'we spoke about GHA today');
    expect(inText).toMatchObject({ client: 'gha', method: 'name in text' });
    expect(inText.confidence).toBeLessThan(match('GHA').confidence ?? 0);
  });

  it('survives names that are patterns and text of 100 kB', () => {
    expect(match(`St Odran's (North) ${'x '.repeat(50_000)}`)).toMatchObject({ client: 'ot' });
  });

  it('knows who is internal', () => {
    const people = (address: string) => [{ name: '', address, role: 'from' as const }];
    expect(resolver.isInternal(people('a@eu.vendor.example'))).toBe(true);
    expect(resolver.isInternal(people('a@notvendor.example'))).toBe(false);
  });
});
