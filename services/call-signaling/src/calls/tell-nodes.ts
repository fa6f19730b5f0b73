import type { NodeId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { LiveCall } from './live-call.ts';

/**
 * Tells the nodes concerned, this one included, that the call changed: those whose sockets sit in it or did, and when a seat is empty those of its party's
 * other sockets, one of which may wait for it. Others would hear of a call that is none of their business.
 */
export async function tellNodes(
  { bus, presence, clock }: SignalingContext,
  { state, nodes = {} }: LiveCall,
  formerNodes: readonly NodeId[],
): Promise<void> {
  const { call, callerSeat, answerSeat } = state;
  const callId = call.id;
  const tell = async (nodeIds: Iterable<NodeId>): Promise<void> => {
    await Promise.all([...nodeIds].map((nodeId) => bus.notify({ type: 'call.changed', callId }, nodeId)));
  };
  const told = new Set([...formerNodes, ...Object.values(nodes)]);
  await tell(told);
  const absent = [
    ...(callerSeat.awayUntil === undefined ? [] : [call.caller.id]),
    ...(answerSeat?.awayUntil === undefined || !call.answeredBy ? [] : [call.answeredBy]),
  ];
  const devices = await Promise.all(absent.map((userId) => presence.devicesOf(userId, clock.now())));
  await tell(new Set(devices.flat().flatMap(({ nodeId }) => (told.has(nodeId) ? [] : nodeId))));
}
