import type { Rejection } from '@switchboard/protocol';
import type { Frame } from '../dialect.ts';
import { socketError } from '../payload/error-frame.ts';
import { frames } from '../payload/outbound.ts';
import type { PresentRestError } from '../rest.ts';
import { retryHeaders, statusOf } from '../rest-error.ts';
import { nativeOutbound } from './schema.ts';

const frame = frames(nativeOutbound);

export function nativeSocketError(rejection: Rejection): readonly Frame[] {
  return [frame('error', { ...rejection, ...socketError(rejection) })];
}

/** `{error: {code, message, detail?, fields?, retryable, retryAfterMs?}}` */
export const presentNativeError: PresentRestError = (rejection) => ({
  status: statusOf(rejection),
  body: { error: { ...rejection } },
  ...retryHeaders(rejection),
});
