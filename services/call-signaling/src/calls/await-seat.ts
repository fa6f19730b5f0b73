import type { CallId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { Wait } from './waiting-devices.ts';

/** For a socket that comes now. A dead one is noticed within this: by the end of its node's lease, or of its own ping timeout. */
export function waitFromNow({ clock, timings }: SignalingContext): Wait {
  const since = clock.now();
  return { since, until: since + Math.max(60_000, 2 * timings.leaseMs) };
}

/**
 * The session asks for the place of its user in a call in which another device seems to sit, and gets it should that one be gone. It may have come before
 * that device took the seat, and then nobody made it wait.
 */
export function awaitSeat(context: SignalingContext, callId: CallId, session: Session): void {
  const { waiting, departed } = context.calls;
  if (departed.has(session) || waiting.since(callId, session, context.clock.now()) !== undefined) return;
  waiting.add(callId, session, waitFromNow(context));
}
