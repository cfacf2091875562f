/** Texts for a task of one's own, written for the test: how a customer wants to be helped. Nothing of them is shipped. */

export const HELP = {
  kinds: ['email'],
  multi: false,
  none: false,
  ...{ threshold: 0.5, floor: 0.5, scale: 12, bias: 0 },
  labels: [
    { id: 'call', name: 'Call', description: 'They want to talk it through with a person' },
    {
      id: 'guide',
      name: 'Guide',
      description: 'They want written material that they can follow by themselves',
    },
    { id: 'visit', name: 'Visit', description: 'They want a person to come to where they are' },
  ],
};

type Texts = Readonly<Record<'call' | 'guide' | 'visit', readonly string[]>>;

/** Sixteen of each. */
export const TAUGHT: Texts = {
  call: [
    'Could somebody ring me this afternoon? It is quicker to explain aloud.',
    'Please phone our roster manager, she would rather not type all of this again.',
    'Are you free for fifteen minutes on Teams tomorrow?',
    'I would like to speak with an engineer about the failed import.',
    'Give me a buzz when you have a moment, my mobile is on.',
    'Can we jump on a quick video chat about the invoice?',
    'Happy to discuss, what time suits you on Thursday?',
    'Let us have a conversation before I approve anything.',
    'Who can I dial if the kiosk freezes during the weekend?',
    'It would help to hear a voice, the emails go in circles.',
    'Please set up a conference line with our finance people and yours.',
    'My director wants ten minutes on the telephone with yours.',
    'Ring the front desk and ask for Priya, she knows the details.',
    'Could you join our Monday huddle by video and answer two questions?',
    'I tried the hotline twice, nobody picked up. When will someone call back?',
    'A short chat would settle this, shall I send an invite?',
  ],
  guide: [
    'Is there a PDF that lists the steps for closing a month?',
    'Please send the checklist for new starters, I will print it.',
    'Where do I find the manual for the label printer?',
    'A one-page summary of the export settings would be enough for us.',
    'Do you have screenshots of how the approval screen is set up?',
    'We just need the instructions in writing so the night team can follow them.',
    'Could you point me to the article about merging duplicates?',
    'Is the recording of the webinar available, with the slides?',
    'Please share the template for the data file and a note on its columns.',
    'I would like to read up on the permissions before I change them.',
    'Any documentation on the interface? Our developer can take it from there.',
    'Send me a link to the how-to and I will try by myself.',
    'A cheat sheet for the ward clerks would save us many questions.',
    'Which page of the handbook explains the public holidays?',
    'Can you write down the order in which the fields must be filled?',
    'The release notes do not say how to switch it on; is it described anywhere?',
  ],
  visit: [
    'Can a technician come to the Geelong hospital on Friday?',
    'We would like you here for the go-live, at least for two days.',
    'Please send somebody out to look at the scanner in the basement.',
    'Could the trainer stand beside our nurses for a morning?',
    'When will your people be in the building again?',
    'It needs someone on the floor with us, we cannot do this from a distance.',
    'Bring a laptop and sit with our planners, they will show you.',
    'Your consultant is welcome at our office in Ballarat any weekday.',
    'Is it possible to have hands on deck at the warehouse during the count?',
    'Drop by the clinic, the badge reader hangs next to reception.',
    'We will pay the travel if you attend in person.',
    'Would a site inspection before the rollout make sense?',
    'Come and see the ward, then you will understand the queue.',
    'Could your fitter replace the tablet mount at bay four?',
    'A face-to-face workshop at our premises is what the board asked for.',
    'There is a parking space for your engineer behind the main entrance.',
  ],
};

/** Ten of each that nothing is taught with. */
export const JUDGED: Texts = {
  call: [
    'Would you have time to talk on Wednesday morning?',
    'Please call our accountant about the credit note.',
    'Can I get someone on the line who knows the payroll link?',
    'I prefer to explain the fault over the phone.',
    'Let me know when I can reach you, I am at my desk until four.',
    'A quick Zoom with your product owner would clear this up.',
    'Could your manager ring mine?',
    'We should speak before the contract is signed.',
    'I left a voicemail yesterday, please return it.',
    'Shall we catch up by video next week?',
  ],
  guide: [
    'Do you have a step-by-step description for resetting the terminal?',
    'Please email us the user manual for version nine.',
    'Where is it written how leave is carried over?',
    'I am looking for a document about the audit log.',
    'A short list of the shortcuts would be handy for the team.',
    'Can you send slides that explain the new calendar?',
    'We want to work through it alone, is there an article?',
    'Please put the procedure in writing for our quality folder.',
    'Is there a sample file with notes on each column?',
    'Which help page covers changing the cost centre?',
  ],
  visit: [
    'Could one of your people come over and check the cabling?',
    'We need a trainer on site in Hobart in the first week.',
    'Please have an engineer stop by the depot, the gate controller is dead.',
    'Can you be at the hospital when the old system is switched off?',
    'Someone should look at the printer room in person.',
    'Our board would like to welcome you in Darwin.',
    'Is it possible that a consultant sits with the schedulers for a day?',
    'Send a fitter to the second floor, the screen fell off the wall.',
    'Will you attend the opening of the new ward?',
    'Come to our office, the whole team will be there.',
  ],
};

/** What the store gets, and a person corrects: a way of asking that nothing above shows. */
export const SAID: Texts = {
  call: ['Buzz the pager of the duty nurse, she will answer.', 'Page our duty officer, she replies at once.'],
  guide: ['Is it on the intranet somewhere, black on white?', 'Black on white, please, for the noticeboard.'],
  visit: ['Hop in the van and have a look at it.', 'Jump in the van, the depot is twenty minutes away.'],
};
