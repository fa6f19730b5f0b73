import { type CallState, type CallTimings, nextDeadline } from '@switchboard/domain';
import type { CallEvent, DeviceId, NodeId } from '@switchboard/protocol';
import type { Session } from '../edge/session.ts';

/**
 * What the live store holds of one call: the domain's state, and beside it what still has to be told about it. One value, so that a change and
 * its events become true together: whoever finds events here after a crash publishes them.
 */
export interface LiveCall {
  readonly state: CallState;
  /** Not known to be published, in the order in which they happened. */
  readonly outbox: readonly CallEvent[];
  /**
   * How the caller's device hears of the answer: the answering node tells it, so that no signal of the callee can overtake the answer. Absent: whoever
   * delivers the event has to. A time (epoch ms): the answering node is about to, unless it is not heard of by then. True: it was sent, perhaps down
   * a dead line. `confirmed`: the device's seat was renewed since, so it was there to hear it.
   */
  readonly callerTold?: true | 'confirmed' | number;
  /** The transport's ids of the sockets that sit in the call, by which some vocabularies name them. */
  readonly sockets?: Readonly<Record<DeviceId, string>>;
  /** The nodes of those sockets: who has to hear when the call changes. */
  readonly nodes?: Readonly<Record<DeviceId, NodeId>>;
}

/** The sockets of those who sit in the call now, and their nodes; `newcomer`, of this node, is among them if it has a seat. */
export function socketsIn(
  { callerSeat, answerSeat }: CallState,
  before: Pick<LiveCall, 'sockets' | 'nodes'> | undefined,
  newcomer: Session | undefined,
  nodeId: NodeId,
): Pick<LiveCall, 'sockets' | 'nodes'> {
  const sockets: Record<DeviceId, string> = {};
  const nodes: Record<DeviceId, NodeId> = {};
  for (const deviceId of [callerSeat.device.deviceId, answerSeat?.device.deviceId]) {
    if (deviceId === undefined) continue;
    const here = newcomer?.deviceId === deviceId;
    const socketId = here ? newcomer.socketId : before?.sockets?.[deviceId];
    const node = here ? nodeId : before?.nodes?.[deviceId];
    if (socketId !== undefined) sockets[deviceId] = socketId;
    if (node !== undefined) nodes[deviceId] = node;
  }
  return Object.keys(sockets).length === 0 ? {} : { sockets, nodes };
}

/** How long the node that made a change has to publish its events before any other may step in. */
export const OUTBOX_GRACE_MS = 1_000;

/**
 * An ended call stays this long as a tombstone. A node that slept through the end would otherwise take it for one that an emptied store lost, and
 * bring it back; a retried `call.place` learns what became of the call; and so does history, which looks through its open calls every other minute, should
 * the bus have lost the events.
 */
export function tombstoneMs(timings: CallTimings): number {
  return Math.max(5 * 60_000, 2 * (timings.leaseMs + timings.graceMs));
}

/** When a sweep must look at the call again (epoch ms). */
export function deadlineOf({ state, outbox }: LiveCall, now: number, timings: CallTimings): number {
  const publish = outbox.length === 0 ? Number.POSITIVE_INFINITY : now + OUTBOX_GRACE_MS;
  const endedAt = state.call.endedAt === undefined ? now : Date.parse(state.call.endedAt);
  return Math.min(publish, nextDeadline(state) ?? endedAt + tombstoneMs(timings));
}

/** Nothing left to happen or to tell, and nobody will ask any more. */
export function isForgettable(live: LiveCall, now: number, timings: CallTimings): boolean {
  return (
    live.state.call.phase === 'ended' && live.outbox.length === 0 && deadlineOf(live, now, timings) <= now
  );
}
