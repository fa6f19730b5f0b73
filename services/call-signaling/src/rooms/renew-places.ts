import type { Clock, RoomMember, RoomPresence } from '@switchboard/ports';
import type { RoomId } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import type { Session } from '../edge/session.ts';
import { inLine, type Occupant, type Place, type Places } from './places.ts';

const BATCH = 500;
/** Put anew at the same time: an emptied store is not to be met with everybody at once. */
const ABREAST = 32;

export interface RenewParts {
  readonly places: Places;
  readonly memberOf: (session: Session, roomId: RoomId) => RoomMember;
  readonly roomPresence: RoomPresence;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly restore: (occupant: Occupant, roomId: RoomId, place: Place) => Promise<void>;
  readonly logger: Logger;
}

interface Held {
  readonly occupant: Occupant;
  readonly roomId: RoomId;
  readonly place: Place;
}

/** Says for every socket of this node in every room that it is there, and puts back what the store has lost. */
export async function renewPlaces(parts: RenewParts): Promise<void> {
  const { places, memberOf, roomPresence, clock, leaseMs, logger } = parts;
  const taken = places.all().filter(({ place }) => place.taken);
  const held = taken.filter(({ place }) => place.stored);
  try {
    for (let from = 0; from < held.length; from += BATCH) {
      const batch = held.slice(from, from + BATCH);
      const byMember = new Map(batch.map((one) => [keyOf(memberOf(one.occupant.session, one.roomId)), one]));
      const members = batch.map(({ occupant, roomId }) => memberOf(occupant.session, roomId));
      const now = clock.now();
      const unknown = await roomPresence.renew(members, now + leaseMs, now);
      for (const member of unknown) {
        const lost = byMember.get(keyOf(member));
        if (lost) lost.place.stored = false;
      }
      for (const { place } of batch) if (place.stored) place.renewedAt = now;
    }
  } finally {
    await restoreAll(
      parts,
      taken.filter(({ place }) => !place.stored),
      logger,
    );
  }
}

async function restoreAll({ restore }: RenewParts, lost: Held[], logger: Logger): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = lost.pop(); next; next = lost.pop()) {
      const { occupant, roomId, place } = next;
      try {
        await inLine(occupant, () => restore(occupant, roomId, place));
      } catch (err) {
        place.stored = false;
        logger.warn({ err, roomId }, 'a place in a room not put back, trying again');
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(ABREAST, lost.length) }, worker));
}

function keyOf({ roomId, participant }: RoomMember): string {
  return `${roomId} ${participant.deviceId}`;
}
