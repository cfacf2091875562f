import { afterAll, beforeAll, describe } from 'vitest';
import { access } from './access.ts';
import { briefing } from './briefing.ts';
import { budget } from './budget.ts';
import { startDaemon } from './daemon.ts';
import { feedback } from './feedback.ts';
import { firstRun } from './first-run.ts';
import { hostile } from './hostile.ts';
import type { Place } from './place.ts';
import { launchBrowser } from './room.ts';
import { views } from './views.ts';

/** The page in a real browser, on the built daemon and the sandbox tenant. In this order: the first sync comes first. */

let place: Place;
beforeAll(async () => {
  const [daemon, browser] = await Promise.all([startDaemon(), launchBrowser()]);
  place = { daemon, browser };
});
afterAll(async () => {
  await place.browser.close();
  await place.daemon[Symbol.asyncDispose]();
});
const here = () => place;

describe('the first minute', () => firstRun(here));
describe('the Briefing Room', () => briefing(here));
describe('profile, sync and search', () => views(here));
describe('feedback', () => feedback(here));
describe('access', () => access(here));
describe('the budget', () => budget(here));
describe('what outsiders write', () => hostile(here));
