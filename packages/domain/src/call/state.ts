import type {
  Call,
  CallDevice,
  CallEvent,
  EventBody,
  Negotiation,
  PublicUser,
  UserId,
} from '@switchboard/protocol';

/** Milliseconds since 1970, handed in by the caller: the domain has no clock. */
export type Millis = number;

/** How long things last; all in milliseconds. */
export interface CallTimings {
  readonly ringMs: number;
  readonly graceMs: number;
  /** A hosting node renews a party's lease well within this time; a lapsed lease counts as a lost device. */
  readonly leaseMs: number;
}

/** A party's hold on the call through one device. */
export interface Seat {
  readonly device: CallDevice;
  readonly leaseUntil: Millis;
  /** Set while the device is away: the call ends then unless the party returns. */
  readonly awayUntil?: Millis;
}

export type CalleeStatus = 'ringing' | 'answered' | 'rejected' | 'busy' | 'unavailable';

/** The one versioned value of a live call. JSON, so that any engine can hold it. */
export interface CallState {
  readonly call: Call;
  readonly negotiation: Negotiation;
  readonly ringUntil: Millis;
  readonly callerSeat: Seat;
  readonly answerSeat?: Seat;
  readonly callees: Readonly<Record<UserId, CalleeStatus>>;
  /** The caller's offer until the call ends; handed to whoever is rung late or answers accept-first. */
  readonly offer?: unknown;
  /** An offer-first answer, until the caller's device was told. */
  readonly answer?: unknown;
  /** The caller's candidates while it rings, for the device that answers. Bounded by LIMITS. */
  readonly heldCandidates: readonly unknown[];
}

export type CallCommand =
  | {
      readonly type: 'place';
      /** Phase ringing, without answer or end. */
      readonly call: Call;
      readonly negotiation: Negotiation;
      readonly offer?: unknown;
      /** Callees with a device that can be rung, callees found busy; the rest are unavailable. */
      readonly reachable: readonly UserId[];
      readonly busy: readonly UserId[];
    }
  | {
      readonly type: 'answer';
      readonly userId: UserId;
      readonly device: CallDevice;
      readonly answer?: unknown;
    }
  | {
      readonly type: 'reject';
      readonly userId: UserId;
      readonly device?: CallDevice;
      readonly reason: 'rejected' | 'busy';
    }
  /** Cancel while it rings (caller), refuse while it rings (callee), hang up once answered. */
  | { readonly type: 'end'; readonly userId: UserId; readonly device?: CallDevice; readonly cause?: 'banned' }
  | {
      readonly type: 'hold-candidate';
      readonly userId: UserId;
      readonly deviceId: string;
      readonly candidate: unknown;
    }
  /** The offer of a caller that placed without one, or its renewed one, while it rings. */
  | {
      readonly type: 'hold-offer';
      readonly userId: UserId;
      readonly deviceId: string;
      readonly offer: unknown;
    }
  | { readonly type: 'device-lost'; readonly userId: UserId; readonly deviceId: string }
  /** A new device of a party takes the away party's place. */
  | { readonly type: 'device-returned'; readonly userId: UserId; readonly device: CallDevice }
  /** The node that hosts these devices is alive. */
  | { readonly type: 'renew'; readonly deviceIds: readonly string[] }
  /** Time passed: whatever is due happens. Harmless when nothing is. */
  | { readonly type: 'tick' };

export type CallRefusal =
  | 'CALL_NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'CALL_IN_PROGRESS'
  | 'INVALID_DATA'
  /** The callee's answer or reject came after another device of theirs decided: tell this device, it did nothing wrong. */
  | 'ANSWERED_ELSEWHERE';

export type Decision =
  | {
      readonly ok: true;
      /** Equal by reference to the old state when nothing changed: nothing to store then. */
      readonly state: CallState;
      readonly events: readonly EventBody<CallEvent>[];
    }
  | { readonly ok: false; readonly refusal: CallRefusal };

export type { PublicUser };
