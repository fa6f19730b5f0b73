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
  /**
   * The device was reported lost, so a renewal that names it is stale. Without this an away seat is only one whose
   * lease lapsed or whose node was not heard of: it may merely have stalled, and its next renewal brings the device back.
   */
  readonly lost?: true;
}

/**
 * ringing: may answer. answered: holds the other seat. rejected, busy: said so, or was found in another call.
 * unavailable: could not be rung, or is barred. released: another callee answered first.
 */
export type CalleeStatus = 'ringing' | 'answered' | 'rejected' | 'busy' | 'unavailable' | 'released';

/**
 * The one versioned value of a live call. JSON, so that any engine can hold it.
 *
 * ```
 *   place ─────▶ ringing ──── answer ────▶ active
 *     │           │  ▲ │                    │  ▲ │
 *     │           │  └─┘ one of several     │  └─┘ device lost,
 *     │           │      callees refuses    │      device returned,
 *     │           │                         │      device took over
 *     │           │ caller ends: cancelled  │ a party ends: hangup
 *     │ nobody    │ last callee refuses:    │ away too long:
 *     │ can be    │   rejected, busy        │   network_error
 *     │ rung:     │ ring time over: missed  │ account closed:
 *     │ busy,     │ caller away too long:   │   banned
 *     │ unavail-  │   network_error         │
 *     │ able      │ account closed: banned  │
 *     ▼           ▼                         ▼
 *   ended ◀───────┴─────────────────────────┘
 * ```
 *
 * ringing. The caller hears the ring tone in one device, whose seat it holds: it may cancel, send its offer, and trickle candidates,
 *   which are held. Losing that device starts a grace period that the callees do not notice. A callee's compatible devices ring all at
 *   once; none holds a seat, any may answer or refuse, and losing one changes nothing. Caller and ringing callees are kept busy.
 * active. Caller and answerer hold one seat each and talk. Their other devices and all other callees were told that it was answered
 *   elsewhere; the other callees are free again. A party that loses its device is away until its grace is
 *   over: the other one hears that it was interrupted, then that it resumed. A party may go on with another of its devices at any time: the old
 *   one hears that the call moved and is out of it, the other party that it has to negotiate with a new one.
 * ended. Nobody is kept busy, nothing is due, descriptions and candidates are gone for both. Final: only a retry of the same `place` is
 *   understood, so that a caller whose reply was lost can ask again.
 */
export interface CallState {
  readonly call: Call;
  readonly negotiation: Negotiation;
  readonly ringUntil: Millis;
  readonly callerSeat: Seat;
  readonly answerSeat?: Seat;
  readonly callees: Readonly<Record<UserId, CalleeStatus>>;
  /** The caller's offer until the call ends or moves; handed to whoever is rung late or answers accept-first. */
  readonly offer?: unknown;
  /** An offer-first answer, until the first renewal of the caller's seat shows that its device was there to be told. */
  readonly answer?: unknown;
  /**
   * The caller's candidates while it rings, for the device that answers: still in the state that its answer makes, gone with the first
   * renewal of its seat. Bounded by LIMITS.
   */
  readonly heldCandidates: readonly unknown[];
  /** Who took the call over with another device, until the first renewal of the other party's seat shows that it was there to be told. */
  readonly movedBy?: UserId;
}

export type CallCommand =
  /**
   * On a call that exists: a retry by the same caller with the same content is no change, whatever became of it. Otherwise the id
   * is taken: CALL_IN_PROGRESS or, once ended, INVALID_DATA for the same caller, PERMISSION_DENIED for everybody else.
   */
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
  /** From a device that holds a seat of an active call: no change; what it sent is a renegotiation to relay. */
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
  /**
   * Cancel while it rings (caller), refuse while it rings (callee), hang up once answered. With a `device`, only the seated one ends
   * for its user while it is there; without, the user as such does. `banned` removes the user whatever the device, and changes
   * nothing where they hold nothing.
   */
  | { readonly type: 'end'; readonly userId: UserId; readonly device?: CallDevice; readonly cause?: 'banned' }
  /** On an active call no change for both seated devices: relay it instead. The same for `hold-offer`. */
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
  /** `presumed`: its node is not heard of, though the lease runs. Nobody saw the device go, so a renewal brings it back. */
  | {
      readonly type: 'device-lost';
      readonly userId: UserId;
      readonly deviceId: string;
      readonly presumed?: true;
    }
  /** A new device of a party takes the away party's place. */
  | { readonly type: 'device-returned'; readonly userId: UserId; readonly device: CallDevice }
  /**
   * Another device of a party goes on in its place. `from`: the device that the taker saw in the seat; when another one is in it by now, the taker came too
   * late and nothing changes. No change either for the device that has the seat, unless it was away: then it is back.
   */
  | {
      readonly type: 'take';
      readonly userId: UserId;
      readonly device: CallDevice;
      readonly from: CallDevice['deviceId'];
    }
  /** The node that hosts these devices is alive. */
  | { readonly type: 'renew'; readonly deviceIds: readonly string[] }
  /** Time passed: whatever is due happens. Harmless when nothing is. */
  | { readonly type: 'tick' };

export type CallRefusal =
  | 'CALL_NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'CALL_IN_PROGRESS'
  | 'INVALID_DATA'
  /**
   * The callee's word came after another device of theirs, or another callee, decided: tell this device, it did nothing wrong.
   * Also its `end`: clients that tidy up after hearing of the answer elsewhere must not hang up the call that was answered.
   */
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
