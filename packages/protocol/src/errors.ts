import { z } from 'zod';

/**
 * The one list of error codes. The first block is what clients of the documents know; the second are HTTP
 * conditions that every dialect words for itself.
 */
export const ErrorCode = z.enum([
  'UNAUTHORIZED',
  'AUTH_REQUIRED',
  'INVALID_DATA',
  'PERMISSION_DENIED',
  'USER_NOT_FOUND',
  'USER_UNAVAILABLE',
  'USER_NOT_CONNECTED',
  'MESSAGE_SEND_FAILED',
  'CALL_FAILED',
  'CALL_IN_PROGRESS',
  'CALL_NOT_FOUND',
  'ROOM_NOT_FOUND',
  'RATE_LIMITED',
  'INTERNAL',
  'NOT_FOUND',
  'CONFLICT',
  'METHOD_NOT_ALLOWED',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'SERVICE_UNAVAILABLE',
]);
export type ErrorCode = z.infer<typeof ErrorCode>;

/**
 * Finer than the code where a dialect words cases apart. `detail` is a stable machine word, never shown as is.
 */
export const ErrorDetail = z.enum([
  'bad_credentials',
  'bad_token',
  'expired_token',
  'missing_token',
  'revoked_session',
  'bad_refresh_token',
  'user_deleted',
  'user_banned',
  'registration_closed',
  'invitation_required',
  'bad_invitation',
  'username_taken',
  'email_taken',
  'name_taken',
  'malformed_json',
  'foreign_origin',
  'not_creator',
  'wrong_password',
]);
export type ErrorDetail = z.infer<typeof ErrorDetail>;

/** A refusal as a value: what crosses the bus and what the domain returns. */
export const Rejection = z.object({
  code: ErrorCode,
  message: z.string(),
  detail: ErrorDetail.optional(),
  /** Field name → complaints, in our words; dialects may word them anew from `rule`. */
  fields: z.record(z.string(), z.array(z.object({ rule: z.string(), message: z.string() }))).optional(),
  retryable: z.boolean().default(false),
  retryAfterMs: z.number().int().nonnegative().optional(),
});
export type Rejection = z.infer<typeof Rejection>;

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Rejection };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function reject(
  code: ErrorCode,
  message: string,
  more: Partial<Omit<Rejection, 'code' | 'message'>> = {},
): { readonly ok: false; readonly error: Rejection } {
  return { ok: false, error: { code, message, retryable: false, ...more } };
}

/** Thrown for faults only; a refusal that the domain foresees is a `Rejection` value. */
export class SwitchboardError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly rejection: Rejection;

  constructor(
    rejection: Omit<Rejection, 'retryable'> & { retryable?: boolean },
    options?: { cause?: unknown },
  ) {
    super(rejection.message, options);
    this.name = 'SwitchboardError';
    this.rejection = { retryable: false, ...rejection };
    this.code = rejection.code;
    this.retryable = this.rejection.retryable;
  }
}

/** What anybody outside may know of an error: foreseen refusals as they are, everything else as INTERNAL without detail. */
export function toRejection(error: unknown): Rejection {
  if (error instanceof SwitchboardError) return error.rejection;
  return { code: 'INTERNAL', message: 'Internal error', retryable: false };
}

/** Unwraps a result where a refusal must abort the work, e.g. inside a route handler that has one error mapper. */
export function orThrow<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new SwitchboardError(result.error);
}

export function unavailable(what: string, cause?: unknown): SwitchboardError {
  return new SwitchboardError(
    {
      code: 'SERVICE_UNAVAILABLE',
      message: `${what} is unavailable, try again`,
      retryable: true,
      retryAfterMs: 1000,
    },
    { cause },
  );
}
