/** A topic of one's own, 'data migration': written for these tests, CC0. Half teaches, half judges. */

export const TAUGHT = [
  'Legacy patient records need to be moved into the new system before go-live',
  'Second trial load of the old appointment data finished with 312 rejected rows',
  'We still do not know who maps the old ward codes to the new ones',
  'Can you extract ten years of referrals from the previous vendor and load them',
  'Duplicate patients after the bulk load from the old database',
  'Plan the cut-over weekend: freeze the old application, copy everything across, reconcile',
  'Historical documents came over without their scan dates',
  'Data cleansing before the transfer is taking longer than anybody thought',
  'The conversion of the pharmacy master file failed at row 40,000',
  'Agree which years of history are brought over and which stay in the archive',
  'Reconciliation report after the load: 99.2 percent of visits match the source',
  'The old vendor will not hand over an export in a usable format',
  'Migration rehearsal moved to next Thursday because the extract was incomplete',
  'Field mapping workshop for the laboratory history',
  'Free-text allergies from the old system were truncated when they were carried across',
  'Dry run three of the records transfer, all balances agree',
] as const;

/** Said by people in the Briefing Room: corrections. */
export const CORRECTED = [
  'Sign-off of the converted waiting list by the outpatient manager',
  'Old imaging metadata does not fit the new structure, who decides what is dropped',
  'Bring the archive of discharge letters across in two batches',
  'The nightly copy from the retired server loses accents in names',
  'How long do we keep the source database readable after everything was moved',
  'Mapping of clinician identifiers between the two systems is only half done',
] as const;

export const JUDGED = [
  'Moving twelve years of oncology notes out of the retired product',
  'Rehearsal load went well, only 40 records were rejected',
  'The export that the former supplier delivered has no encounter numbers',
  'Who signs off that the transferred balances equal the old ledger',
  'Old codes must be mapped to the new list before the weekend load',
  'Records were duplicated when the historic file was brought over',
  'We want our archived letters carried across, not left behind in the old archive',
  'Extract from the legacy database is late again, the trial conversion slips',
  'Checks after the bulk transfer found missing middle names',
  'Decide how much history comes with us into the new platform',
  'Cleansing of supplier addresses ahead of the conversion',
  'The second mock load took nineteen hours, the window is twelve',
  'Attachments from the former system cannot be opened since they were moved',
  'Freeze changes in the old application while its content is copied across',
  'Mapping document for medication history, version three, for review',
  'Reconcile appointment counts between source and target after cut-over',
] as const;
