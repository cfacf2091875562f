import { createHash } from 'node:crypto';
import { hash32 } from './random.ts';

/**
 * Ids look like Exchange's and are as case-sensitive, yet carry what they name: after a restart every id handed out by
 * an earlier process still finds its item, with no table kept.
 */
export interface ItemRef {
  readonly kind: 'message' | 'event' | 'folder';
  /** Number of the mailbox in order of creation. */
  readonly mailbox: number;
  readonly serial: number;
  /** Original start of the occurrence in ms, null for everything else. */
  readonly original: number | null;
  /** Folder that a message lies in; only ids that are not immutable depend on it. */
  readonly folder: number;
}

const KINDS = ['message', 'event', 'folder'] as const;
const IMMUTABLE_HEAD = 'AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A';
const REGULAR_HEAD = 'AAMkAD';
const PAYLOAD_CHARS = 16;

/** The id under `Prefer: IdType="ImmutableId"`: the same in every folder. */
export function immutableId(ref: ItemRef): string {
  return `${IMMUTABLE_HEAD}${payload({ ...ref, folder: 0 })}AA`;
}

/** The default id: changes when a message moves. */
export function regularId(ref: ItemRef): string {
  const store = createHash('sha1').update(`store ${ref.mailbox}`).digest('base64url').slice(0, 22);
  return `${REGULAR_HEAD}${store}AAA${payload(ref)}AAA=`;
}

/** What an id of either form names, or null for a string that was never handed out. */
export function parseId(id: string): (ItemRef & { readonly immutable: boolean }) | null {
  const immutable = id.startsWith(IMMUTABLE_HEAD);
  const tail = immutable ? 2 : 4;
  const bytes = Buffer.from(id.slice(-PAYLOAD_CHARS - tail, -tail), 'base64url');
  const kind = KINDS[bytes[0] ?? 255];
  if (bytes.length !== 12 || kind === undefined) return null;
  const minutes = bytes.readUInt32BE(7);
  const original = minutes === 0 ? null : (minutes - 1) * 60_000;
  const ref: ItemRef = {
    kind,
    mailbox: bytes.readUInt16BE(1),
    serial: bytes.readUInt32BE(3),
    original,
    folder: bytes[11] ?? 0,
  };
  return (immutable ? immutableId(ref) : regularId(ref)) === id ? { ...ref, immutable } : null;
}

function payload(ref: ItemRef): string {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(KINDS.indexOf(ref.kind), 0);
  bytes.writeUInt16BE(ref.mailbox, 1);
  bytes.writeUInt32BE(ref.serial, 3);
  bytes.writeUInt32BE(ref.original === null ? 0 : ref.original / 60_000 + 1, 7);
  bytes.writeUInt8(ref.folder, 11);
  return bytes.toString('base64url');
}

/** A change key and the etag made of it: different for every mailbox, item and version. */
export function changeKey(mailbox: number, serial: number, version: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(0x79ece121, 0);
  bytes.writeUInt32BE(mailbox, 4);
  bytes.writeUInt32BE(serial, 8);
  bytes.writeUInt32BE(version, 12);
  return bytes.toString('base64');
}

/** A stable GUID for a name. */
export function guid(name: string): string {
  const hex = createHash('sha1').update(name).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

const GLOBAL_OBJECT_HEAD = '040000008200E00074C5B7101A82E008';

/** A GlobalObjectId (MS-OXOCAL 2.2.1.27) with its date digits at zero, unique for the name. */
export function meetingUid(name: string): string {
  const created = hash32('created', name).toString(16).toUpperCase().padStart(8, '0');
  const rest = createHash('md5').update(name).digest('hex').toUpperCase();
  return `${GLOBAL_OBJECT_HEAD}00000000${created}A7DBDC01000000000000000010000000${rest}`;
}

/** The iCalUId of one occurrence: year (two bytes), month and day of its original date inside the meeting's uid. */
export function occurrenceUid(uid: string, date: string): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const digits =
    year.toString(16).padStart(4, '0') +
    month.toString(16).padStart(2, '0') +
    day.toString(16).padStart(2, '0');
  return uid.slice(0, 32) + digits.toUpperCase() + uid.slice(40);
}
