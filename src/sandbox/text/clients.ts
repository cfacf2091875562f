/** The made-up vendor's clients. Every domain is under `.example` (RFC 2606): no mail can ever reach anybody. */

export interface SandboxClient {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly domains: readonly string[];
  /** What their people's addresses end in: mostly, but not always, one of the domains above. */
  readonly mailDomain: string;
  readonly zone: string;
  readonly sites: readonly string[];
}

export const sandboxInternalDomains: readonly string[] = ['harbourline.example'];

/** Government-wide domains: they say "a client", not which one. */
export const sandboxSharedDomains: readonly string[] = ['health.gov.example'];

const client = (
  name: string,
  options: Pick<SandboxClient, 'aliases' | 'domains' | 'zone' | 'sites'> & { readonly mailDomain?: string },
): SandboxClient => ({ name, mailDomain: options.domains[0] ?? 'health.gov.example', ...options });

export const sandboxClients: readonly SandboxClient[] = [
  client('SA Health', {
    aliases: ['South Australia Health'],
    domains: ['sahealth.example', 'health.gov.example'],
    zone: 'Australia/Adelaide',
    sites: ['Torrens General', 'Lyell Vale'],
  }),
  client('SA Health iPro', {
    aliases: ['iPro'],
    domains: ['health.gov.example'],
    zone: 'Australia/Adelaide',
    sites: ['the iPro program office', 'Gawler East'],
  }),
  client('Grampians Highlands Alliance', {
    aliases: ['GHA', 'Grampians Highlands'],
    domains: ['gha.example'],
    zone: 'Australia/Melbourne',
    sites: ['Halls Gap', 'Stawell North'],
  }),
  client('Nottingham Gorge Hospital', {
    aliases: ['Nottingham Gorge', 'NGH'],
    domains: ['notgha.example'],
    zone: 'Australia/Darwin',
    sites: ['the Gorge campus', 'Katherine Road'],
  }),
  client('Kestrel Coast Health', {
    aliases: ['Kestrel Coast', 'KCH'],
    domains: ['health.gov.example', 'kestrelcoast.example'],
    mailDomain: 'health.gov.example',
    zone: 'Australia/Brisbane',
    sites: ['Kestrel Base', 'Noosa Rise'],
  }),
  client('Wattle Creek Hospital', {
    aliases: ['Wattle Creek'],
    domains: ['wattlecreek.example'],
    mailDomain: 'mail.wattlecreek.example',
    zone: 'Australia/Sydney',
    sites: ['the main campus', 'the day surgery'],
  }),
  client('Mount Barrow Private', {
    aliases: ['Mt Barrow', 'Mount Barrow'],
    domains: ['mtbarrow.example'],
    zone: 'Australia/Hobart',
    sites: ['Launceston', 'Devonport'],
  }),
  client('Swan Valley Health Service', {
    aliases: ['Swan Valley', 'SVHS'],
    domains: ['svhs.example'],
    zone: 'Australia/Perth',
    sites: ['Midland', 'Ellenbrook'],
  }),
  client('Te Awa Regional Health', {
    aliases: ['Te Awa'],
    domains: ['teawa.example'],
    zone: 'Pacific/Auckland',
    sites: ['Hastings', 'Wairoa'],
  }),
  client('Southern Lakes DHB', {
    aliases: ['Southern Lakes'],
    domains: ['southernlakes.example'],
    zone: 'Pacific/Auckland',
    sites: ['Queenstown', 'Wanaka'],
  }),
  client('Marianas Medical Centre', {
    aliases: ['Marianas Medical', 'MMC'],
    domains: ['marianasmed.example'],
    zone: 'Pacific/Guam',
    sites: ['Tamuning', 'Dededo'],
  }),
  client('Bass Strait Community Care', {
    aliases: ['Bass Strait Care', 'BSCC'],
    domains: ['bscc.example'],
    zone: 'Australia/Hobart',
    sites: ['King Island', 'Burnie'],
  }),
  client('Ironbark Aged Care', {
    aliases: ['Ironbark'],
    domains: ['ironbark.example'],
    zone: 'Australia/Sydney',
    sites: ['Dubbo', 'Orange'],
  }),
  client('Pelican Point Clinic Group', {
    aliases: ['Pelican Point'],
    domains: ['pelicanpoint.example'],
    zone: 'Australia/Perth',
    sites: ['Bunbury', 'Busselton'],
  }),
  client('St Brannock Hospital', {
    aliases: ['St Brannock', "St Brannock's"],
    domains: ['stbrannock.example'],
    zone: 'Australia/Melbourne',
    sites: ['the Fitzroy wing', 'Geelong Road'],
  }),
  client('Cape Solander Health', {
    aliases: ['Cape Solander', 'CSH'],
    domains: ['capesolander.example'],
    zone: 'Australia/Sydney',
    sites: ['Kurnell', 'Cronulla'],
  }),
  client('Red Centre Health Network', {
    aliases: ['Red Centre', 'RCHN'],
    domains: ['redcentre.example', 'health.gov.example'],
    mailDomain: 'redcentre.example',
    zone: 'Australia/Darwin',
    sites: ['Alice Springs', 'Tennant Creek'],
  }),
  client('Lockyer Range Health', {
    aliases: ['Lockyer Range'],
    domains: ['lockyerrange.example'],
    zone: 'Australia/Brisbane',
    sites: ['Gatton', 'Esk'],
  }),
  client('Aurora Women and Children', {
    aliases: ['Aurora W&C', 'Aurora'],
    domains: ['aurorawc.example'],
    zone: 'Australia/Melbourne',
    sites: ['the birthing suite', 'the NICU'],
  }),
  client('Peninsula Eye and Ear', {
    aliases: ['Peninsula Eye'],
    domains: ['peninsulaeye.example'],
    zone: 'Australia/Adelaide',
    sites: ['the theatre block', 'outpatients'],
  }),
];
