/** Mail that is about no client at all. */
export interface OtherMail {
  readonly subject: string;
  readonly text: string;
  readonly sensitivity?: 'personal' | 'private' | 'confidential';
}

export const NEWSLETTERS: readonly (OtherMail & { readonly name: string; readonly address: string })[] = [
  {
    name: 'Digital Health Weekly',
    address: 'news@digitalhealthweekly.example',
    subject: 'This week: virtual wards, FHIR and the budget',
    text: 'Five stories you should not miss. Virtual wards expand in three states. The new interoperability standard explained. Job of the week.',
  },
  {
    name: 'TravelPoint',
    address: 'offers@travelpoint.example',
    subject: 'Your points are about to expire',
    text: 'You have 1,240 points that expire at the end of the month. Use them for a lounge visit or a hotel night.',
  },
  {
    name: 'CloudMeter',
    address: 'no-reply@cloudmeter.example',
    subject: 'Your weekly usage digest',
    text: 'Usage was 4 percent lower than last week. Two budgets are close to their limit. Open the console for details.',
  },
  {
    name: 'Harbourline People Team',
    address: 'people@harbourline.example',
    subject: 'Staff newsletter',
    text: 'New starters, birthdays, the bake sale result, and a reminder to submit your leave for the end of the year.',
  },
  {
    name: 'Success Leaders Forum',
    address: 'hello@successleaders.example',
    subject: 'Last seats for the client success summit',
    text: 'Two days of talks on retention, onboarding and health scores. Early price ends on Friday.',
  },
];

export const INTERNAL_MAILS: readonly OtherMail[] = [
  {
    subject: 'Parking at the Melbourne office',
    text: 'The car park is closed on Tuesday for line marking. Please use the street or the tram.',
  },
  {
    subject: 'Laptop replacement',
    text: 'Your laptop is due for replacement. Pick a size in the portal and we will have it ready in two weeks.',
  },
  {
    subject: 'Footy tipping round 6',
    text: 'Tips are due before the first bounce. Callum still leads and will not stop talking about it.',
  },
  {
    subject: 'Release train moved by a day',
    text: 'The release train leaves on Thursday instead of Wednesday because of the certificate change. Merge before noon.',
  },
  {
    subject: 'Birthday cake for Dev',
    text: 'Cake at three in the kitchen. Please sign the card on my desk.',
  },
  {
    subject: 'Expense policy',
    text: 'The expense policy has changed: receipts above 75 dollars only, and meals by daily rate.',
  },
  {
    subject: 'Slides for the all-hands',
    text: 'Please put your slide into the shared deck by Monday. One slide, one message, no animations.',
  },
  {
    subject: 'Your salary review',
    text: 'The outcome of the salary review is attached. Please treat it as confidential.',
    sensitivity: 'confidential',
  },
  {
    subject: 'Medical certificate',
    text: 'Attached is the certificate for last week. Please keep it between us.',
    sensitivity: 'private',
  },
  {
    subject: 'Dinner on Saturday?',
    text: 'Are you two free on Saturday? Seven at ours, bring nothing.',
    sensitivity: 'personal',
  },
];

export const DRAFTS: readonly OtherMail[] = [
  {
    subject: 'Draft: note on the renewal',
    text: 'Points to make: price held in year one, named contact, training days. Check with Naomi before sending.',
  },
  {
    subject: 'Apology for the outage',
    text: 'First attempt, too defensive. Say sorry first, then facts, then dates.',
  },
  { subject: 'Ideas for the review', text: 'Fewer slides. Start with what they asked for last time.' },
];

export const DISCLAIMERS = [
  'This email and any attachments are confidential and may be privileged. If you are not the intended recipient, please delete it and tell the sender. Views expressed are those of the sender and not necessarily those of the organisation.',
  'IMPORTANT: The contents of this email are confidential and intended for the named recipient only. Please consider the environment before printing.',
] as const;
