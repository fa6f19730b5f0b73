import type { RoomId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';

/** One socket of this node in one room. */
export interface Place {
  /** False while it is coming in. */
  taken: boolean;
  /** It is in the store, as far as we know. */
  stored: boolean;
  /** When the store last heard that it is there, epoch ms. */
  renewedAt: number;
}

/** What one socket has in rooms. */
export interface Occupant {
  readonly session: Session;
  readonly places: Map<RoomId, Place>;
  gone: boolean;
  /** One thing at a time for one socket, in the order in which it was asked. */
  tail: Promise<unknown>;
  waiting: number;
}

/** Which rooms the sockets of this node are in, seen from either side. */
export class Places {
  readonly #occupants = new Map<Session, Occupant>();
  readonly #rooms = new Map<RoomId, Set<Occupant>>();
  /** A socket that is gone must not come in by a command that is still in hand. */
  readonly #departed = new WeakSet<Session>();

  get(session: Session): Occupant | undefined {
    return this.#occupants.get(session);
  }

  /** Undefined for a socket that is gone. */
  occupant(session: Session): Occupant | undefined {
    if (this.#departed.has(session)) return undefined;
    const known = this.#occupants.get(session);
    if (known) return known;
    const occupant = { session, places: new Map(), gone: false, tail: Promise.resolve(), waiting: 0 };
    this.#occupants.set(session, occupant);
    return occupant;
  }

  /** No place is taken for this socket any more; those it has are still to be given back. */
  depart(session: Session): Occupant | undefined {
    this.#departed.add(session);
    const occupant = this.#occupants.get(session);
    this.#occupants.delete(session);
    if (occupant) occupant.gone = true;
    return occupant;
  }

  add(occupant: Occupant, roomId: RoomId, place: Place): void {
    occupant.places.set(roomId, place);
    this.#rooms.set(roomId, (this.#rooms.get(roomId) ?? new Set()).add(occupant));
  }

  /** True when it was the last socket of this node in the room. */
  remove(occupant: Occupant, roomId: RoomId): boolean {
    if (!occupant.places.delete(roomId)) return false;
    const room = this.#rooms.get(roomId);
    room?.delete(occupant);
    if (room?.size !== 0) return false;
    this.#rooms.delete(roomId);
    return true;
  }

  in(roomId: RoomId): Occupant[] {
    return [...(this.#rooms.get(roomId) ?? [])];
  }

  hosts(roomId: RoomId): boolean {
    return this.#rooms.has(roomId);
  }

  rooms(): RoomId[] {
    return [...this.#rooms.keys()];
  }

  all(): { readonly occupant: Occupant; readonly roomId: RoomId; readonly place: Place }[] {
    return [...this.#occupants.values()].flatMap((occupant) =>
      [...occupant.places].map(([roomId, place]) => ({ occupant, roomId, place })),
    );
  }
}

/** Runs work in the socket's line. */
export function inLine<T>(occupant: Occupant, work: () => Promise<T>): Promise<T> {
  occupant.waiting += 1;
  const done = occupant.tail.then(work, work).finally(() => {
    occupant.waiting -= 1;
  });
  occupant.tail = done.catch(() => undefined);
  return done;
}
