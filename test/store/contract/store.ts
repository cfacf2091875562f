import { describe } from 'vitest';
import { briefingContract } from './briefing.ts';
import { checkContract } from './check.ts';
import { dashboardContract } from './dashboard.ts';
import { errorContract } from './errors.ts';
import { feedbackContract } from './feedback.ts';
import { clientContract, feedContract, statusContract } from './feeds.ts';
import type { Harness } from './harness.ts';
import { idleContract } from './idle.ts';
import { opinionContract } from './opinions.ts';
import { pageContract } from './pages.ts';
import { privacyContract } from './privacy.ts';
import { profileContract } from './profile.ts';
import { searchContract, zoneContract } from './search.ts';
import { similarContract } from './similar.ts';
import { subscriptionContract } from './subscriptions.ts';
import { importContract, tagContract } from './tags.ts';
import { versionContract } from './versions.ts';

/** What every driver promises; the same tests for each. The harness is open while they run, and emptied before each. */
export function storeContract(driver: string, harness: () => Harness): void {
  describe(`contract on ${driver}`, () => {
    pageContract(harness);
    privacyContract(harness);
    feedContract(harness);
    idleContract(harness);
    clientContract(harness);
    statusContract(harness);
    tagContract(harness);
    importContract(harness);
    versionContract(harness);
    opinionContract(harness);
    searchContract(harness);
    similarContract(harness);
    zoneContract(harness);
    subscriptionContract(harness);
    briefingContract(harness);
    profileContract(harness);
    feedbackContract(harness);
    dashboardContract(harness);
    checkContract(harness);
    errorContract(harness);
  });
}
