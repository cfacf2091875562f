import type { Browser } from 'playwright-core';
import type { Daemon } from './daemon.ts';

/** Where the tests of the page are: one daemon and one browser for all of them. */
export interface Place {
  readonly daemon: Daemon;
  readonly browser: Browser;
}
