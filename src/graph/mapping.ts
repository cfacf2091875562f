/**
 * Graph item -> touchpoint, pure: `parseDeltaItem` says what a raw item is, `mapEvent` and `mapMessage` what becomes of
 * it. What this room offers to the one that composes it, in one place.
 */
export { type DeltaItem, parseDeltaItem } from './items.ts';
export { mailKey } from './keys.ts';
export { type EventOptions, mapEvent } from './map-event.ts';
export { type MessageOptions, mapMessage } from './map-message.ts';
export type { Failed, Mapped, Skipped, SkipReason } from './mapped.ts';
