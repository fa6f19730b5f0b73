import type { ErrorCode, Rejection } from '@switchboard/protocol';
import { fieldSentence } from './payload/invalid-data.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  INVALID_DATA: 400,
  UNAUTHORIZED: 401,
  AUTH_REQUIRED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  USER_NOT_FOUND: 404,
  CALL_NOT_FOUND: 404,
  ROOM_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  CALL_IN_PROGRESS: 409,
  USER_UNAVAILABLE: 409,
  USER_NOT_CONNECTED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  MESSAGE_SEND_FAILED: 500,
  CALL_FAILED: 500,
  SERVICE_UNAVAILABLE: 503,
};

export function statusOf(rejection: Rejection): number {
  return STATUS[rejection.code];
}

/** Whole seconds, at least one, for statuses that invite a retry; undefined otherwise. */
export function retryAfterSeconds(rejection: Rejection): number | undefined {
  const status = statusOf(rejection);
  if (status !== 429 && status !== 503) return undefined;
  return Math.max(1, Math.ceil((rejection.retryAfterMs ?? 1000) / 1000));
}

export function retryHeaders(rejection: Rejection): { readonly headers?: Readonly<Record<string, string>> } {
  const seconds = retryAfterSeconds(rejection);
  return seconds === undefined ? {} : { headers: { 'Retry-After': String(seconds) } };
}

/** Field complaints in express-validator's form, which clients of the Express documents know. */
export function validatorErrors(
  rejection: Rejection,
): { type: 'field'; path: string; msg: string }[] | undefined {
  if (!rejection.fields) return undefined;
  return Object.entries(rejection.fields).flatMap(([path, complaints]) =>
    complaints.map(({ message }) => ({ type: 'field' as const, path, msg: fieldSentence(path, message) })),
  );
}
