import type { Intent } from '../model.ts';

export interface MailText {
  readonly intent: Intent | null;
  readonly from: 'client' | 'us';
  readonly subject: string;
  readonly text: string;
}

const of = (
  intent: Intent | null,
  from: MailText['from'],
  texts: readonly (readonly [subject: string, text: string])[],
): MailText[] => texts.map(([subject, text]) => ({ intent, from, subject, text }));

/** First mails of threads between clients and the vendor; placeholders as in the meeting texts. */
export const FIRST_MAILS: readonly MailText[] = [
  ...of('escalation', 'client', [
    [
      'Reports are taking forever',
      'Every report my team opens in Beacon takes ten minutes or more since the weekend. Month end is Thursday and at this speed we will miss it. Please tell me somebody is looking at it.',
    ],
    [
      'Bed occupancy report timing out again',
      'The occupancy report timed out four times this morning before I gave up and counted from the ward list. This is the third week. I am not prepared to keep explaining it to our executive.',
    ],
    [
      'Unhappy with dashboard speed at {site}',
      'Our clinicians have stopped opening the dashboards because they sit on a spinning wheel for minutes. We bought this so that handover would be quicker and it is now slower than paper.',
    ],
    [
      'Waiting list extract still sluggish',
      'The waiting list extract used to finish overnight and now it is still running when we come in. The analysts are frustrated and so am I. When can we expect the fix you mentioned in {month}?',
    ],
    [
      'Complaint: report performance',
      'Please treat this as a formal complaint. Report response times have been outside the agreed level for two months and our tickets are closed without any improvement. I expect a written plan.',
    ],
    [
      'Finance pack ran for three hours',
      'Last night the finance pack ran for three hours and locked everybody else out of reporting. It used to take fifteen minutes. Something changed with your last release and nobody told us.',
    ],
    [
      'Theatre utilisation report hangs',
      'The theatre utilisation report hangs at 60 percent every time. The surgeons ask me for it weekly and I look foolish. Can a person call me rather than another automatic reply?',
    ],
    [
      'P1 - {product} not available',
      'Nobody at {site} can log in to {product}. Wards are on paper. We need an update every half hour on my mobile, not through the portal.',
    ],
    [
      'Third outage this quarter',
      'That was the third outage since {month}. My chief executive wants to know what we are paying for. I need the root cause and what will be different this time by close of business.',
    ],
    [
      'Wrong results shown in {product}',
      'A clinician found a result filed under the wrong patient. We have stopped the feed. This is a clinical safety issue and I want your medical lead on a call today.',
    ],
    [
      'Discharge summaries stuck',
      'GPs tell us they have had no discharge summaries since Tuesday. The queue shows more than four hundred waiting. Please escalate to whoever can clear it.',
    ],
    [
      'No reply to my tickets for nine days',
      'I have three severity 2 tickets with no reply for nine days. If support is short of people please say so, the silence is worse than the defects.',
    ],
    [
      'Upgrade broke appointment letters',
      'Since the upgrade all appointment letters print without the clinic address. We have sent two hundred patients to the wrong place. I am very disappointed with the testing.',
    ],
  ]),
  ...of('escalation', 'us', [
    [
      'Incident update: {product} at {site}',
      'We have found the cause, a lock between the nightly load and the reporting queries. The load has been stopped and response times are back under ten seconds. A permanent change goes in tonight.',
    ],
    [
      'Recovery plan for report performance',
      'As promised, the recovery plan: index change this week, separate reporting replica by the end of {month}, weekly timings sent to you every Friday until you are satisfied.',
    ],
    [
      'RCA - outage {month}',
      'Attached is the root cause analysis. In short: an expired certificate on the gateway, monitoring that did not cover it, and a phone tree that was out of date. Owners and dates are on page three.',
    ],
  ]),
  ...of('qbr', 'us', [
    [
      'Draft pack for our quarterly review',
      'The draft deck is attached: ticket trends, uptake by ward, what we promised and what got done, and the roadmap slide you asked for. Could you send the pharmacy numbers by Friday?',
    ],
    [
      '{client} QBR - proposed agenda',
      'Proposed agenda for the review: service levels, {product} usage, benefits against the business case, open risks, next quarter. Anything your executive would like to see?',
    ],
    [
      'Actions from the business review',
      'Thank you for the frank discussion. Actions: we send the benchmark by the 15th, you confirm the super-user list, both of us revisit the adoption target at {site}.',
    ],
    [
      'Adoption figures for {quarter}',
      'Logins are up 14 percent on last quarter, mostly from {site}. The discharge module is still lightly used by the surgical wards, I have two suggestions for the review.',
    ],
  ]),
  ...of('qbr', 'client', [
    [
      'Numbers for the quarterly review',
      'Here are our figures for the scorecard. Turnaround has improved nicely since the change in {month}. I would like ten minutes on the roadmap for results viewing.',
    ],
    [
      'Feedback on the annual review',
      'The annual review was the best we have had, the benefits page went straight to our board. Next time leave more room for questions.',
    ],
    [
      'Can we move the QBR?',
      'Accreditation is in the same week. Could we move the quarterly review by a fortnight and have the pack a few days earlier?',
    ],
  ]),
  ...of('routine check-in', 'us', [
    [
      'Thursday as usual?',
      'Nothing burning on my side so happy to keep it to fifteen minutes. I have the two open tickets and the printer question. Anything to add?',
    ],
    [
      'Notes from today',
      'Short notes: ticket on label printing closed, change request for the referral form is with the product team, you are away the second week of {month} and Bron covers.',
    ],
    [
      'Release notes for {product}',
      'The release notes are out. Three items matter for you: faster search, the new audit view, and a fix for the duplicate letters. Shout if you would like a walk-through.',
    ],
    [
      'Checking in',
      'It has been a quiet few weeks so I wanted to see how things are going with {product} at {site}. Anything that annoys people that they have not bothered to log?',
    ],
  ]),
  ...of('routine check-in', 'client', [
    [
      'Small things for our catch-up',
      'Two small things: the clinic list sorts oddly when two clinics share a name, and can we get another account for the new clerk?',
    ],
    [
      'Quick question about {product}',
      'Is it possible to copy a saved filter to a colleague, or does everyone have to build their own? Not urgent.',
    ],
    [
      'Thanks to your support team',
      'Just a note to say that the person who helped us on Monday was excellent. Patient, clear, and rang back when she said she would.',
    ],
    [
      'Leave cover in {month}',
      'I am on leave for three weeks from the 6th. Please copy the shared mailbox on anything to do with {product}.',
    ],
    [
      'Test environment refresh',
      'Could the test environment be refreshed from production before the end of {month}? Ours is eight months old and half the clinics are missing.',
    ],
  ]),
  ...of('onboarding', 'us', [
    [
      'Welcome to Harbourline: next steps',
      'Welcome aboard. Next steps: kick-off on the date we agreed, the data extract template by the end of the week, and names for the project board. I will be your contact throughout.',
    ],
    [
      'Go-live checklist for {site}',
      'The checklist for {site} is attached. Open: two interfaces, printer labels for the emergency department, and sign-off of the downtime procedure.',
    ],
    [
      'UAT defects - status',
      'Forty-two test scripts run, six defects open, none of them severity 1. The retest is planned for Wednesday, please keep the same testers.',
    ],
    [
      'Migration load 2: results',
      'The second trial load ran clean apart from 41 rejected patients without a date of birth. Your team would need to correct them at the source before load three.',
    ],
  ]),
  ...of('onboarding', 'client', [
    [
      'Worried about the go-live date',
      'With the interface to pathology still untested I do not see how {site} goes live on the 20th. I would rather move it now than on the Friday before.',
    ],
    [
      'User list for the new site',
      'Attached is the list of users for {site}, 84 in total. Role for the allied health team is still to be decided.',
    ],
    [
      'First week live',
      'First week is behind us and it went better than anyone expected. Floor walkers were superb. Two niggles with discharge medication, both logged.',
    ],
    [
      'Project board names',
      'Our project board will be our director of nursing, the CIO and myself. Could the plan on a page be sent before kick-off?',
    ],
  ]),
  ...of('renewal discussion', 'us', [
    [
      'Your {product} subscription',
      'The current term ends in {month}. I attach a quote for three years with the modules you use today, and one with the portal added. Happy to talk it through with procurement.',
    ],
    [
      'Renewal proposal - {client}',
      'Our proposal holds the price for year one and caps indexation at CPI after that. It includes four training days a year. The offer is open for sixty days.',
    ],
    [
      'Licence count before renewal',
      'You are using 312 of 280 named licences. There is no need to panic, we can fold the difference into the renewal, but I would like to agree the number first.',
    ],
  ]),
  ...of('renewal discussion', 'client', [
    [
      'Uplift in the renewal quote',
      'A nine percent uplift is not something I can take to our board after the year we have had. What can you do on price if we sign for five years?',
    ],
    [
      'Contract expiry',
      'Procurement reminded me that our agreement runs out in {month}. Who do we speak to about an extension, and what notice do we have to give if we do not renew?',
    ],
    [
      'We are looking at other options',
      'I want to be open with you: we have asked two other vendors for pricing. The product is fine, the reporting speed and the cost are what people complain about.',
    ],
    [
      'Approved: five-year term',
      'Good news, the board approved the five-year term yesterday. The purchase order will follow once legal has marked up the liability clause.',
    ],
    [
      'Questions from procurement',
      'Procurement asks for your hosting location, insurance certificates and the exit assistance rates before they can put the renewal forward.',
    ],
  ]),
  ...of('training', 'us', [
    [
      'Training dates for {site}',
      'We can offer the 11th or the 18th for the ward clerk course. Ten people at most, and everyone needs a training account beforehand.',
    ],
    [
      'Recording of the {product} webinar',
      'Here is the recording of the webinar with the quick reference card. The part on scheduling reports starts at minute 22.',
    ],
    [
      'Super-user program',
      'We would like two super-users per ward. They get a half-day course, a direct line to our trainers and an early look at each release.',
    ],
  ]),
  ...of('training', 'client', [
    [
      'Refresher for theatre staff',
      'After the errors last month we would like a refresher for the theatre team, ideally before 7 am or after 4 pm.',
    ],
    [
      'Can you train our new analysts?',
      'Two new analysts start in {month} and nobody here has time to teach them Beacon. Do you still run the report building course?',
    ],
    [
      'Feedback from the course',
      'The trainer was great but the room was too small and half of the accounts did not work for the first hour.',
    ],
    [
      'How do we add a user?',
      'Our administrator left without handing over. Is there a guide, or could someone show us over the phone how users and roles are set up?',
    ],
  ]),
  ...of('executive briefing', 'us', [
    [
      'Briefing note for your Chief Executive',
      'The briefing note is attached, two pages as requested: outcomes to date, the security position, and what we ask of the executive.',
    ],
    [
      'Steering committee papers',
      'Papers for the executive steering committee are attached. Two decisions: funding for the portal and the order of the remaining sites.',
    ],
  ]),
  ...of('executive briefing', 'client', [
    [
      'Board paper on digital',
      'Our board meets on the 24th and the chair wants the vendor in the room for fifteen minutes. Could your CEO attend?',
    ],
    [
      'Introducing our new CIO',
      'Our new CIO starts on Monday. Could you arrange an introduction at executive level in the first fortnight?',
    ],
  ]),
  ...of(null, 'client', [
    [
      'Invoice query',
      'Invoice HL-20418 has the old purchase order on it. Could your accounts team reissue it with the number ending 771?',
    ],
    [
      'Change of address',
      'Please note that our head office has moved, the new street address is in the signature below.',
    ],
    [
      'Interface specification for pathology',
      'Our pathology provider asks for the message specification of the results interface, version and character set included.',
    ],
    [
      'Penetration test report',
      'Our security team needs your latest penetration test summary and the date of the next one for their audit.',
    ],
    [
      'Enhancement: sort order of clinics',
      'It would help our clerks if clinics could be sorted by the next free appointment. I know it is not a defect, please pass it on.',
    ],
    [
      'Portal feedback from consumers',
      'Our consumer group likes the portal but finds the registration letter hard to read. Larger type and fewer steps, please.',
    ],
  ]),
];
