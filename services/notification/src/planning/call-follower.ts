import type { EventType } from '@switchboard/protocol';
import type { EventFollower } from '@switchboard/service-kit';
import { acknowledgeRing, answerRing, declineRing, endRing } from './end-ring.ts';
import { planRing } from './plan-ring.ts';
import type { RingParts } from './planning-parts.ts';

const TYPES = [
  'call.ringing',
  'call.acknowledged',
  'call.answered',
  'call.declined',
  'call.ended',
] as const satisfies readonly EventType[];

/** Turns what becomes of calls into pushes to be sent: it only writes them down. */
export function callFollower(parts: RingParts): EventFollower<(typeof TYPES)[number]> {
  return {
    types: TYPES,
    async handle(event) {
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
      }
    },
  };
}
