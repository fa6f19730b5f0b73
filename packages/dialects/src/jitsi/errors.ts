import type { Rejection } from '@switchboard/protocol';
import type { Frame } from '../dialect.ts';
import { socketError } from '../payload/error-frame.ts';
import { frames, given } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf } from '../rest-error.ts';
import { jitsiOutbound } from './schema.ts';

const frame = frames(jitsiOutbound);

/** Failures of authentication have an event of their own beside the general one. */
export function jitsiSocketError(rejection: Rejection): readonly Frame[] {
  const error = frame('error', socketError(rejection));
  switch (rejection.code) {
    case 'AUTH_REQUIRED':
      return [frame('auth:error', { message: rejection.message }), error];
    case 'UNAUTHORIZED':
      return [frame('auth:error', { message: authenticationMessage(rejection) }), error];
    default:
      return [error];
  }
}

function authenticationMessage(rejection: Rejection): string {
  return rejection.detail === 'user_deleted' ? 'User not found' : 'Authentication failed';
}

/** `{success: false, error: {code, message, fields?}}`; `message` again on top for clients that only look there. */
export const presentJitsiError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: {
    success: false,
    error: { code: rejection.code, message: rejection.message, ...given('fields', rejection.fields) },
    message: rejection.message,
  },
  ...retryHeaders(rejection),
});
