import { dialects } from '@switchboard/dialects';
import type { Bus, Clock, RoomMember, RoomPresence } from '@switchboard/ports';
import {
  LIMITS,
  type NodeId,
  type Notice,
  ok,
  type ReplyOf,
  type Result,
  type Room,
  type RoomId,
  reject,
} from '@switchboard/protocol';
import { collect, every, type Logger, type UserDirectory } from '@switchboard/service-kit';
import { deviceOf } from '../calls/parties.ts';
import type { Session } from '../edge/session.ts';
import type { Router } from '../router/router.ts';
import { sharedReads } from '../shared-reads.ts';
import { createParticipantLists } from './participant-lists.ts';
import { inLine, type Occupant, type Place, Places } from './places.ts';
import { renewPlaces } from './renew-places.ts';
import { createRoomNews } from './room-news.ts';
import { createRoomReader } from './room-reader.ts';
import { ROOM_SOCKETS_MAX, type Roster } from './rooms.ts';
import { serveParticipants } from './serve-participants.ts';

export interface RosterParts {
  readonly nodeId: NodeId;
  readonly leaseMs: number;
  readonly coalesceMs: number;
  readonly roomPresence: RoomPresence;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: UserDirectory;
  readonly router: Router;
}

const NO_ROOM = reject('ROOM_NOT_FOUND', 'No such room');
const GONE = reject('UNAUTHORIZED', 'Gone');
const FULL = reject('PERMISSION_DENIED', 'The room is full');
const TOO_MANY = reject('RATE_LIMITED', `At most ${LIMITS.roomsPerSocket} rooms at a time`);

/** Looked at abreast when all rooms of the node are. */
const ABREAST = 32;

/**
 * Keeps true who is in which room. A socket's place is a lease in the store, renewed from here; `room.joined` and `room.left` are told by whoever makes the
 * change, at once and to all nodes, the list of all by each node to its own sockets, a little later.
 */
