import type { Rejection } from '@switchboard/protocol';
import type { Frame } from '../dialect.ts';
import { socketError } from '../payload/error-frame.ts';
import { frames, given } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf, validatorErrors } from '../rest-error.ts';
import { peerOutbound } from './schema.ts';

const frame = frames(peerOutbound);

export function peerSocketError(rejection: Rejection): readonly Frame[] {
  return [frame('error', socketError(rejection))];
}

/** `{message, code, errors?}` */
export const presentPeerError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: {
    message: rejection.message,
    code: rejection.code,
    ...given('errors', validatorErrors(rejection)),
  },
  ...retryHeaders(rejection),
});
