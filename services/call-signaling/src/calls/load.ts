import type { VersionedCall } from '@switchboard/ports';
import type { CallId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { confirmClaims } from './claims.ts';
import { deadlineOf, type LiveCall } from './live-call.ts';
import { tellNodes } from './tell-nodes.ts';

export interface Loaded {
  readonly live: LiveCall;
  readonly version: number;
}

/**
 * The call as stored. One that this node hosts and that the store does not know was lost with the store: it is put back, its parties are still
 * talking. So is one that the store knows only as it was before it was answered: what came after was lost, or another node, which had not heard of the
 * answer, was the quicker to put it back.
 */
export async function load(context: SignalingContext, callId: CallId): Promise<Loaded | undefined> {
  const stored = await context.liveCalls.get(callId);
  const hosted = context.calls.hosted.get(callId)?.live;
  const isLost = stored === undefined || isBehind(stored.state, hosted);
  if (isLost && hosted && hosted.state.call.phase !== 'ended') {
    return restore(context, hosted, stored?.version ?? 0);
  }
  return stored && loaded(stored);
}

function isBehind(stored: LiveCall, hosted: LiveCall | undefined): boolean {
  return stored.state.call.phase === 'ringing' && hosted?.state.call.phase === 'active';
}

async function restore(
  context: SignalingContext,
  live: LiveCall,
  version: number,
): Promise<Loaded | undefined> {
  const { liveCalls, clock, timings, logger, calls } = context;
  const callId = live.state.call.id;
  const now = clock.now();
  if (version === 0 && (await isOver(context, live))) {
    for (const deviceId of calls.hosted.get(callId)?.devices.keys() ?? []) calls.hosted.drop(deviceId);
    return undefined;
  }
  if (await liveCalls.compareAndSet(callId, version, live, deadlineOf(live, now, timings))) {
    logger.warn({ callId }, 'live call was missing from the store and is put back');
    await confirmClaims(context, live.state);
    calls.putBack.set(callId, now);
    calls.background.run(logger, 'telling other nodes of a call put back failed', callId, () =>
      tellNodes(context, live, []),
    );
  }
  const stored = await liveCalls.get(callId);
  return stored && loaded(stored);
}

/**
 * Whether a node that slept through the end is about to bring the call back. A lost connection is no proof: history says that, too, of a call whose end it
 * never heard of and could not find in an emptied store.
 */
async function isOver({ history, logger }: SignalingContext, { state }: LiveCall): Promise<boolean> {
  const { id, caller, createdAt } = state.call;
  try {
    const known = await history.find(id);
    const same = known?.caller.id === caller.id && known.createdAt === createdAt;
    return same && known.endReason !== undefined && known.endReason !== 'network_error';
  } catch (err) {
    logger.warn({ callId: id, err }, 'history could not be asked whether a missing call is over');
    return false;
  }
}

function loaded({ state: live, version }: VersionedCall<LiveCall>): Loaded {
  return { live, version };
}
