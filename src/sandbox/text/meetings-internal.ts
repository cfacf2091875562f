/** Meetings without a client: internal, social, personal, vendors and travel. Several must never be kept. */
export interface InternalText {
  readonly title: string;
  readonly text: string;
  readonly sensitivity?: 'personal' | 'private' | 'confidential';
  readonly allDay?: boolean;
}

export const INTERNAL_MEETINGS: readonly InternalText[] = [
  { title: 'Client success team meeting', text: 'Round the room, renewals board, capacity, AOB.' },
  { title: 'Friday drinks', text: 'Rooftop if it is dry, the usual pub if it is not.' },
  {
    title: 'Sprint planning - Beacon squad',
    text: 'Pull the top of the backlog, check capacity, agree the sprint goal.',
  },
  {
    title: 'Interview: client success manager (Brisbane)',
    text: 'Second interview. Panel questions are in the shared folder.',
    sensitivity: 'confidential',
  },
  { title: 'Performance conversation', text: 'Half-year performance conversation.', sensitivity: 'private' },
  { title: 'Dentist', text: '', sensitivity: 'personal' },
  { title: 'School pick-up', text: 'Unavailable.', sensitivity: 'personal' },
  { title: 'Focus time', text: 'Please do not book over this.' },
  { title: 'Flight MEL-PER QF0771', text: 'Booking reference in the travel app.' },
  { title: 'Public holiday', text: '', allDay: true },
  { title: 'Annual leave', text: 'Back on Monday, my cover is on the team page.', allDay: true },
  { title: 'Morning tea: farewell for Oscar', text: 'Cake in the kitchen at half past ten.' },
  { title: 'Salary review calibration', text: 'Managers only.', sensitivity: 'confidential' },
  {
    title: 'Vendor demo: survey tool',
    text: 'Third of three vendors for the satisfaction survey. Score sheet attached.',
  },
  {
    title: 'Security awareness refresher (all staff)',
    text: 'Yearly refresher: phishing, passwords, clean desk.',
  },
  { title: 'Architecture guild', text: 'Event schema versioning and the retirement of the old message bus.' },
  {
    title: 'Product council',
    text: 'Prioritise the next quarter: scoring, dependencies, what we say no to.',
  },
  { title: 'Lunch run club', text: 'Five kilometres along the river, all paces.' },
];
