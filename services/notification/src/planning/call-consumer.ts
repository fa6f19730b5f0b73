import type { BusEvent, EventType } from '@switchboard/protocol';
import { collect, every, type Owner } from '@switchboard/service-kit';
import { acknowledgeRing, answerRing, declineRing, endRing } from './end-ring.ts';
import { lookForLostEnds } from './lost-ends.ts';
import { planRing } from './plan-ring.ts';
import type { RingParts } from './planning-parts.ts';

const TYPES = [
  'call.ringing',
  'call.acknowledged',
  'call.answered',
  'call.declined',
  'call.ended',
] as const satisfies readonly EventType[];

const LOOK_EVERY_MS = 5_000;

/** Turns what becomes of calls into pushes to be sent: the consumer only writes them down. */
export function planCalls(parts: RingParts): Promise<Owner> {
  const { bus, clock, logger } = parts;
  const handle = async (event: BusEvent): Promise<void> => {
    switch (event.type) {
      case 'call.ringing':
        return planRing(parts, event);
      case 'call.acknowledged':
        return acknowledgeRing(parts, event);
      case 'call.answered':
        return answerRing(parts, event.call, { userId: event.by, sessionId: event.sessionId });
      case 'call.declined':
        return declineRing(parts, event);
      case 'call.ended':
        return endRing(parts, event);
      default:
        return undefined;
    }
  };
  return collect(async (owner) => {
    owner.own(await bus.consume({ durable: 'notification-calls', types: TYPES, maxDeliver: 20 }, handle));
    owner.own(
      every(
        LOOK_EVERY_MS,
        clock,
        () => lookForLostEnds(parts),
        (err) => logger.warn({ err }, 'overdue rings could not be looked at'),
      ),
    );
  });
}
