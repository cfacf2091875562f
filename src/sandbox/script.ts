import { random } from './random.ts';
import { ACTIONS, STEP_MS } from './script-actions.ts';
import type { Tenant } from './tenant.ts';
import { type Truth, truth } from './truth.ts';

export interface MutationSummary {
  /** Counted from 1. */
  readonly step: number;
  /** What was done, in order. */
  readonly actions: readonly string[];
  /** Keys of touchpoints that were not there before, are gone everywhere, or look different (copies included). */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Applies one step of the script: the same tenant and step always give the same changes. */
export function mutationScript(tenant: Tenant, step: number): MutationSummary {
  const before = snapshot(tenant);
  const actions = applyStep(tenant, step);
  const after = snapshot(tenant);
  const changed = [...after].filter(([key, entry]) => before.has(key) && before.get(key) !== entry);
  const names = (keys: Iterable<string>) => [...keys].sort();
  return {
    step,
    actions,
    added: names([...after.keys()].filter((key) => !before.has(key))),
    removed: names([...before.keys()].filter((key) => !after.has(key))),
    changed: names(changed.map(([key]) => key)),
  };
}

/** The same without the comparison: for replays at the start. */
export function applyStep(tenant: Tenant, step: number): string[] {
  tenant.now = Math.max(tenant.now, tenant.anchor + step * STEP_MS);
  const rng = random(tenant.seed, 'step', step);
  for (const [, act] of ACTIONS) act(tenant, rng, step);
  return ACTIONS.map(([name]) => name);
}

function snapshot(tenant: Tenant): Map<string, string> {
  const all = truth(tenant, {
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    mailFrom: Number.NEGATIVE_INFINITY,
  });
  return new Map(all.map((entry: Truth) => [entry.key, JSON.stringify(entry)]));
}
