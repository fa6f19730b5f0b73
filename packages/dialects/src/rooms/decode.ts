import type { CallId, CallRef, Command, Peer, RoomId, Signal } from '@switchboard/protocol';
import type { InboundEvent } from '../dialect.ts';
import { inbound } from '../payload/inbound.ts';
import { readCall, readInvitation, readMessage, readRoom, readSignal } from './arguments.ts';
import {
  AcceptCall,
  Answer,
  EndCall,
  IceCandidate,
  InitiateCall,
  NamedRoom,
  Offer,
  RejectCall,
  SendMessage,
} from './schema.ts';

export const roomsInbound: ReadonlyMap<string, InboundEvent> = new Map([
  [
    'join-room',
    inbound({
      summary: 'Takes part in a room: hears what is said there, and may speak.',
      schema: NamedRoom,
      read: readRoom,
      command: ({ roomId }) => ({ type: 'room.join', roomId }),
    }),
  ],
  [
    'leave-room',
    inbound({
      summary: 'Leaves a room.',
      schema: NamedRoom,
      read: readRoom,
      command: ({ roomId }) => ({ type: 'room.leave', roomId }),
    }),
  ],
  [
    'send-message',
    inbound({
      summary: 'Sends a message to a room that one has joined.',
      schema: SendMessage,
      read: readMessage,
      command: ({ roomId, content }) => ({
        type: 'chat.send',
        to: { kind: 'room', roomId },
        content,
        contentType: 'text',
      }),
    }),
  ],
  [
    'webrtc-offer',
    inbound({
      summary: 'Sends an offer to a participant, to all others in the room, or to the other side of a call.',
      schema: Offer,
      read: readSignal('offer'),
      command: ({ offer, ...address }) => signal(address, { kind: 'offer', payload: offer }),
    }),
  ],
  [
    'webrtc-answer',
    inbound({
      summary: 'Answers an offer.',
      schema: Answer,
      read: readSignal('answer'),
      command: ({ answer, ...address }) => signal(address, { kind: 'answer', payload: answer }),
    }),
  ],
  [
    'webrtc-ice-candidate',
    inbound({
      summary: 'Sends a candidate to where the description went.',
      schema: IceCandidate,
      read: readSignal('candidate'),
      command: ({ candidate, ...address }) => signal(address, { kind: 'candidate', payload: candidate }),
    }),
  ],
  [
    'initiate-call',
    inbound({
      summary: 'Calls a user, or everybody else in a room: accept-first, or offer-first with an offer.',
      schema: InitiateCall,
      read: readInvitation,
      command: ({ to, roomId, callType, offer }) => ({
        type: 'call.place',
        to: to ?? { kind: 'room', roomId: roomId as RoomId },
        kind: callType,
        media: 'p2p',
        ...(offer === undefined
          ? { negotiation: 'accept-first' as const }
          : { negotiation: 'offer-first' as const, offer }),
      }),
    }),
  ],
  [
    'accept-call',
    inbound({
      summary: 'Takes a call.',
      schema: AcceptCall,
      read: readCall,
      command: ({ answer, ...call }) => ({
        type: 'call.answer',
        ref: callRef(call),
        ...(answer === undefined ? {} : { answer }),
      }),
    }),
  ],
  [
    'reject-call',
    inbound({
      summary: 'Refuses a call.',
      schema: RejectCall,
      read: readCall,
      command: ({ reason, ...call }) => ({
        type: 'call.reject',
        ref: callRef(call),
        reason: reason === 'busy' ? 'busy' : 'rejected',
      }),
    }),
  ],
  [
    'end-call',
    inbound({
      summary: 'Hangs up, gives up a call that rings, or ends what one signalled in a room without a call.',
      schema: EndCall,
      read: readCall,
      command: ({ roomId, ...call }) => ({
        type: 'call.end',
        ref: callRef(call),
        ...(roomId === undefined ? {} : { roomId }),
      }),
    }),
  ],
]);

interface Address {
  readonly roomId?: RoomId | undefined;
  readonly to?: Peer | undefined;
  readonly callId?: CallId | undefined;
}

/** A call's id alone means the call; who is named besides may be reached without one as well. */
function signal({ roomId, to, callId }: Address, sent: Signal): Command {
  if (callId !== undefined && to === undefined) {
    return { type: 'call.signal', ref: { by: 'id', callId }, signal: sent };
  }
  return {
    type: 'room.signal',
    ...(roomId === undefined ? {} : { roomId }),
    ...(to === undefined ? {} : { to }),
    signal: sent,
  };
}

/** The id is the more exact. */
function callRef({ callId, to }: Pick<Address, 'callId' | 'to'>): CallRef {
  if (callId !== undefined) return { by: 'id', callId };
  if (to === undefined) return { by: 'current' };
  return to.kind === 'user' ? { by: 'user', userId: to.userId } : { by: 'socket', socketId: to.socketId };
}
