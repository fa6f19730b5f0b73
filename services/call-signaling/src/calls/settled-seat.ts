import type { CallId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { attend } from './news.ts';
import { occupancy } from './occupancy.ts';
import { pause } from './pause.ts';
import { BEAT_MS, SILENT_MS } from './pulse.ts';

const ASK_AGAIN_MS = BEAT_MS / 4;
/** By then a dead node is known to be dead, even if this one had to become steady first. */
const GIVE_UP_MS = 3 * SILENT_MS;

/**
 * A device that was cut off by the death of its node is back sooner than anybody knows of that death, and the first thing it says, perhaps to hang up, is not
 * to be refused for that. Resolves when it has its seat again, or another device is known to sit there, or it cannot be known in time; at once for a device
 * that has arrived and does not wait for a seat.
 */
export async function settledSeat(
  context: SignalingContext,
  session: Session,
  callId: CallId,
): Promise<void> {
  const { clock, calls } = context;
  await calls.arrivals.over(session);
  const giveUpAt = clock.now() + GIVE_UP_MS;
  for (;;) {
    const since = calls.waiting.since(callId, session, clock.now());
    if (since === undefined || calls.departed.has(session) || clock.now() >= giveUpAt) return;
    const found = await occupancy(context, callId, session.identity.id, since);
    if (found === 'free') return attend(context, callId);
    if (found === 'taken') return;
    await pause(clock, ASK_AGAIN_MS);
  }
}
