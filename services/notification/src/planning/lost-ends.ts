import { orThrow } from '@switchboard/protocol';
import type { RingToLookAt } from '../store/ring-store.ts';
import { answerRing, endRing } from './end-ring.ts';
import type { RingParts } from './planning-parts.ts';

const AGAIN_MS = 10_000;
const BATCH = 100;
/** Half an hour of looks: as long as calls that no store knows may take to be found again. */
const MAX_LOOKS = 180;

/**
 * Events can be lost with an emptied broker. A ring whose end is overdue is asked for, and what should have been planned by the event is planned by what
 * the call has become.
 */
export async function lookForLostEnds(parts: RingParts): Promise<void> {
  const { clock, rings, logger } = parts;
  for (;;) {
    const now = clock.now();
    const overdue = await rings.overdue(now, now + AGAIN_MS, BATCH);
    for (const each of overdue) {
      try {
        await lookFor(parts, each);
      } catch (err) {
        logger.warn({ err, callId: each.callId }, 'how a ring ended cannot be asked now');
      }
    }
    if (overdue.length < BATCH) return;
  }
}

async function lookFor(parts: RingParts, { callId, looks }: RingToLookAt): Promise<void> {
  const { bus, rings } = parts;
  const { call } = orThrow(await bus.request('signaling.call.get', { callId }));
  if (call?.phase === 'active') {
    await answerRing(parts, call, { userId: call.answeredBy, sessionId: undefined });
  } else if (call?.phase === 'ended') {
    const from = call.answeredAt === undefined ? 'ringing' : 'active';
    await endRing(parts, { call, reason: call.endReason ?? 'network_error', by: call.endedBy, from });
  } else if (looks >= MAX_LOOKS) {
    // Nobody knows. Its devices fell silent by themselves when the ring was over.
    await rings.settle(callId, 'over');
  }
}
