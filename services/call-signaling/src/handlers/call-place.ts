import type { CallState } from '@switchboard/domain';
import { type CallId, reject, unavailable } from '@switchboard/protocol';
import { awaitSeat } from '../calls/await-seat.ts';
import { takeFrom } from '../calls/call-budget.ts';
import { findCallees } from '../calls/callees.ts';
import { claimedCall } from '../calls/claims.ts';
import { refuseWhileCut } from '../calls/cut-off.ts';
import { load } from '../calls/load.ts';
import { newCall, type Placing, placed, placeInside, placeNew, seatingCaller } from '../calls/place.ts';
import { refuse } from '../calls/refusal.ts';
import { settledSeat } from '../calls/settled-seat.ts';
import { transition } from '../calls/transition.ts';
import type { Handler } from '../context.ts';

/** Each round a call that stood in the way went away under our hands; that does not happen many times in a row. */
const MAX_ROUNDS = 5;

/**
 * Rings a user, or everybody else in a room. A repeated place inside a call with that user renegotiates it; two who call each other get one
 * call.
 */
export const callPlace: Handler<'call.place'> = async (session, command, context) => {
  const found = await findCallees(context, session, command);
  if (!found.ok) return found;
  const placing: Placing = { context, session, command, ...found.value };

  if (command.callId) {
    const again = (await retried(placing)) ?? (await usedUp(placing, command.callId));
    if (again) return again;
  }
  let charged = false;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const mine = await callOf(placing);
    // Before anybody is claimed or anything charged for it.
    if (!mine) refuseWhileCut(context);
    if (!mine && !charged) {
      const allowed = await takeFrom('calls', context, session);
      if (!allowed.ok) return allowed;
      charged = true;
    }
    const outcome = mine ? await placeInside(placing, mine) : await placeNew(placing);
    if (outcome) return outcome;
  }
  throw unavailable('The call');
};

/** The call in which its user is. A device that waits for its seat there is given it first, if it can be: what it sends is for that call. */
async function callOf({ context, session }: Placing): Promise<CallState | undefined> {
  const mine = await claimedCall(context, session.identity.id);
  if (!mine) return undefined;
  await settledSeat(context, session, mine.call.id);
  return claimedCall(context, session.identity.id);
}

/** A place whose reply was lost asks again with the id it chose, and hears what became of its call. */
async function retried(placing: Placing) {
  const { context, session, command } = placing;
  const stored = command.callId && (await load(context, command.callId));
  if (!stored) return undefined;
  const before = stored.live.state.call;
  // Who is in the room changes; who was rung does not.
  const sameRoom = placing.roomId !== undefined && placing.roomId === before.roomId;
  const call = { ...newCall(placing), ...(sameRoom ? { callees: before.callees } : {}) };
  const { negotiation } = command;
  const outcome = await transition(
    context,
    call.id,
    { type: 'place', call, negotiation, reachable: [], busy: [] },
    seatingCaller(placing),
  );
  if (!outcome.ok) return refuse(outcome.refusal);
  const { callerSeat, call: now } = outcome.state;
  if (now.phase !== 'ended' && callerSeat.device.deviceId !== session.deviceId)
    awaitSeat(context, call.id, session);
  return placed(session, outcome.state);
}

/**
 * An id that only history remembers belongs to a call that is over. While history cannot be asked, calls go on without: it keeps its own record from
 * being changed.
 */
async function usedUp(placing: Placing, callId: CallId) {
  const { context } = placing;
  try {
    if (!(await context.history.knows(callId))) return undefined;
  } catch (err) {
    context.logger.warn({ callId, err }, 'a chosen call id could not be checked');
    return undefined;
  }
  // Perhaps this very place, sent twice, was recorded in between.
  return (await retried(placing)) ?? reject('INVALID_DATA', 'This call id was used before');
}
