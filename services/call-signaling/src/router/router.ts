import type {
  CallDevice,
  CallId,
  Delivery,
  DeviceId,
  DialectName,
  RoomId,
  UserId,
} from '@switchboard/protocol';

/**
 * Brings deliveries to sockets on whichever node holds them. Best effort: a socket that goes while a delivery travels misses it.
 * Encodes once per dialect present, emits to one room per dialect, never to several rooms at once, never to all nodes for one user's event.
 */
export interface Router {
  /**
   * Every device of a user, or those for which `devices.only` holds (asked per dialect present; undeclared sockets are asked as each of their possible
   * dialects and hear those that pass). Resolves with how many devices it was sent to.
   */
  toUser(
    userId: UserId,
    delivery: Delivery,
    devices?: {
      readonly except?: DeviceId | readonly DeviceId[];
      readonly only?: (dialect: DialectName) => boolean;
    },
  ): Promise<number>;

  /** One device, in the dialect given. */
  toDevice(userId: UserId, device: CallDevice, delivery: Delivery): void;

  /** Every connected socket of every user; for presence alone. */
  toEveryone(delivery: Delivery): void;

  /**
   * A socket of this node hears what is said in the room, in its dialect. A join is done when it resolves: an emit from another node after that
   * arrives. Leaving is harmless for one that is not in it.
   */
  joinRoom(device: CallDevice, roomId: RoomId): Promise<void>;
  leaveRoom(device: CallDevice, roomId: RoomId): Promise<void>;
  /** Every socket that joined the room, by one emit a dialect that has words for it. */
  toRoom(roomId: RoomId, delivery: Delivery, sockets?: RoomAudience): void;

  /**
   * Resolves when everything sent so far is with every node concerned: what any node sends after that is heard later. Never rejects. For deliveries of one
   * conversation or call, which one node after the other may send.
   */
  sent(): Promise<void>;

  /**
   * Signals between the two devices of a call travel in rooms of the call, one for each of its seats, without the bus or a database.
   * A socket of this node joins; the join is done when it resolves: an emit from another node after that arrives. Leaving is harmless for one that is
   * gone.
   */
  joinCall(deviceId: DeviceId, callId: CallId): Promise<void>;
  leaveCall(deviceId: DeviceId, callId: CallId): Promise<void>;
  /** To one device that joined the call; to nobody if it did not. */
  relay(
    callId: CallId,
    to: { readonly userId: UserId; readonly device: CallDevice },
    delivery: Delivery,
  ): void;
}

/** Of the sockets in a room, which. */
export interface RoomAudience {
  readonly except?: DeviceId;
  readonly only?: (dialect: DialectName) => boolean;
  /** Those of this node alone. */
  readonly here?: boolean;
}
