import type { Rejection } from '@switchboard/protocol';
import type { Frame } from '../dialect.ts';
import { socketError } from '../payload/error-frame.ts';
import { frames, given } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf, validatorErrors } from '../rest-error.ts';
import { roomsOutbound } from './schema.ts';

const frame = frames(roomsOutbound);

export function roomsSocketError(rejection: Rejection): readonly Frame[] {
  return [frame('error', socketError(rejection))];
}

/** `{message, error, code, errors?}`: clients read the text under either name. */
export const presentRoomsError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: {
    message: rejection.message,
    error: rejection.message,
    code: rejection.code,
    ...given('errors', validatorErrors(rejection)),
  },
  ...retryHeaders(rejection),
});
