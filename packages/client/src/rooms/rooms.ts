import type { RequestOptions } from '../connection/requests.ts';
import type { Session } from '../session/session.ts';
import type { Participant, Room, RoomSignal } from '../wire.ts';
import { type JoinedRoom, JoinedRooms, type RoomsParts } from './joined-rooms.ts';

export interface RoomsQuery {
  readonly kind?: Room['kind'];
  /** Inside the name. */
  readonly search?: string;
  /** The id of the last room of the page before. */
  readonly after?: string;
  /** 50 by default, up to 200. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface RoomsPage {
  readonly rooms: readonly Room[];
  /** Of all pages, up to a bound. */
  readonly total: number;
  readonly more: boolean;
}

export interface RoomDraft {
  readonly name: string;
  readonly description?: string;
  /** `chat` when absent. */
  readonly kind?: Room['kind'];
}

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

  /** A page of the active rooms by ascending id. */
  async list(options: RoomsQuery = {}): Promise<RoomsPage> {
    const { kind, search, after, limit, signal } = options;
    const query = new URLSearchParams({
      ...(kind === undefined ? {} : { kind }),
      ...(search === undefined ? {} : { search }),
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
    });
    const path = `/api/v1/rooms${query.size > 0 ? `?${query}` : ''}`;
    return this.#session.request('GET', path, undefined, signal ? { signal } : {});
  }

  /** Makes a room, which every user may find, read and join. */
  async create(room: RoomDraft): Promise<Room> {
    return (await this.#session.request<{ room: Room }>('POST', '/api/v1/rooms', room)).room;
  }

  /** Rejects with ROOM_NOT_FOUND. */
  async get(roomId: string, options: { readonly signal?: AbortSignal } = {}): Promise<Room> {
    return (await this.#session.request<{ room: Room }>('GET', pathOf(roomId), undefined, options)).room;
  }

  /** Changes a room that one has made; PERMISSION_DENIED for everybody else. */
  async update(roomId: string, change: Partial<RoomDraft>): Promise<Room> {
    return (await this.#session.request<{ room: Room }>('PATCH', pathOf(roomId), change)).room;
  }

  /** Deletes a room that one has made, for everybody. */
  async delete(roomId: string): Promise<void> {
    await this.#session.request('DELETE', pathOf(roomId));
  }

  /** Who is in any room now, asked of the server. */
  async whoIsIn(roomId: string, options: { readonly signal?: AbortSignal } = {}): Promise<Participant[]> {
    const path = `${pathOf(roomId)}/participants`;
    return (await this.#session.request<{ participants: Participant[] }>('GET', path, undefined, options))
      .participants;
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

const pathOf = (roomId: string): string => `/api/v1/rooms/${encodeURIComponent(roomId)}`;
