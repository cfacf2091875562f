import { eraseFeedbackPeople, readFeedbackPeople, type Said } from '../store/feedback.ts';
import type { Store } from '../store/store.ts';
import type { Forgotten } from './redact.ts';

/**
 * What people said of labels stays, but not who said it when they are forgotten, nor a comment that names somebody or a
 * client who is: that goes as a whole. Feedback on an erased touchpoint goes with it.
 * @returns how many words of feedback lost something, or would
 */
export async function forgetFeedback(store: Store, forgotten: Forgotten, dryRun: boolean): Promise<number> {
  const [by, comments]: [number[], number[]] = [[], []];
  for await (const said of readFeedbackPeople(store)) {
    if (said.by !== null && isForgotten(said.by, forgotten)) by.push(said.id);
    if (said.comment !== null && names(said.comment, forgotten)) comments.push(said.id);
  }
  if (dryRun) return new Set([...by, ...comments]).size;
  return eraseFeedbackPeople(store, { by, comments });
}

/** Callers name people as they like: an address, or a name. */
function isForgotten(by: NonNullable<Said['by']>, forgotten: Forgotten): boolean {
  const address = by.trim().toLowerCase();
  return forgotten.has('person', address) || forgotten.has('mailbox', address) || names(by, forgotten);
}

function names(text: string, forgotten: Forgotten): boolean {
  return forgotten.redact(text) !== text || forgotten.clientNamed(text) !== undefined;
}
