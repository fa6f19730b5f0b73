import { jsonBytes, LIMITS } from '@switchboard/protocol';
import { changed, refused, unchanged } from './decision.ts';
import { isSeated } from './seats.ts';
import type { CallCommand, CallState, Decision } from './state.ts';

type HoldCandidate = Extract<CallCommand, { type: 'hold-candidate' }>;
type HoldOffer = Extract<CallCommand, { type: 'hold-offer' }>;

/** "Candidates sent while it rings are held (bounded) and reach the device that answers." */
export function holdCandidate(state: CallState, command: HoldCandidate): Decision {
  return fromCaller(state, command, () => {
    const { candidate } = command;
    const held = [...state.heldCandidates, candidate];
    const fits =
      candidate !== undefined &&
      held.length <= LIMITS.candidatesPerSide &&
      jsonBytes(candidate) <= LIMITS.candidateBytes &&
      held.reduce<number>((sum, one) => sum + jsonBytes(one), 0) <= LIMITS.heldCandidateBytes;
    return fits ? changed({ ...state, heldCandidates: held }) : refused('INVALID_DATA');
  });
}

/** "Offer-first caller → accept-first callee: the offer is held and handed over after the accept." */
export function holdOffer(state: CallState, command: HoldOffer): Decision {
  return fromCaller(state, command, () => {
    const { offer } = command;
    const fits = offer !== undefined && jsonBytes(offer) <= LIMITS.descriptionBytes;
    return fits ? changed({ ...state, offer }) : refused('INVALID_DATA');
  });
}

/** Only the calling device has something to hold; once answered, there is nobody to hold it for. */
function fromCaller(state: CallState, command: HoldCandidate | HoldOffer, hold: () => Decision): Decision {
  if (!isSeated(state, command.userId, command.deviceId)) return refused('PERMISSION_DENIED');
  // The answer came in between: "signals go only between the two devices in the call", so it is for the relay.
  return state.call.phase === 'active' ? unchanged(state) : hold();
}
