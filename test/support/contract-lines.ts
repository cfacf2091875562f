import type { Reporter, TestModule } from 'vitest/node';

/** After a run, one line per driver of the store: how much of the contract holds on it. */
export class ContractLines implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const suites = modules.flatMap((module) => [...module.children.suites()]);
    for (const suite of suites.filter(({ name }) => name.startsWith('contract on '))) {
      const states = [...suite.children.allTests()].map((test) => test.result().state);
      const passed = states.filter((state) => state === 'passed').length;
      console.log(`${suite.name}: ${passed} of ${states.length} passed`);
    }
  }
}
