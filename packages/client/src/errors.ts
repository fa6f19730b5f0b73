import type { ErrorDetail, Rejection, ErrorCode as ServerErrorCode } from '@switchboard/protocol';

/**
 * What a client finds out by itself.
 * NETWORK: the server could not be reached, or the line broke before an answer. TIMEOUT: no answer in time. In both cases it is *unknown* whether
 * the server did what it was asked.
 * ABORTED: given up by the caller. NOT_SIGNED_IN: there is no session, or it ended. QUEUE_FULL: too many messages wait to be sent.
 * CLOSED: the client was disconnected on purpose.
 */
export type ClientErrorCode = 'NETWORK' | 'TIMEOUT' | 'ABORTED' | 'NOT_SIGNED_IN' | 'QUEUE_FULL' | 'CLOSED';
export type ErrorCode = ServerErrorCode | ClientErrorCode;

/** Codes after which the same request may succeed later. */
const RETRYABLE: ReadonlySet<string> = new Set<ErrorCode>([
  'NETWORK',
  'TIMEOUT',
  'SERVICE_UNAVAILABLE',
  'RATE_LIMITED',
]);

export interface ErrorFacts {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly status?: number | undefined;
  readonly detail?: ErrorDetail | undefined;
  readonly fields?: Rejection['fields'];
}

/** Every error that this package rejects or emits with. Never holds a token, a description or the text of a message. */
export class SwitchboardError extends Error {
  readonly code: ErrorCode;
  /** The same request may succeed later, after `retryAfterMs` where that is given. */
  readonly retryable: boolean;
  /** Milliseconds from the moment of the refusal. */
  readonly retryAfterMs: number | undefined;
  /** HTTP status, for a refusal that came over HTTP. */
  readonly status: number | undefined;
  /** Finer than the code, where the server says so: `bad_credentials`, `username_taken`, … */
  readonly detail: ErrorDetail | undefined;
  /** Field name → complaints, for INVALID_DATA. */
  readonly fields: Rejection['fields'];

  constructor(facts: ErrorFacts, options?: { cause?: unknown }) {
    super(facts.message, options);
    this.name = 'SwitchboardError';
    this.code = facts.code;
    this.retryable = facts.retryable ?? RETRYABLE.has(facts.code);
    this.retryAfterMs = facts.retryAfterMs;
    this.status = facts.status;
    this.detail = facts.detail;
    this.fields = facts.fields;
  }
}

/** Reads a refusal off the wire: `{code, message, …}`; whatever is not one becomes `otherwise`. */
export function refusal(value: unknown, otherwise: ErrorFacts): SwitchboardError {
  if (typeof value !== 'object' || value === null) return new SwitchboardError(otherwise);
  const { code, message, retryable, retryAfterMs, detail, fields } = value as Record<string, unknown>;
  if (typeof code !== 'string') return new SwitchboardError(otherwise);
  return new SwitchboardError({
    ...otherwise,
    // A code that is newer than this client is still shown as it came.
    code: code as ErrorCode,
    message: typeof message === 'string' ? message : otherwise.message,
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? { retryAfterMs } : {}),
    ...(typeof detail === 'string' ? { detail: detail as ErrorDetail } : {}),
    ...(typeof fields === 'object' && fields !== null ? { fields: fields as Rejection['fields'] } : {}),
  });
}

export function asSwitchboardError(error: unknown): SwitchboardError {
  if (error instanceof SwitchboardError) return error;
  const message = error instanceof Error ? error.message : 'Unknown error';
  return new SwitchboardError({ code: 'INTERNAL', message }, { cause: error });
}

export const aborted = (cause?: unknown): SwitchboardError =>
  new SwitchboardError({ code: 'ABORTED', message: 'Given up' }, { cause });

export const notSignedIn = (): SwitchboardError =>
  new SwitchboardError({ code: 'NOT_SIGNED_IN', message: 'Not signed in' });

export const closed = (message = 'The client was disconnected'): SwitchboardError =>
  new SwitchboardError({ code: 'CLOSED', message });

export const lineLost = (): SwitchboardError =>
  new SwitchboardError({ code: 'NETWORK', message: 'The connection was lost' });
