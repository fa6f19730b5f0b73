import type { RequestOptions } from '../connection/requests.ts';
import type { Session } from '../session/session.ts';
import type { Participant, Room, RoomSignal } from '../wire.ts';
import { type JoinedRoom, JoinedRooms, type RoomsParts } from './joined-rooms.ts';

/**
 * Named rooms. Every signed-in user may find, read and join every room; who has joined may write (`chat.sendMessage({roomId}, …)`), hears its messages as
 * `message` events, and takes part in its signalling. What was joined is joined again after a reconnect.
 */
export class Rooms {
  readonly #session: Session;
  readonly #joined: JoinedRooms;

  /** @internal */
  constructor(parts: RoomsParts & { readonly session: Session }) {
    this.#session = parts.session;
    this.#joined = new JoinedRooms(parts);
  }

  /** The rooms this client has joined. */
  get joined(): string[] {
    return this.#joined.ids;
  }

  /** Takes part in a room. Rejects with ROOM_NOT_FOUND. Again is no error. */
  join(roomId: string, options: RequestOptions = {}): Promise<JoinedRoom> {
    return this.#joined.join(roomId, options);
  }

  /** Leaves a room: for this client at once, for the others when the server hears it. */
  leave(roomId: string, options: RequestOptions = {}): Promise<void> {
    return this.#joined.leave(roomId, options);
  }

  /** Who is in a room that this client has joined, as last heard. */
  participants(roomId: string): readonly Participant[] {
    return this.#joined.participants(roomId);
  }

  /** Sends negotiation to one participant, or to all others. Resolves with whether anybody was there to hear it. */
  signal(
    roomId: string,
    signal: RoomSignal,
    to?: { readonly userId: string } | { readonly socketId: string },
    options: RequestOptions = {},
  ): Promise<{ relayed: boolean }> {
    return this.#joined.signal(roomId, signal, to, options);
  }

  async list(options: { readonly signal?: AbortSignal } = {}): Promise<Room[]> {
    return (await this.#session.request<{ rooms: Room[] }>('GET', '/api/v1/rooms', undefined, options)).rooms;
  }

  /** @internal */
  entered(roomId: string, signal: AbortSignal): Promise<void> {
    return this.#joined.entered(roomId, signal);
  }

  /** @internal */
  clear(): void {
    this.#joined.clear();
  }
}
