import { createHash } from 'node:crypto';
import type { Clock } from '@switchboard/ports';
import type { Participant, RoomId, UserId } from '@switchboard/protocol';
import type { Logger } from '@switchboard/service-kit';
import type { Router } from '../router/router.ts';
import type { RoomReader } from './room-reader.ts';

/**
 * Tells this node's sockets in a room who all are in it, whenever that changed. Each node reads for its own sockets, so that a list crosses no
 * network between nodes, and a notice lost is made up for by the next look.
 */
export interface ParticipantLists extends AsyncDisposable {
  /** Read and, if it is news, told within the room's coalescing time. */
  changed(roomId: RoomId): void;
  /** One socket was shown this list. If it is not what all were told last, then the next one is news whatever it says. */
  shown(roomId: RoomId, participants: readonly Participant[]): void;
  /** Read now, and told if it is news. Never rejects. */
  look(roomId: RoomId): Promise<void>;
  /** A user may be called something else now. */
  renamed(userId: UserId): void;
  /** The last socket of this node left the room. */
  forget(roomId: RoomId): void;
}

export interface ParticipantListsParts {
  readonly coalesceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly router: Router;
  readonly reader: RoomReader;
  /** Whether a socket of this node is in the room. */
  readonly hosts: (roomId: RoomId) => boolean;
}

/** A list of n people told to n sockets costs n²; waiting so long per head makes it n a second, however many come at once. */
const MS_PER_HEAD = 2;
const COALESCE_MAX_MS = 2_000;
const RETRY_MS = 1_000;

interface Told {
  readonly digest: string;
  readonly users: ReadonlySet<UserId>;
}

export function createParticipantLists(parts: ParticipantListsParts): ParticipantLists {
  const { coalesceMs, clock, logger, router, reader, hosts } = parts;
  const told = new Map<RoomId, Told>();
  const alarms = new Map<RoomId, Disposable>();
  const telling = new Set<Promise<void>>();
  let closed = false;

  const arm = (roomId: RoomId, ms: number): void => {
    if (closed || alarms.has(roomId)) return;
    const alarm = clock.after(ms, () => {
      alarms.delete(roomId);
      void look(roomId);
    });
    alarms.set(roomId, alarm);
  };

  const look = (roomId: RoomId): Promise<void> => {
    const done = tell(roomId).finally(() => telling.delete(done));
    telling.add(done);
    return done;
  };

  const tell = async (roomId: RoomId): Promise<void> => {
    if (!hosts(roomId)) return;
    try {
      const participants = await reader.participants(await reader.now(roomId));
      if (!hosts(roomId)) return;
      const digest = digestOf(participants);
      if (told.get(roomId)?.digest === digest) return;
      told.set(roomId, { digest, users: new Set(participants.map(({ id }) => id)) });
      router.toRoom(roomId, { type: 'room.participants', roomId, participants }, { here: true });
    } catch (err) {
      logger.warn({ err, roomId }, 'participants could not be told, trying again');
      arm(roomId, RETRY_MS);
    }
  };

  return {
    changed(roomId) {
      if (!hosts(roomId)) return;
      const heads = told.get(roomId)?.users.size ?? 0;
      arm(roomId, Math.min(coalesceMs + heads * MS_PER_HEAD, COALESCE_MAX_MS));
    },
    shown(roomId, participants) {
      const last = told.get(roomId);
      if (!last || last.digest === digestOf(participants)) return;
      told.set(roomId, { ...last, digest: '' });
      this.changed(roomId);
    },
    look,
    renamed(userId) {
      for (const [roomId, { users }] of told) if (users.has(userId)) this.changed(roomId);
    },
    forget(roomId) {
      told.delete(roomId);
      alarms.get(roomId)?.[Symbol.dispose]();
      alarms.delete(roomId);
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const alarm of alarms.values()) alarm[Symbol.dispose]();
      await Promise.all(telling);
    },
  };
}

function digestOf(participants: readonly Participant[]): string {
  return createHash('sha1').update(JSON.stringify(participants)).digest('base64');
}