export async function createRoster(parts: RosterParts): Promise<Roster> {
  const { nodeId, leaseMs, coalesceMs, roomPresence, bus, clock, logger, directory, router } = parts;
  const places = new Places();
  const reader = createRoomReader({ roomPresence, directory, clock, logger });
  const hosts = places.hosts.bind(places);
  const news = createRoomNews(bus, clock, logger);
  const lists = createParticipantLists({ coalesceMs, clock, logger, router, reader, hosts });
  const find = sharedReads((roomId: RoomId) => bus.request('chat.room.get', { roomId }));

  const memberOf = (session: Session, roomId: RoomId): RoomMember => {
    const { deviceId, dialect } = deviceOf(session);
    const { id, username, name } = session.identity;
    const participant = { id, username, name, deviceId, socketId: session.socketId };
    return { roomId, nodeId, dialect, participant };
  };

  const changed = (roomId: RoomId): void => {
    reader.forget(roomId);
    lists.changed(roomId);
    news.changed(roomId);
  };

  /** Here the socket is out; what the store has of it is another matter. */
  const vacate = (occupant: Occupant, roomId: RoomId): void => {
    if (places.remove(occupant, roomId)) lists.forget(roomId);
  };

  /**
   * Puts the socket's lease into the store and only then asks for the room: a deletion that is not seen by the question comes later than the lease, and
   * finds it.
   */
  const store = async (
    { session }: Occupant,
    roomId: RoomId,
    place: Place,
  ): Promise<Result<{ readonly room: Room; readonly first: boolean }>> => {
    const now = clock.now();
    const { first } = await roomPresence.put(memberOf(session, roomId), now + leaseMs, now);
    place.stored = true;
    place.renewedAt = now;
    const found = await find(roomId);
    return found.ok ? ok({ room: found.value.room, first }) : found;
  };

  /** Takes the lease back. When the store is away, it lapses. */
  const unstore = async ({ session }: Occupant, roomId: RoomId): Promise<{ last: boolean }> => {
    try {
      return await roomPresence.remove(memberOf(session, roomId), clock.now());
    } catch (err) {
      logger.warn({ err, roomId, deviceId: session.deviceId }, 'a place in a room lapses instead');
      return { last: false };
    }
  };

  const show = async ({ session }: Occupant, room: Room): Promise<Result<ReplyOf<'room.join'>>> => {
    const participants = await reader.participants(await reader.now(room.id));
    session.deliver({ type: 'room.participants', roomId: room.id, participants });
    lists.shown(room.id, participants);
    return ok({ room, participants });
  };

  const enter = async (occupant: Occupant, roomId: RoomId): Promise<Result<ReplyOf<'room.join'>>> => {
    const { session } = occupant;
    if (occupant.gone) return GONE;
    if (occupant.places.has(roomId)) {
      const found = await find(roomId);
      return found.ok ? show(occupant, found.value.room) : found;
    }
    if (occupant.places.size >= LIMITS.roomsPerSocket) return TOO_MANY;
    const place: Place = { taken: false, stored: false, renewedAt: 0 };
    places.add(occupant, roomId, place);
    /** Deleted or disconnected while we waited. */
    const still = (): boolean => !occupant.gone && occupant.places.get(roomId) === place;
    const giveUp = async <R>(refusal: R): Promise<R> => {
      vacate(occupant, roomId);
      await router.leaveRoom(deviceOf(session), roomId);
      if (place.stored) {
        await unstore(occupant, roomId);
        changed(roomId);
      }
      return refusal;
    };
    try {
      const stored = await store(occupant, roomId, place);
      if (!stored.ok) return await giveUp(stored);
      const members = await reader.now(roomId);
      if (members.length > ROOM_SOCKETS_MAX) return await giveUp(FULL);
      if (!still()) return await giveUp(occupant.gone ? GONE : NO_ROOM);
      await router.joinRoom(deviceOf(session), roomId);
      if (!still()) return await giveUp(occupant.gone ? GONE : NO_ROOM);
      place.taken = true;
      if (stored.value.first) tellJoined(occupant, roomId);
      changed(roomId);
      return await show(occupant, stored.value.room);
    } catch (err) {
      if (!place.taken) await giveUp(undefined);
      throw err;
    }
  };

  const tellJoined = ({ session }: Occupant, roomId: RoomId): void => {
    const { participant } = memberOf(session, roomId);
    router.toRoom(roomId, { type: 'room.joined', roomId, participant }, { except: session.deviceId });
  };

  const tellLeft = ({ roomId, participant }: RoomMember): void => {
    router.toRoom(roomId, { type: 'room.left', roomId, participant });
    changed(roomId);
  };

  const exit = async (occupant: Occupant, roomId: RoomId): Promise<void> => {
    const { session } = occupant;
    if (!occupant.places.has(roomId)) return;
    vacate(occupant, roomId);
    if (!occupant.gone) await router.leaveRoom(deviceOf(session), roomId);
    const { last } = await unstore(occupant, roomId);
    if (last) tellLeft(memberOf(session, roomId));
    else changed(roomId);
  };

  /** The room is no more: this socket hears it from here, on its own line and not from another node's emit that its leaving might overtake. */
  const evict = async (occupant: Occupant, roomId: RoomId): Promise<void> => {
    const { session } = occupant;
    const taken = occupant.places.get(roomId)?.taken;
    vacate(occupant, roomId);
    if (!taken) return;
    session.deliver({ type: 'room.deleted', roomId });
    await router.leaveRoom(deviceOf(session), roomId);
    const { dialect } = deviceOf(session);
    // It has one room and nothing to do without it.
    if (dialects.get(dialect)?.transport === 'websocket') session.close('room_deleted');
  };

  const evictAll = (roomId: RoomId): void => {
    for (const occupant of places.in(roomId)) {
      evict(occupant, roomId).catch((err: unknown) => logger.warn({ err, roomId }, 'leaving a room failed'));
    }
  };

  /** The store has lost the socket: with all others, or because this node did not renew it in time. */
  const restore = async (occupant: Occupant, roomId: RoomId, place: Place): Promise<void> => {
    if (occupant.gone || occupant.places.get(roomId) !== place || !place.taken) return;
    const lapsed = place.renewedAt + leaseMs <= clock.now();
    const stored = await store(occupant, roomId, place);
    if (!stored.ok) {
      if (stored.error.code !== 'ROOM_NOT_FOUND') return;
      await unstore(occupant, roomId);
      await evict(occupant, roomId);
      return;
    }
    // Of an emptied store nobody has told anybody; a lapsed lease was told as having left.
    if (stored.value.first && lapsed) tellJoined(occupant, roomId);
    changed(roomId);
  };

  const heed = (notice: Notice): void => {
    if (notice.type === 'user.changed') lists.renamed(notice.userId);
    if (notice.type !== 'room.changed') return;
    const { roomId, gone } = notice;
    reader.forget(roomId);
    if (gone) evictAll(roomId);
    else lists.changed(roomId);
  };

  const sweep = async (): Promise<void> => {
    for (const member of await roomPresence.sweep(clock.now())) tellLeft(member);
  };

  /** For what nobody said: a notice was lost, or one of several sockets of a user lapsed. */
  const look = async (): Promise<void> => {
    const rooms = places.rooms();
    for (let from = 0; from < rooms.length; from += ABREAST) {
      await Promise.all(rooms.slice(from, from + ABREAST).map((roomId) => lists.look(roomId)));
    }
  };

  const running = await collect(async (owner) => {
    owner.own(news);
    owner.own(lists);
    owner.own(await bus.listen(heed));
    owner.own(await serveParticipants(bus, reader));
    const chores = [
      {
        what: 'places in rooms not renewed',
        ms: leaseMs / 3,
        task: () => renewPlaces({ places, memberOf, roomPresence, clock, leaseMs, restore, logger }),
      },
      { what: 'rooms not swept', ms: leaseMs / 3, task: sweep },
      { what: 'rooms not looked at', ms: leaseMs, task: look },
    ];
    for (const { what, ms, task } of chores) {
      owner.own(every(ms, clock, task, (err) => logger.warn({ err }, what)));
    }
  });

  const settled = async (session: Session): Promise<Occupant | undefined> => {
    const occupant = places.get(session);
    if (occupant && occupant.waiting > 0) await occupant.tail;
    return occupant;
  };

  return {
    async join(session, roomId) {
      const occupant = places.occupant(session);
      return occupant ? inLine(occupant, () => enter(occupant, roomId)) : GONE;
    },
    async leave(session, roomId) {
      const occupant = places.get(session);
      if (occupant) await inLine(occupant, () => exit(occupant, roomId));
    },
    async depart(session) {
      const occupant = places.depart(session);
      if (!occupant) return;
      await inLine(occupant, async () => {
        await Promise.all([...occupant.places.keys()].map((roomId) => exit(occupant, roomId)));
      });
    },
    async has(session, roomId) {
      return (await settled(session))?.places.get(roomId)?.taken === true;
    },
    async of(session) {
      const taken = [...((await settled(session))?.places ?? [])].filter(([, place]) => place.taken);
      return taken.map(([roomId]) => roomId);
    },
    members: (roomId) => reader.members(roomId),
    membersNow: (roomId) => reader.now(roomId),
    participants: async (roomId) => reader.participants(await reader.now(roomId)),
    async close(roomId) {
      const now = clock.now();
      const members = await roomPresence.membersOf(roomId, now);
      await Promise.all(members.map((member) => roomPresence.remove(member, now)));
      await bus.notify({ type: 'room.changed', roomId, gone: true });
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
    },
  };
}
