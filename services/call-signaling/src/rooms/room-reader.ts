import type { Clock, RoomMember, RoomPresence } from '@switchboard/ports';
import type { Participant, RoomId, UserId } from '@switchboard/protocol';
import type { Logger, UserDirectory } from '@switchboard/service-kit';
import { sharedReads } from '../shared-reads.ts';

/** How long who is in a room is believed, when nobody says that it changed. */
const CACHE_MS = 1_000;
const CACHE_MAX = 10_000;

/** Reads who is in a room. */
export interface RoomReader {
  /** At most `CACHE_MS` old. */
  members(roomId: RoomId): Promise<readonly RoomMember[]>;
  /** As the store has it now. */
  now(roomId: RoomId): Promise<readonly RoomMember[]>;
  /** The users behind these sockets, by the names they have now. */
  participants(members: readonly RoomMember[]): Promise<Participant[]>;
  /** Somebody came or went. */
  forget(roomId: RoomId): void;
}

export interface RoomReaderParts {
  readonly roomPresence: RoomPresence;
  readonly directory: UserDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createRoomReader({ roomPresence, directory, clock, logger }: RoomReaderParts): RoomReader {
  const cache = new Map<RoomId, { readonly until: number; readonly members: readonly RoomMember[] }>();
  /** Rooms being read; false once somebody came or went in the meantime. */
  const undisturbed = new Map<RoomId, boolean>();

  const now = sharedReads(async (roomId: RoomId): Promise<readonly RoomMember[]> => {
    undisturbed.set(roomId, true);
    try {
      const at = clock.now();
      const members = await roomPresence.membersOf(roomId, at);
      if (undisturbed.get(roomId)) remember(roomId, members, at + CACHE_MS);
      return members;
    } finally {
      undisturbed.delete(roomId);
    }
  });

  const remember = (roomId: RoomId, members: readonly RoomMember[], until: number): void => {
    cache.delete(roomId);
    cache.set(roomId, { until, members });
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHE_MAX) break;
      cache.delete(oldest);
    }
  };

  return {
    async members(roomId) {
      const known = cache.get(roomId);
      return known && known.until > clock.now() ? known.members : now(roomId);
    },
    now,
    async participants(members) {
      const firsts = new Map<UserId, Participant>();
      for (const { participant } of members) {
        if (!firsts.has(participant.id)) firsts.set(participant.id, participant);
      }
      try {
        const users = await directory.many(firsts.keys());
        return [...firsts.values()].map((one) => {
          const { username, name } = users.get(one.id) ?? one;
          return { ...one, username, name };
        });
      } catch (err) {
        // Who is there is worth more than what they are called by now.
        logger.warn({ err }, 'participants are named as they were when they came');
        return [...firsts.values()];
      }
    },
    forget(roomId) {
      cache.delete(roomId);
      if (undisturbed.has(roomId)) undisturbed.set(roomId, false);
    },
  };
}
