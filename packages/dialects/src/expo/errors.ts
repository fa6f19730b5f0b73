import type { Rejection } from '@switchboard/protocol';
import type { Frame } from '../dialect.ts';
import { socketError } from '../payload/error-frame.ts';
import { frames, given } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf, validatorErrors } from '../rest-error.ts';
import { expoOutbound } from './schema.ts';

const frame = frames(expoOutbound);

export function expoSocketError(rejection: Rejection): readonly Frame[] {
  return [frame('error', socketError(rejection))];
}

/** `{error, code, errors?}` */
export const presentExpoError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: {
    error: rejection.message,
    code: rejection.code,
    ...given('errors', validatorErrors(rejection)),
  },
  ...retryHeaders(rejection),
});
