import type { GraphMessage } from './schemas.ts';

/** Who an item is meant for, as its author marked it. */

export type Sensitivity = 'normal' | 'personal' | 'private' | 'confidential';

/** MAPI's PidTagSensitivity, the only place where Graph keeps the mark of a message. */
export const SENSITIVITY_PROPERTY = 'Integer 0x36';

// [MS-OXCMSG] 2.2.1.13: 0 normal, 1 personal, 2 private, 3 confidential
const LEVELS: readonly Sensitivity[] = ['normal', 'personal', 'private', 'confidential'];

/** Items with these marks are left out unless the caller says otherwise. */
export const WITHHELD: readonly string[] = ['personal', 'private', 'confidential'];

/** A mark that is not known counts as private: what cannot be understood is not read. */
export function sensitivityNamed(name: string | null | undefined): Sensitivity {
  if (!name) return 'normal';
  return LEVELS.find((level) => level === name.toLowerCase()) ?? 'private';
}

/** The mark of a message, wherever it stands in what Graph gave. */
export function sensitivityOf(message: GraphMessage): Sensitivity {
  if (message.sensitivity) return sensitivityNamed(message.sensitivity);
  // Graph spells the id with and without leading zeros
  const property = message.singleValueExtendedProperties?.find((entry) =>
    /^integer 0x0*36$/i.test(entry?.id ?? ''),
  );
  if (!property?.value) return 'normal';
  return LEVELS[Number(property.value)] ?? 'private';
}
