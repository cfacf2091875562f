import { TransientError } from '../core/errors.ts';

/** What can go wrong between us and Graph, and the questions callers ask about it. */

export interface GraphErrorFields {
  readonly status: number;
  /** Error codes from the outermost to the deepest `innerError`, as Graph spells them. */
  readonly codes: readonly string[];
  /** Graph's own words: for reading a limit out of them, never for logs. */
  readonly detail: string;
  readonly requestId: string | null;
  /** Milliseconds Graph asks to wait; null when it does not say. */
  readonly retryAfterMs: number | null;
  readonly mailbox: string | null;
}

/** An answer of Graph that is not a success. The message holds status, codes and request id: no address, no content. */
export class GraphError extends Error {
  override readonly name = 'GraphError';
  readonly status: number;
  readonly codes: readonly string[];
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly mailbox: string | null;
  readonly #detail: string;

  constructor(fields: GraphErrorFields) {
    const code = fields.codes.at(-1) ?? fields.codes[0];
    const named = code === undefined ? '' : ` ${code}`;
    const traced = fields.requestId === null ? '' : ` (request-id ${fields.requestId})`;
    super(`Graph answered ${fields.status}${named}${traced}`);
    this.status = fields.status;
    this.codes = fields.codes;
    this.requestId = fields.requestId;
    this.retryAfterMs = fields.retryAfterMs;
    this.mailbox = fields.mailbox;
    this.#detail = fields.detail;
  }

  /** The deepest code; empty when the answer had none (a gateway's HTML page). */
  get code(): string {
    return this.codes.at(-1) ?? '';
  }

  /** Graph's own words. A getter on the prototype, so that no serializer writes it into a log by itself. */
  get detail(): string {
    return this.#detail;
  }
}

/** A link that does not lead to the configured Graph: no token goes there. */
export class GraphLinkError extends Error {
  override readonly name = 'GraphLinkError';
}

/** Graph broke its own protocol (a page without any link, a link that leads to itself, an unreadable object). */
export class GraphProtocolError extends Error {
  override readonly name = 'GraphProtocolError';
}

/** No complete answer: refused, reset, timed out, or cut in the middle of the body. */
export class GraphConnectionError extends TransientError {
  override readonly name = 'GraphConnectionError';
}

/** Throttled or away for longer than the attempts and the budget allow; `cause` is the last failure. */
export class GraphUnavailableError extends TransientError {
  override readonly name = 'GraphUnavailableError';
  readonly retryAfterMs: number | null;
  readonly mailbox: string | null;

  constructor(
    message: string,
    fields: { cause: unknown; retryAfterMs: number | null; mailbox: string | null },
  ) {
    super(message, { cause: fields.cause });
    this.retryAfterMs = fields.retryAfterMs;
    this.mailbox = fields.mailbox;
  }
}

const LOST_SYNC_STATE = new Set([
  'syncstatenotfound',
  'resyncrequired',
  'syncstateinvalid',
  'invalidsyncstatedata',
]);
const NO_CONSENT = new Set([
  'erroraccessdenied',
  'accessdenied',
  'authorization_requestdenied',
  'extensionerror',
]);
const ON_PREMISE = new Set(['mailboxnotenabledforrestapi', 'mailboxnotsupportedforrestapi']);
const NO_MAILBOX = new Set([
  'mailboxnotfound',
  'errormailboxnotfound',
  'errornonexistentmailbox',
  'errorinvaliduser',
  'resourcenotfound',
  'request_resourcenotfound',
]);

/** The delta token is gone: 410 in any form, or any other 4xx with one of the codes at any depth. Start a new round. */
export function isResyncNeeded(error: unknown): boolean {
  const graph = graphErrorOf(error);
  if (graph === null) return false;
  return graph.status === 410 || (is4xx(graph) && hasCode(graph, LOST_SYNC_STATE));
}

/** The app may not read this (no consent, or the mailbox lies outside its scope): nothing that waiting cures. */
export function isNoConsent(error: unknown): boolean {
  const graph = graphErrorOf(error);
  return graph !== null && graph.status === 403 && hasCode(graph, NO_CONSENT);
}

/** The item is not there. A mailbox that is not there, or a lost delta token, is something else and answers false. */
export function isNotFound(error: unknown): boolean {
  const graph = graphErrorOf(error);
  return graph !== null && graph.status === 404 && !isMailboxGone(error) && !isResyncNeeded(error);
}

/** There is no mailbox that Graph can reach under this address: user deleted or misspelt, unlicensed, or on-premise. */
export function isMailboxGone(error: unknown): boolean {
  const graph = graphErrorOf(error);
  return graph !== null && is4xx(graph) && (hasCode(graph, NO_MAILBOX) || hasCode(graph, ON_PREMISE));
}

/** The mailbox lives on an Exchange server of the organisation's own (hybrid), or has no licence: Graph cannot read it. */
export function isOnPremise(error: unknown): boolean {
  const graph = graphErrorOf(error);
  return graph !== null && is4xx(graph) && hasCode(graph, ON_PREMISE);
}

/** The Graph answer at the root of an error, through its causes; null when there is none. */
export function graphErrorOf(error: unknown): GraphError | null {
  let current = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    if (current instanceof GraphError) return current;
    current = current.cause;
  }
  return null;
}

function is4xx({ status }: GraphError): boolean {
  return status >= 400 && status < 500;
}

function hasCode({ codes }: GraphError, wanted: ReadonlySet<string>): boolean {
  return codes.some((code) => wanted.has(code.toLowerCase()));
}
