import type { Chat } from '../chat/chat.ts';
import { roomConversation } from '../chat/conversation-ids.ts';
import type { Connection, OpenedLine } from '../connection/connection.ts';
import type { RequestOptions, Requests } from '../connection/requests.ts';
import type { Emitter } from '../emitter.ts';
import { asSwitchboardError, type SwitchboardError } from '../errors.ts';
import type { ClientEvents } from '../events.ts';
import { unlessAborted } from '../timing.ts';
import type { Acks, Participant, Room, RoomSignal } from '../wire.ts';

export interface JoinedRoom {
  readonly room: Room;
  readonly participants: readonly Participant[];
}

export interface RoomsParts {
  readonly requests: Requests;
  readonly connection: Connection;
  readonly events: Emitter<ClientEvents>;
  readonly chat: Chat;
  readonly ackTimeoutMs: number;
}

/** Rooms this client takes part in: entered again after every reconnect, before anything else is sent to them. */
export class JoinedRooms {
  readonly #parts: RoomsParts;
  /** Room id → who is there; null while it is being entered for the first time. */
  readonly #joined = new Map<string, readonly Participant[] | null>();
  /** Rooms that are being left or entered: one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: RoomsParts) {
    this.#parts = parts;
    const { connection, events } = parts;
    connection.events.on('room.participants', ({ roomId, participants }) => {
      if (!this.#joined.has(roomId)) return;
      this.#joined.set(roomId, participants);
      events.emit('participants', { roomId, participants });
    });
    connection.events.on(
      'room.joined',
      (joined) => this.#joined.has(joined.roomId) && events.emit('room-joined', joined),
    );
    connection.events.on(
      'room.left',
      (left) => this.#joined.has(left.roomId) && events.emit('room-left', left),
    );
    connection.events.on('room.signal', (signal) => events.emit('room-signal', signal));
    connection.events.on('room.updated', ({ room }) => events.emit('room-updated', room));
    connection.events.on('room.deleted', ({ roomId }) => {
      this.#drop(roomId);
      events.emit('room-closed', { roomId });
    });
    connection.restoreWith((opened) => this.#enterAgain(opened));
  }

  participants(roomId: string): readonly Participant[] {
    return this.#joined.get(roomId) ?? [];
  }

  get ids(): string[] {
    return [...this.#joined.keys()];
  }

  join(roomId: string, options: RequestOptions): Promise<JoinedRoom> {
    return this.#inTurn(roomId, async () => {
      const known = this.#joined.has(roomId);
      // Before the answer: who comes while it is on its way is news of a room that we are in.
      if (!known) this.#joined.set(roomId, null);
      try {
        const { room, participants } = await this.#parts.requests.ask('room.join', { roomId }, options);
        this.#joined.set(roomId, participants);
        await this.#follow(roomId, options);
        return { room, participants };
      } catch (error) {
        if (!known) this.#joined.delete(roomId);
        throw error;
      }
    });
  }

  leave(roomId: string, options: RequestOptions): Promise<void> {
    return this.#inTurn(roomId, async () => {
      this.#drop(roomId);
      await this.#parts.requests.ask('room.leave', { roomId }, options);
    });
  }

  async signal(
    roomId: string,
    signal: RoomSignal,
    to: { readonly userId: string } | { readonly socketId: string } | undefined,
    options: RequestOptions,
  ): Promise<{ relayed: boolean }> {
    const payload = { roomId, signal, ...(to === undefined ? {} : { to }) };
    const { relayed } = await this.#parts.requests.ask('room.signal', payload, options);
    return { relayed };
  }

  /** Whoever sends to a room that is being entered waits until it is. */
  async entered(roomId: string, signal: AbortSignal): Promise<void> {
    const turn = this.#turns.get(roomId);
    if (turn) await unlessAborted(turn, signal);
  }

  clear(): void {
    for (const roomId of this.ids) this.#drop(roomId);
  }

  /** The timeline of a room begins where it is when one enters; after a reconnect it is repaired from where it was. */
  async #follow(roomId: string, options: RequestOptions): Promise<void> {
    const conversationId = roomConversation(roomId);
    const page = await this.#parts.chat.history(conversationId, { limit: 1, ...options });
    this.#parts.chat.follow(conversationId, page.messages.at(-1)?.seq ?? 0);
  }

  async #enterAgain({ line }: OpenedLine): Promise<void> {
    const entered = [...this.#joined].filter(([, participants]) => participants !== null);
    await Promise.all(entered.map(([roomId]) => this.#enterOn(line, roomId)));
  }

  async #enterOn(line: OpenedLine['line'], roomId: string): Promise<void> {
    try {
      const ack = await line.request('room.join', { roomId }, this.#parts.ackTimeoutMs);
      const { participants } = ack as Acks['room.join'];
      if (!this.#joined.has(roomId)) return;
      this.#joined.set(roomId, participants);
      this.#parts.events.emit('participants', { roomId, participants });
      // What was said meanwhile. Not waited for: others wait for this line.
      this.#follow(roomId, {}).catch(() => {});
    } catch (failure) {
      const error = asSwitchboardError(failure);
      if (!this.#joined.has(roomId)) return;
      if (error.retryable) this.#enterLater(roomId);
      else this.#shutOut(roomId, error);
    }
  }

  /** The server is not able to just now, or the line broke: whoever sends to the room waits until we are in. */
  #enterLater(roomId: string): void {
    if (this.#turns.has(roomId)) return;
    this.join(roomId, { deadlineMs: Number.POSITIVE_INFINITY }).catch((failure: unknown) => {
      const error = asSwitchboardError(failure);
      if (error.code !== 'CLOSED' && this.#joined.has(roomId)) this.#shutOut(roomId, error);
    });
  }

  #shutOut(roomId: string, error: SwitchboardError): void {
    this.#drop(roomId);
    this.#parts.events.emit('room-closed', { roomId, error });
  }

  #drop(roomId: string): void {
    this.#joined.delete(roomId);
    this.#parts.chat.forget(roomConversation(roomId));
  }

  #inTurn<T>(roomId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(roomId) ?? Promise.resolve();
    const done = before.then(work);
    const turn = done
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        if (this.#turns.get(roomId) === turn) this.#turns.delete(roomId);
      });
    this.#turns.set(roomId, turn);
    return done;
  }
}
