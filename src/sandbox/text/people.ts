/** The vendor's staff whose mailboxes exist, and names for everybody else. */

export interface Staff {
  readonly name: string;
  readonly address: string;
  readonly title: string;
  readonly city: string;
  readonly zone: string;
}

const staff = (name: string, title: string, city: string, zone: string): Staff => ({
  name,
  title,
  city,
  zone,
  address: `${name.toLowerCase().replace(/[^a-z]+/g, '.')}@harbourline.example`,
});

export const STAFF: readonly Staff[] = [
  staff('Amelia Hartigan', 'Client Success Manager', 'Perth', 'Australia/Perth'),
  staff('Dev Raman', 'Client Success Manager', 'Adelaide', 'Australia/Adelaide'),
  staff('Grace Okonjo', 'Client Success Manager', 'Melbourne', 'Australia/Melbourne'),
  staff('Tom Birrell', 'Senior Client Success Manager', 'Sydney', 'Australia/Sydney'),
  staff('Lucia Ferrante', 'Client Success Manager', 'Brisbane', 'Australia/Brisbane'),
  staff('Hemi Parata', 'Client Success Manager', 'Auckland', 'Pacific/Auckland'),
  staff('Naomi Whitlock', 'Head of Client Success', 'Melbourne', 'Australia/Melbourne'),
  staff('Callum Reyes', 'Support and Delivery Lead', 'Hobart', 'Australia/Hobart'),
];

export const GIVEN_NAMES = [
  'Priya',
  'Moana',
  'Stephen',
  'Ingrid',
  'Wei',
  'Fatima',
  'Gareth',
  'Leilani',
  'Owen',
  'Sunita',
  'Brendan',
  'Yuki',
  'Marcus',
  'Helen',
  'Tariq',
  'Rosalind',
  'Kiri',
  'Anton',
  'Denise',
  'Joaquin',
  'Bronwyn',
  'Samir',
  'Paula',
  'Ewan',
  'Nadia',
  'Vincent',
  'Carmel',
  'Isaac',
  'Theresa',
  'Rafael',
  'Judith',
  'Minh',
  'Colleen',
  'Arjun',
  'Philippa',
  'Noel',
] as const;

export const FAMILY_NAMES = [
  'Nair',
  'Tautahi',
  'Gosling',
  'Lindqvist',
  'Zhang',
  'Haddad',
  'Pryce',
  'Kealoha',
  'Fitzmaurice',
  'Rao',
  'Delaney',
  'Tanaka',
  'Abbott',
  'Karagiannis',
  'Aziz',
  'Merriweather',
  'Ngata',
  'Petrov',
  'Lovell',
  'Santos',
  'Cadwallader',
  'Bashir',
  'Okafor',
  'McAllister',
  'Hristov',
  'Leung',
  'Donnelly',
  'Whitford',
  'Vasquez',
  'Tran',
  'Beaumont',
  'Singh',
] as const;

export const CLIENT_ROLES = [
  'Chief Information Officer',
  'Health Information Manager',
  'PAS Application Manager',
  'Director of Nursing Informatics',
  'Reporting and Analytics Lead',
  'Chief Executive',
  'Digital Health Program Manager',
  'Finance and Contracts Manager',
  'Outpatients Manager',
  'Chief Medical Information Officer',
] as const;

export const PRODUCTS = [
  'Tidewater EMR',
  'Breakwater PAS',
  'Beacon Reports',
  'Pilot Integration',
  'Mooring Patient Portal',
] as const;
