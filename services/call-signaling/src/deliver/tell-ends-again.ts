import type { CallState } from '@switchboard/domain';
import type { EventBody, EventOf } from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import type { SignalingContext } from '../context.ts';
import { deliverCallEvent } from './call-events.ts';

/** Within this, whoever publishes to this node's sockets has its own connection back, too. */
const SETTLE_MS = 2_000;
/** An end learnt of longer before the way to the sockets was open again was told before it closed. */
const LOOK_BACK_MS = 60_000;

/**
 * The way from other nodes to this one's sockets was closed and is open again. What was said meanwhile is lost: messages have gaps that clients see, calls answered or
 * interrupted have leases, but of an end nobody speaks again. So it is told once more; clients that heard it before hear of a call that they do not have.
 */
export function tellEndsAgain(context: SignalingContext): Disposable {
  const { clock, calls, logger } = context;
  return clock.after(SETTLE_MS, () => {
    for (const state of calls.recentEnds.since(clock.now() - LOOK_BACK_MS)) {
      calls.background.run(logger, 'telling of an end again failed', state.call.id, () =>
        deliverCallEvent(newEvent(endOf(state), clock), context),
      );
    }
  });
}

function endOf({ call }: CallState): EventBody<EventOf<'call.ended'>> {
  const { endReason: reason = 'network_error', endedBy: by } = call;
  return {
    type: 'call.ended',
    call,
    reason,
    from: call.answeredAt === undefined ? 'ringing' : 'active',
    ...(by === undefined ? {} : { by }),
  };
}
