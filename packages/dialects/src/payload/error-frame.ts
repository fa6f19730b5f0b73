import { ErrorCode, type Rejection } from '@switchboard/protocol';
import { z } from 'zod';

/** The `error` event that every Socket.IO vocabulary shares. `error` repeats the message for clients that read it there. */
export const SocketError = z.object({ code: ErrorCode, message: z.string(), error: z.string() });

export function socketError(rejection: Rejection): z.infer<typeof SocketError> {
  return { code: rejection.code, message: rejection.message, error: rejection.message };
}
