import type { Intent } from '../model.ts';

export interface ReplyText {
  readonly intent: Intent;
  readonly from: 'client' | 'us';
  readonly text: string;
}

const of = (intent: Intent, from: ReplyText['from'], texts: readonly string[]): ReplyText[] =>
  texts.map((text) => ({ intent, from, text }));

/** What the second and later mails of a thread say, by what the thread is about. */
export const REPLIES: readonly ReplyText[] = [
  ...of('escalation', 'us', [
    'I am sorry, and I understand how this looks from your side. It is with our performance team as severity 1 and I will ring you at two with what they have found.',
    'Thank you for the timings. They match what we see: the new index was not applied to your environment. It is being applied now and I will stay on it until you confirm.',
    'Understood. Callum leads this from here and will send an update every hour. I have also told our executive.',
    'The workaround is to run it with the summary tables ticked, which brings it under a minute. I know that is not a fix. The fix is in test.',
    'You are right that nobody warned you about the change, and that is on us. From now on you get the change notice a week ahead and may say no.',
  ]),
  ...of('escalation', 'client', [
    'Thanks for the call. It is quicker today but still not where it was. I will believe it when month end goes through.',
    'Still the same this morning, screenshots attached. People here have lost patience.',
    'Much better. The whole pack ran in four minutes. Please do not let it slip back.',
    'I appreciate the honesty. I still need the written plan for my executive by Friday.',
    'No, that does not help. The summary tables leave out the ward split, which is the only reason we run it.',
  ]),
  ...of('qbr', 'us', [
    'I have added your point on results viewing and moved the roadmap to the front of the deck.',
    'Happy to move it. The 12th or the 14th would work for us, and you will have the pack a week ahead.',
    'The benchmark is attached. You sit in the top third for discharge turnaround and in the middle for portal uptake.',
    'Thank you, those numbers change slide 9 for the better.',
  ]),
  ...of('qbr', 'client', [
    'Looks good. Could you show the emergency department separately, our director will ask.',
    'Please add the cost per user, our finance people like that one.',
    'Fine with us. I would keep the incident slide short, we have discussed it enough.',
    'The 14th suits. I will bring the director of nursing.',
  ]),
  ...of('routine check-in', 'us', [
    'All good, talk on Thursday.',
    'Done, the account is active and the password comes by text message.',
    'Saved filters can be shared from the three dots beside the name. I attach a picture.',
    'I will put the refresh into the calendar for the last Friday of the month and confirm.',
    'Thank you, I have passed it on and it made her day.',
  ]),
  ...of('routine check-in', 'client', [
    'Perfect, thank you.',
    'Nothing to add from me, we can skip this week.',
    'Found it, thanks. Could that be in the quick reference card?',
    'That works. One more: the clinic letters still show the old logo.',
    'Great, talk then.',
  ]),
  ...of('onboarding', 'us', [
    'Agreed, better now than on the Friday. I will propose the 27th to the board with the pathology test as the gate.',
    'The accounts are built. Could you confirm the role for allied health by Wednesday so that training is not held up?',
    'The rejected patients are listed by site in the attachment. Load three runs on Sunday night.',
    'Wonderful to hear. Both niggles are fixed in the patch that goes in on Thursday.',
  ]),
  ...of('onboarding', 'client', [
    'We have corrected 38 of the 41, the other three are genuine duplicates.',
    'The clinical lead has signed the downtime procedure. One interface to go.',
    'Testers are booked for Wednesday, same people as last time.',
    'Thank you, the plan on a page is exactly what the board wanted.',
  ]),
  ...of('renewal discussion', 'us', [
    'For a five-year term I can hold the first two years flat and cap the rest at CPI. I will send a revised quote tomorrow.',
    'The notice period is ninety days. I would be glad to meet procurement and take their questions at once.',
    'I appreciate your being open. May I come over next week with our head of support, so that we deal with the speed complaint before we talk price?',
    'That is very good news, thank you. Our legal team will turn the clause around by Thursday.',
  ]),
  ...of('renewal discussion', 'client', [
    'The revised quote helps. It goes to the finance committee on the 9th.',
    'Our position has not changed, we need it at or below the current price.',
    'Legal is happy with the exit clause. Only the hosting location is open now.',
    'We would take the three-year option if the portal is included.',
  ]),
  ...of('training', 'us', [
    'We can do 6.30 am on the 18th. The trainer will bring the cards.',
    'The report building course runs on the first Tuesday of every month, I have kept two seats.',
    'Sorry about the accounts. From now on we test them the day before.',
    'A colleague will call you this afternoon and walk you through users and roles, it takes half an hour.',
  ]),
  ...of('training', 'client', [
    'The 18th works. Ten names attached.',
    'They enjoyed it, thank you. Is there a second part?',
    'We will need it again in {month} for the night staff.',
    'That helped a lot, we now know where everything is.',
  ]),
  ...of('executive briefing', 'us', [
    'Our CEO has accepted and will keep it to ten minutes with five for questions.',
    'The note has been shortened to one page and the security paragraph moved up.',
    'We suggest the Thursday of her second week, with our CEO and head of client success.',
  ]),
  ...of('executive briefing', 'client', [
    'The Chief Executive liked the note and asks for one slide on patient flow.',
    'Both decisions were approved. Minutes to follow.',
    'Thursday is fine. Please send an agenda to her assistant.',
  ]),
];

/** Lines that open or close a mail, so that two mails from one text do not read the same. */
export const OPENINGS = [
  'Hi {to},',
  'Hello {to},',
  'Good morning {to},',
  'Dear {to},',
  '{to},',
  'Kia ora {to},',
  'Hi {to}, hope you had a good weekend.',
] as const;
export const EXTRAS = [
  'I am at {site} tomorrow if it is easier to talk in person.',
  'For reference, this concerns {product}.',
  'Bron is copied as she looks after {site}.',
  'We discussed a similar point in {month}.',
  'I have logged it as well so that there is a number.',
  'No rush, end of the week is fine.',
  'Please ring me if anything is unclear.',
  'I will be in meetings until three.',
  'The steering group meets at the end of {month}, it would be good to have this settled by then.',
  'Our team at {site} says thank you in advance.',
] as const;
export const CLOSINGS = [
  'Kind regards',
  'Regards',
  'Cheers',
  'Many thanks',
  'Thanks',
  'Nga mihi',
  'Best wishes',
] as const;
