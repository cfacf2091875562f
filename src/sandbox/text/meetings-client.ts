import type { Intent } from '../model.ts';

export interface MeetingText {
  readonly intent: Intent | null;
  readonly title: string;
  readonly text: string;
}

const of = (intent: Intent, texts: readonly (readonly [title: string, text: string])[]): MeetingText[] =>
  texts.map(([title, text]) => ({ intent, title, text }));

/**
 * What client meetings are called and what their invitations say. {client}, {short}, {product}, {contact}, {csm},
 * {site}, {month}, {quarter} and {n} are filled in; paragraphs are parted by an empty line.
 */
export const CLIENT_MEETINGS: readonly MeetingText[] = [
  ...of('qbr', [
    [
      '{client} QBR {quarter}',
      'Agenda\n1. Service levels and ticket volumes for {quarter}\n2. {product} usage by site\n3. What we promised last quarter and where it landed\n4. Roadmap for the next release\n5. Actions\n\nDeck will be sent two days before.',
    ],
    [
      'Quarterly business review - {short}',
      'Hi {contact}, this is our regular quarterly review. I will bring the KPI pack (logins, discharge summary turnaround, open defects) and the value summary your executive asked for.',
    ],
    [
      '{short} / Harbourline half-yearly service review',
      'Six-month look back over SLA attainment, P1 and P2 trends, training uptake and the {product} adoption figures for {site}. Please bring any survey results you are happy to share.',
    ],
    [
      'Annual account review: {client}',
      'Twelve months in review: benefits realised against the business case, usage by ward, open improvement requests, and priorities for the coming year.',
    ],
    [
      'EBR with {client} - value delivered and roadmap',
      'Business review covering outcomes to date, benchmark against similar health services, and the roadmap items {short} voted for.',
    ],
    [
      'QBR prep with {contact} ({short})',
      'Walk through the draft slides together so there are no surprises on the day. Slide 7 still needs your bed occupancy numbers.',
    ],
    [
      '{quarter} scorecard: {short}',
      'Joint scorecard session. Green: uptime, portal registrations. Amber: reporting turnaround. Red: overdue upgrade for {site}. We agree the scores and owners before they go to the steering group.',
    ],
    [
      'Service performance review {month} - {client}',
      'Standing quarterly agenda: incident summary, change calendar, capacity forecast, licence position, satisfaction results.',
    ],
    [
      '{short} account health review',
      'Review of the agreed success plan for {product}: objectives, measures, status, and what to retire. Thirty minutes on numbers, thirty on what comes next.',
    ],
  ]),
  ...of('escalation', [
    [
      'URGENT: {product} down at {site}',
      'P1 bridge. {product} has been unavailable at {site} since early this morning, staff are on downtime forms. Need L3, the DBA and someone who can update the hospital every 30 minutes.',
    ],
    [
      'Slow reports - escalation call with {short}',
      'The month-end bed occupancy report has gone from two minutes to over forty. {contact} has escalated to their CIO. We need a cause, a workaround for Friday and a date for the fix.',
    ],
    [
      '{client}: formal complaint about report performance',
      'Response to the written complaint about Beacon Reports timing out for the reporting team. Agree facts, our apology, the remediation plan and who signs the letter.',
    ],
    [
      'Post-incident review - {short} outage',
      "PIR with {client} for last week's outage. Timeline, root cause, what the hospital saw, corrective actions and the communication gap. RCA document due to their executive within five days.",
    ],
    [
      'War room: discharge summaries not sending ({short})',
      'Summaries queued since 06:40 and GPs are ringing the wards. Working session until the Pilot queue is clear. Dial in when you can, stay until released.',
    ],
    [
      'SLA breach review with {client}',
      'Third month below the P2 response target. {contact} asks for a recovery plan with dates and for service credits to be discussed.',
    ],
    [
      '{short} go-live blocked - executive escalation',
      'Two severity 1 defects in {product} block the go-live at {site}. Decision needed today: fix forward, partial go-live, or move the date.',
    ],
    [
      'Data mismatch between wards and extract: urgent call {short}',
      'The waiting list extract sent to the ministry does not match what the wards see. {contact} needs an explanation before their submission closes tonight.',
    ],
    [
      'Dashboards unusable in the morning - {short}',
      'Clinicians at {site} wait several minutes for every dashboard between 8 and 10. They have stopped using them for handover. Bring query timings and the capacity graphs.',
    ],
    [
      'Escalation follow-up: {product} performance, {client}',
      'Day three check on the performance fix. Compare timings before and after, decide whether the ticket may come down from severity 1.',
    ],
  ]),
  ...of('routine check-in', [
    ['{short} weekly catch-up', 'Usual agenda: open tickets, upcoming changes, anything worrying you.'],
    [
      'Check-in: {contact} / {csm}',
      'Informal half hour. No slides. If nothing is burning we will give each other the time back.',
    ],
    [
      '{client} fortnightly status',
      'Status of open items, change calendar for the next two weeks, leave cover.',
    ],
    [
      'Monthly touch base with {short}',
      'Ticket list attached. Happy to talk through the {product} release notes if useful.',
    ],
    ['{short} WIP', 'Run through the work-in-progress board together and close what is done.'],
    ['Coffee with {contact} from {short}', 'Catching up while I am in town. Nothing formal.'],
    [
      '{client} support queue review',
      'Go through everything older than thirty days, agree what can be closed and what needs a push.',
    ],
    [
      'Regular sync - {short} and Harbourline',
      'Standing sync. Topics so far: printer mapping question, the two open change requests, who covers in {month}.',
    ],
    [
      '{short} application managers catch-up',
      'Regular get-together of the {product} application managers. Bring one thing that works and one that does not.',
    ],
  ]),
  ...of('onboarding', [
    [
      '{product} kick-off: {client}',
      'Project kick-off. Introductions, scope, governance, plan on a page, ways of working, first risks. Please forward to your clinical lead.',
    ],
    [
      '{short} go-live readiness - {site}',
      'Readiness checklist for {site}: interfaces, printers, accounts, floor walkers, downtime procedure, go / no-go criteria.',
    ],
    [
      'UAT planning for {client}',
      'Agree test scripts, testers, environments and defect triage for user acceptance testing of {product}.',
    ],
    [
      'Handover from sales: {short}',
      'Sales hands the account to delivery and client success: what was sold, what was promised, who is who, what worries them.',
    ],
    [
      'Cut-over rehearsal {short}',
      'Dress rehearsal of the cut-over weekend, step by step with timings. Migration counts to be reconciled on the call.',
    ],
    [
      'New site onboarding: {site} joins {client}',
      'Bringing {site} on to {product}: build, code sets, user list, interface endpoints and date.',
    ],
    [
      '{short} implementation stand-up',
      'Daily during the final fortnight: yesterday, today, blockers. Interfaces first, then data migration, then training.',
    ],
    [
      'Data migration walkthrough - {client}',
      'Second trial load results: 41 rejected records, duplicate medical record numbers, appointments without a clinic. Agree the rules for load three.',
    ],
    [
      'Hypercare close-out {site}',
      'End of the four-week hypercare period. Remaining defects move to support, celebrate what went well, sign the acceptance certificate.',
    ],
  ]),
  ...of('renewal discussion', [
    [
      '{client} renewal',
      'Contract ends in {month}. Options: three or five years, modules to add or drop, indexation. Looking for a shape both sides can take to approval.',
    ],
    [
      'Licence true-up and renewal terms - {short}',
      'Named users are 12 percent above the licensed number. Talk through the true-up and how it folds into the renewal price.',
    ],
    [
      '{short} contract extension: pricing',
      'Procurement asks for a twelve-month extension at current rates while their tender is prepared. Discuss uplift, notice period and what is in scope.',
    ],
    [
      'Renewal negotiation with {client} procurement',
      'Second round. Open points: CPI cap, liability, exit assistance, hosting location clause.',
    ],
    [
      '{product} subscription expiry - {client}',
      'The subscription for {product} expires at the end of {month}. Walk through the quote and the approvals {contact} needs on their side.',
    ],
    [
      'Commercial discussion: {short} five-year term',
      'They would sign for five years against a fixed price and a named client success manager. Agree what we can offer.',
    ],
    [
      '{short} considering alternatives - renewal call',
      'Their new CFO has asked for two other quotes. Understand the gap, restate value, find out who decides and when.',
    ],
    [
      'Support tier options before renewal, {client}',
      'Compare standard and premium support for the next term: hours, response targets, on-site days and the price of each.',
    ],
  ]),
  ...of('training', [
    [
      '{product} training for ward clerks - {site}',
      'Two-hour hands-on session: admissions, transfers, discharges, common mistakes. Laptops provided, ten seats.',
    ],
    [
      'Train the trainer: {client}',
      'Day one of two. Teaching technique in the morning, {product} practice scenarios in the afternoon.',
    ],
    [
      'Beacon Reports workshop - building your own reports ({short})',
      'How to build, schedule and share a report, and how to keep it fast: filters first, no wide date ranges, use the summary tables.',
    ],
    [
      'Super-user drop-in clinic {short}',
      'Open session, bring your questions on {product}. Recording will be shared.',
    ],
    [
      'Webinar: what is new in {product}',
      'Forty minutes on the new release for all users at {client}, then questions.',
    ],
    [
      'Refresher for theatre staff at {site}',
      "Refresher on theatre lists and cancellations after last month's errors. Quick reference cards will be handed out.",
    ],
    [
      '{short} administrator course',
      'Code sets, roles, audit log, and what not to touch in production. For the application support team of {client}.',
    ],
    [
      'New graduate induction: {product} basics',
      'Introduction for the new graduate nurses starting at {site}. Exercises in the training environment.',
    ],
  ]),
  ...of('executive briefing', [
    [
      'Executive sponsor sync - {client}',
      'Regular conversation between our CEO and the Chief Executive of {client}. Strategy on both sides, no operational detail.',
    ],
    [
      'Board briefing: digital program at {client}',
      'We have twenty minutes at the board meeting of {client}: progress of the program, risks, what they get next year.',
    ],
    [
      'CIO briefing with {short}',
      'Briefing for the incoming CIO: what they own, what it does for them, where we are going, open commercial topics.',
    ],
    [
      '{client} steering committee',
      'Executive steering: program status, budget, the two decisions listed in the paper. Papers were circulated on Friday.',
    ],
    [
      'Ministry briefing on {product} - with {short}',
      'Joint briefing for the ministry on outcomes of {product} across the region. {contact} opens, we take the product part.',
    ],
    [
      'Executive roundtable {month} - {client}',
      'Chief executives and chief medical officers of three health services on virtual care. Chatham House rule.',
    ],
    [
      'Prep for the {short} executive briefing',
      'Dry run. Keep it to five slides, lead with patient flow results, have the security answer ready.',
    ],
    [
      'CFO and COO introduction, {client}',
      'Meet the new CFO and COO of {client}. They want to know what they pay for and what it saves.',
    ],
  ]),
];
