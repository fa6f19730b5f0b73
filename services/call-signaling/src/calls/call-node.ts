import type { CallId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';
import { Arrivals } from './arrivals.ts';
import { Background } from './background.ts';
import { CallTimers } from './call-timers.ts';
import { HostedCalls } from './hosted-calls.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { Pulse } from './pulse.ts';
import { RecentEnds } from './recent-ends.ts';
import type { TransitionOptions } from './transition.ts';
import { WaitingDevices } from './waiting-devices.ts';

/** A change by which a session takes a seat, and whose storing the store did not confirm. */
export interface UnsureSeat {
  readonly callId: CallId;
  readonly options: TransitionOptions & { readonly session: Session };
}

/** What one node remembers of calls. All of it can be lost: the truth is in the live store. */
export interface CallNode {
  readonly hosted: HostedCalls;
  readonly waiting: WaitingDevices;
  readonly recentEnds: RecentEnds;
  readonly pulse: Pulse;
  /** Calls that this node put back into an emptied store, and when (epoch ms): who else is in them may be gone. */
  readonly putBack: Map<CallId, number>;
  readonly timers: CallTimers;
  readonly background: Background;
  /** Changes of one call, so that this node's own requests do not race each other. */
  readonly changes: KeyedQueue;
  /** Publishing of one call's events, in order. */
  readonly publishing: KeyedQueue;
  readonly arrivals: Arrivals;
  /** Sockets that are gone; a seat won in the meantime is lost at once. */
  readonly departed: WeakSet<Session>;
  /** Whoever sits there, nobody answers for the seat yet. */
  readonly unsure: Map<Session, UnsureSeat>;
  /** Callers whose new offer may be stored and was rung by nobody. */
  readonly unrung: WeakSet<Session>;
}

export function createCallNode(): CallNode {
  return {
    hosted: new HostedCalls(),
    waiting: new WaitingDevices(),
    recentEnds: new RecentEnds(),
    pulse: new Pulse(),
    putBack: new Map(),
    timers: new CallTimers(),
    background: new Background(),
    changes: new KeyedQueue(),
    publishing: new KeyedQueue(),
    arrivals: new Arrivals(),
    departed: new WeakSet(),
    unsure: new Map(),
    unrung: new WeakSet(),
  };
}
