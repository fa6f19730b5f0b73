import type { CallTimings, Time } from '@switchboard/domain';
import type { Bus, Clock, LiveCalls, Presence, RateLimits } from '@switchboard/ports';
import type { CommandOf, CommandType, NodeId, ReplyOf, Result } from '@switchboard/protocol';
import type { Logger, Metrics, SessionVerifier, UserDirectory } from '@switchboard/service-kit';
import type { CallNode } from './calls/call-node.ts';
import type { LiveCall } from './calls/live-call.ts';
import type { SignalingConfig } from './config.ts';
import type { Session } from './edge/session.ts';
import type { RingLedger } from './ledger/ring-ledger.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Router } from './router/router.ts';
import type { CallHistory } from './store/call-history.ts';

/** What every part of a signaling node may reach. Built once in index.ts and handed down; nothing is global. */
export interface SignalingContext {
  readonly config: SignalingConfig;
  readonly nodeId: NodeId;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly liveCalls: LiveCalls<LiveCall>;
  /** What history has of calls that the live store may have forgotten. */
  readonly history: Pick<CallHistory, 'knows' | 'find'>;
  /** Which devices a call rang. */
  readonly ledger: Pick<RingLedger, 'rung'>;
  readonly timings: CallTimings;
  /** Absent: it always acts. It waits while this node is cut off, and until those who were with it have renewed their leases. */
  readonly time?: () => Time;
  /** Absent: never. While this node is cut off from the others, it changes no call that somebody asks it to change: `unavailable`, to be tried again. */
  readonly isCut?: () => boolean;
  /** What this node alone remembers of calls; `createCallNode()`. */
  readonly calls: CallNode;
  readonly presence: Presence;
  readonly rates: RateLimits;
  readonly directory: UserDirectory;
  readonly verifier: SessionVerifier;
  readonly router: Router;
  readonly rooms: Rooms;
}

/** Carries a decoded command out for a session; a foreseen refusal is a value. */
export type Handler<T extends CommandType> = (
  session: Session,
  command: CommandOf<T>,
  context: SignalingContext,
) => Promise<Result<ReplyOf<T>>>;

export type Handlers = { readonly [T in CommandType]: Handler<T> };
