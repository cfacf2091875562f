import type { z } from 'zod';

/** What is wrong with a configuration, in words. */

/** One line per wrong key: `file: calendar.past_days: got "soon", wants a number`. */
export function explain(error: z.ZodError, file: string, settings: unknown): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const at = issue.path.length === 0 ? '' : `${issue.path.join('.')}.`;
        return `${file}: ${at}${issue.keys[0] ?? ''} is not a setting; see config/touchpoint.yaml for those there are`;
      }
      return `${file}: ${issue.path.join('.') || '(the whole file)'}: got ${shown(settings, issue.path)}, wants ${wanted(issue)}`;
    })
    .join('\n');
}

function shown(settings: unknown, keys: readonly PropertyKey[]): string {
  let value: unknown = settings;
  for (const key of keys) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}

export function wanted(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a value of type ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}`;
    default:
      return issue?.message ?? 'another value';
  }
}
