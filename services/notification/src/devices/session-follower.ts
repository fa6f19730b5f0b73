import type { EventFollower } from '@switchboard/service-kit';
import type { DeviceContext } from './device-context.ts';
import { endDevices, SESSION_ENDS, type SessionEnd } from './ended-sessions.ts';

/** Devices end with their sessions, whatever ends those. */
export function sessionFollower(context: DeviceContext): EventFollower<SessionEnd> {
  return { types: SESSION_ENDS, handle: (event) => endDevices(context, event) };
}
