import type { InboundEvent } from '../dialect.ts';
import { inbound } from '../payload/inbound.ts';
import { AnswerCall, CallTarget, CallUser, IceCandidate } from './schema.ts';

/** This vocabulary names a call by the other party; a pair has at most one. */
export const peerInbound: ReadonlyMap<string, InboundEvent> = new Map([
  [
    'callUser',
    inbound({
      summary: 'Calls a user with an SDP offer; inside a live call between the two, renegotiates.',
      schema: CallUser,
      command: ({ targetUserId, signalData, callType }) => ({
        type: 'call.place',
        to: { kind: 'user', userId: targetUserId },
        kind: callType,
        media: 'p2p',
        negotiation: 'offer-first',
        offer: signalData,
      }),
    }),
  ],
  [
    'answerCall',
    inbound({
      summary: 'Answers the call of a user with an SDP answer.',
      schema: AnswerCall,
      command: ({ targetUserId, signalData }) => ({
        type: 'call.answer',
        ref: { by: 'user', userId: targetUserId },
        answer: signalData,
      }),
    }),
  ],
  [
    'rejectCall',
    inbound({
      summary: 'Refuses the call of a user.',
      schema: CallTarget,
      command: ({ targetUserId }) => ({
        type: 'call.reject',
        ref: { by: 'user', userId: targetUserId },
        reason: 'rejected',
      }),
    }),
  ],
  [
    'endCall',
    inbound({
      summary: 'Hangs up, or gives up a call that rings.',
      schema: CallTarget,
      command: ({ targetUserId }) => ({ type: 'call.end', ref: { by: 'user', userId: targetUserId } }),
    }),
  ],
  [
    'iceCandidate',
    inbound({
      summary: 'Sends an ICE candidate to the other side of a call.',
      schema: IceCandidate,
      command: ({ targetUserId, candidate }) => ({
        type: 'call.signal',
        ref: { by: 'user', userId: targetUserId },
        signal: { kind: 'candidate', payload: candidate },
      }),
    }),
  ],
]);
