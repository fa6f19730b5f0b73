import type {
  Call,
  CallMedia,
  Command,
  CommandReply,
  Delivery,
  DialectName,
  IceServers,
  Negotiation,
  Rejection,
  Result,
  UserId,
} from '@switchboard/protocol';
import type { z } from 'zod';

/** One message on a socket: the event name and its arguments, as the client library hands them over. */
export interface Frame {
  readonly event: string;
  readonly args: readonly unknown[];
}

export interface DecodeContext {
  /** The verified user of the socket. */
  readonly userId: UserId;
}

/** An event that clients of a dialect may send. */
export interface InboundEvent {
  /** Schema of the first argument (the whole argument list where a dialect takes positional ones), for validation and the published contract. */
  readonly schema: z.ZodType;
  /** True when the event may come before the socket is authenticated. */
  readonly anonymous?: boolean;
  /** What the event means, for the published contract; one line. */
  readonly summary: string;
  /**
   * Arguments without the ack function → canonical command. Pure; never throws on any input.
   * A refusal is INVALID_DATA with the offending fields.
   */
  decode(args: readonly unknown[], context: DecodeContext): Result<Command>;
}

/** What a Jitsi client needs to enter the call's room. */
export interface JitsiRoom {
  readonly domain: string;
  readonly roomName: string;
  readonly url: string;
  readonly jwt?: string;
  readonly config: { readonly startWithAudioMuted: boolean; readonly startWithVideoMuted: boolean };
}

/** How the media of calls find their way; each is made for one user. */
export interface MediaWays {
  jitsiRoom(call: Call, user: UserId): JitsiRoom;
  /** STUN and TURN servers, with credentials of this user. */
  iceServers(user: UserId): IceServers;
}

export interface EncodeContext extends MediaWays {
  /** The recipient; every device in one router room belongs to the same user unless the delivery is presence. */
  readonly to: UserId;
}

/** One client vocabulary: pure translation between its words and the canonical ones. */
export interface Dialect {
  readonly name: DialectName;
  /**
   * The vocabulary of which this is another spelling. Only sockets that speak it hear it: an undeclared one is sent every vocabulary once. A socket that
   * named either in its handshake has left the spelling open, and its first event tells.
   */
  readonly variantOf?: DialectName;
  readonly transport: 'socket.io' | 'websocket';
  /** Media its devices can take part in. */
  readonly media: readonly CallMedia[];
  /** How its devices can be rung: offer-first needs the caller's offer with the ring. */
  readonly rungBy: readonly Negotiation[];
  readonly inbound: ReadonlyMap<string, InboundEvent>;
  /** Every event name that `encode` or `error` can produce, with the schema of its payload. */
  readonly outbound: ReadonlyMap<string, { readonly schema: z.ZodType; readonly summary: string }>;
  /** The frames for one recipient; none when this vocabulary has no word for it. Pure. */
  encode(delivery: Delivery, context: EncodeContext): readonly Frame[];
  /** The extra fields of a positive ack, beside `{ok: true, success: true}`. */
  ackFields(reply: CommandReply, context: EncodeContext): Record<string, unknown>;
  /** Frames for a refused event that carried no ack function. */
  error(rejection: Rejection): readonly Frame[];
}
