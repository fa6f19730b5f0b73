import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import type { LiveCall } from './live-call.ts';
import { remember } from './remember.ts';
import { transition } from './transition.ts';

/**
 * A socket of this node has won a seat: from now on this node answers for it. Resolves once signals reach it. Called while the call's
 * change is being applied, before anybody else is told of it.
 */
export async function seat(context: SignalingContext, session: Session, live: LiveCall): Promise<void> {
  const { calls, router } = context;
  calls.hosted.host(session, live);
  remember(context, live);
  // It left while the call was being made, and nobody will say so again.
  if (calls.departed.has(session)) {
    unseat(context, session);
    return;
  }
  await router.joinCall(session.deviceId, live.state.call.id);
}

/** The socket is gone: this node answers for its seat no more, and the call's grace period begins. */
export function unseat(context: SignalingContext, session: Session): void {
  const { calls, logger } = context;
  const hosted = calls.hosted.seatOf(session.deviceId);
  if (!hosted) return;
  const callId = hosted.live.state.call.id;
  calls.hosted.drop(session.deviceId);
  calls.background.run(logger, 'a lost device could not be reported', callId, () =>
    transition(context, callId, {
      type: 'device-lost',
      userId: session.identity.id,
      deviceId: session.deviceId,
    }),
  );
}
