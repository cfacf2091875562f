import type { Api } from './api.ts';
import type { Pulse } from './pulse.ts';
import type { Route } from './router.ts';
import type { Task } from './wire.ts';

/** What every view is given. */
export interface App {
  readonly api: Api;
  readonly pulse: Pulse;
  readonly taxonomy: () => Promise<readonly Task[]>;
  /** Says something to people who do not see the page. */
  readonly announce: (text: string) => void;
}

export interface View {
  readonly title: string;
  /** Shows what an address says; also when only its query changed. */
  show(route: Route): Promise<void>;
  /** New data may be there. */
  refresh?(): Promise<void>;
  close?(): void;
}

export type OpenView = (app: App, host: HTMLElement) => View;
