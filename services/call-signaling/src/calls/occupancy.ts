import type { CallId, NodeId, UserId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { seatOf } from './parties.ts';
import { SILENT_MS } from './pulse.ts';
import { transition } from './transition.ts';

/** `unclear`: nobody can say yet; soon they can. */
export type Occupancy = 'free' | 'taken' | 'unclear';

/**
 * Whether a device really sits in the seat of a user, asked for one who wants it. A seat whose node is not heard of is thereby given up, a lease before
 * its time: should the node live after all, its next renewal takes the seat back, unless somebody else has it by then.
 *
 * @param since Epoch ms: whoever asks is there since then. A node heard of after that did not die before, and is not why they came.
 */
export async function occupancy(
  context: SignalingContext,
  callId: CallId,
  userId: UserId,
  since: number,
): Promise<Occupancy> {
  const live = (await context.liveCalls.get(callId))?.state;
  // Perhaps on its way back into an emptied store.
  if (!live) return 'unclear';
  const seat = seatOf(live.state, userId);
  if (!seat || seat.awayUntil !== undefined || live.state.call.phase === 'ended') return 'free';
  const { deviceId } = seat.device;
  const nodeId = live.nodes?.[deviceId];
  if (nodeId === undefined) return 'taken';
  if (nodeId === context.nodeId) return isUnsure(context, callId) ? 'unclear' : 'taken';
  const word = await wordOf(context, nodeId, since);
  if (word !== 'silent') return word === 'lives' ? 'taken' : 'unclear';
  const lost = { type: 'device-lost', userId, deviceId, presumed: true } as const;
  context.logger.warn({ callId, userId, nodeId }, 'a node is not heard of, its seat in a call is given up');
  await transition(context, callId, lost);
  return 'free';
}

/** Whoever took a seat here, and the store did not say so, may be gone again unnoticed. */
function isUnsure({ calls }: SignalingContext, callId: CallId): boolean {
  return [...calls.unsure.values()].some((taken) => taken.callId === callId);
}

async function wordOf(
  { presence, clock, calls, time, nodeId: mine }: SignalingContext,
  nodeId: NodeId,
  since: number,
): Promise<'lives' | 'silent' | 'unclear'> {
  const asked = clock.now();
  // In this order: what an emptied store has lost of the other, it has lost of this node, too.
  const [theirs = Number.POSITIVE_INFINITY, own] = await Promise.all([
    presence.silentFor(nodeId, asked),
    presence.silentFor(mine, asked),
  ]);
  const now = clock.now();
  const canTell = own !== undefined && calls.pulse.isSteady(now) && time?.() !== 'waits';
  if (theirs >= SILENT_MS && canTell) return 'silent';
  return theirs < asked - since ? 'lives' : 'unclear';
}
