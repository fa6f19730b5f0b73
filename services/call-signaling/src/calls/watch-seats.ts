import type { CallId, UserId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { abreast } from './abreast.ts';
import { attend } from './news.ts';
import { type Occupancy, occupancy } from './occupancy.ts';
import { SILENT_MS } from './pulse.ts';

/** A call put back is looked after for as long; then its leases alone tell who is there. */
const PUT_BACK_MS = 5 * SILENT_MS;

/**
 * Looks after the seats that somebody waits for, and after those of calls that this node has put back into an emptied store: the nodes of the others may
 * have died with it. No other call is asked about, however many there are.
 */
export async function watchSeats(context: SignalingContext): Promise<void> {
  const { calls, logger } = context;
  const watched = async (callId: CallId, watch: () => Promise<void>): Promise<void> => {
    try {
      await watch();
    } catch (err) {
      logger.warn({ callId, err }, 'the seats of a call could not be looked after');
    }
  };
  await abreast(calls.waiting.calls(), (callId) => watched(callId, () => watchAwaited(context, callId)));
  await abreast([...calls.putBack], ([callId, since]) =>
    watched(callId, () => watchPutBack(context, callId, since)),
  );
}

async function watchAwaited(context: SignalingContext, callId: CallId): Promise<void> {
  const now = context.clock.now();
  const users = new Set(context.calls.waiting.of(callId, now).map(({ identity }) => identity.id));
  const found = await look(context, callId, [...users], now);
  if (found.includes('free')) await attend(context, callId);
}

async function watchPutBack(context: SignalingContext, callId: CallId, since: number): Promise<void> {
  const { hosted, putBack } = context.calls;
  const call = hosted.get(callId)?.live.state.call;
  const users = call ? [call.caller.id, ...(call.answeredBy === undefined ? [] : [call.answeredBy])] : [];
  const found = await look(context, callId, users, since);
  if (!found.includes('unclear') || context.clock.now() >= since + PUT_BACK_MS) putBack.delete(callId);
}

function look(
  context: SignalingContext,
  callId: CallId,
  users: readonly UserId[],
  since: number,
): Promise<Occupancy[]> {
  return Promise.all(users.map((userId) => occupancy(context, callId, userId, since)));
}
