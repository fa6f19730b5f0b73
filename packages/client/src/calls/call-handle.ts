import type { Subscribable } from '../emitter.ts';
import { type ErrorFacts, SwitchboardError } from '../errors.ts';
import type { Call, IceServer, JitsiRoom, PublicUser, ServerEvents, Signal } from '../wire.ts';

/**
 *   outgoing:  placing ──▶ ringing ─────────────▶ active ──▶ ended
 *   incoming:              ringing ─▶ answering ─▶ active ──▶ ended      (from every state to ended)
 */
export type CallState = 'placing' | 'ringing' | 'answering' | 'active' | 'ended';

/**
 * hangup: a party ended an answered call. cancelled: the caller gave up. rejected, busy: the callee said so. timeout: nobody answered.
 * unavailable: no device could be rung. network_error: a party stayed away too long. answered_elsewhere, rejected_elsewhere: by another device of this user.
 * moved: another device of this user took it over.
 * lost: it was over when this device came back; the history of calls says how.
 */
export type CallEndedReason =
  | ServerEvents['call.ended']['reason']
  | ServerEvents['call.rejected']['reason']
  | 'lost';

export interface CallEnded {
  readonly reason: CallEndedReason;
  readonly by?: PublicUser;
}

/** What a call tells. What nobody listened to yet is kept for the first listener (of signals the newest 500). */
export interface CallEvents {
  state: CallState;
  /** To the caller: `answer` when the call was placed with an offer and the callee answered that; else negotiation follows by signals. */
  answered: { readonly by: PublicUser; readonly answer?: unknown };
  /** To the callee, while it rings: the caller's newer offer, in place of the one before. */
  offer: unknown;
  /** One piece of negotiation from the other device, in order. */
  signal: Signal;
  /** The other party lost its connection; it may return until `graceUntil`, ISO 8601. */
  away: { readonly graceUntil?: string };
  /** The other party is back, perhaps with another device. */
  back: { readonly by: PublicUser };
  /** The other party goes on with another device: that one offers anew, to a new peer connection. */
  moved: { readonly by: PublicUser };
  /** This client took the call over from another device of its user: it has to offer to the other party. */
  taken: { readonly call: Call };
  /** The servers for this call from now on; the credentials of the former ones lapse soon. */
  'ice-servers': { readonly iceServers: readonly IceServer[]; readonly expiresAt?: string };
  /** This client lost its connection and has its place in the call again. Media may need an ICE restart. */
  resumed: { readonly call: Call };
  ended: CallEnded;
}

/** One call, as this client sees it. */
export interface CallHandle extends Subscribable<CallEvents> {
  readonly id: string;
  readonly direction: 'outgoing' | 'incoming';
  readonly state: CallState;
  readonly kind: Call['kind'];
  readonly media: Call['media'];
  /** As the server last described it. */
  readonly info: Call;
  /** The other party; the first callee while nobody has answered. */
  readonly other: PublicUser;
  /** The other party's connection is lost at the moment. */
  readonly otherAway: boolean;
  /** The caller's offer, when the call came with one. */
  readonly offer: unknown;
  /** The room to meet in, for a jitsi call. */
  readonly jitsi: JitsiRoom | undefined;
  /** STUN and TURN servers for the peer connection, with credentials that lapse; the event `ice-servers` brings newer ones. */
  readonly iceServers: readonly IceServer[];
  /** Why it is over, once it is. */
  readonly ended: CallEnded | undefined;
  /**
   * Takes an incoming call, with an SDP answer when it came with an offer. Rejects with CALL_IN_PROGRESS when another device was faster,
   * CALL_NOT_FOUND when it is over.
   */
  answer(answer?: unknown): Promise<void>;
  /** Refuses an incoming call, on all of one's devices. Over at once for this client; the server is told as soon as it can be. */
  reject(reason?: 'rejected' | 'busy'): void;
  /** Hangs up, or gives up a call that rings. Over at once for this client; the server is told as soon as it can be. */
  end(): void;
  /**
   * Sends one piece of negotiation to the other device. Kept while the call is not placed or answered yet and while the connection is lost, then sent in
   * order. An offer takes the place of offers and candidates that still wait.
   */
  signal(signal: Signal): void;
}

/** A call that could not ring. `user_busy`: in another call. `user_unavailable`: no device of theirs can take it now. */
export class CallFailed extends SwitchboardError {
  readonly reason: ServerEvents['call.failed']['reason'];

  constructor(facts: ErrorFacts, reason: ServerEvents['call.failed']['reason'], cause: unknown) {
    super(facts, { cause });
    this.name = 'CallFailed';
    this.reason = reason;
  }
}
