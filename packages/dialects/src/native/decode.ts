import type { CallId, CallRef, ChatTarget, Peer, RoomId, UserId } from '@switchboard/protocol';
import type { InboundEvent } from '../dialect.ts';
import { inbound } from '../payload/inbound.ts';
import * as schema from './schema.ts';

/** Event names are the canonical command types; payloads are the commands with flat targets and references. */
export const nativeInbound: ReadonlyMap<string, InboundEvent> = new Map([
  [
    'session.join',
    inbound({
      summary: 'Authenticates a socket that connected without a token.',
      schema: schema.SessionJoin,
      anonymous: true,
      command: ({ token }) => ({ type: 'session.join', token }),
    }),
  ],
  [
    'chat.send',
    inbound({
      summary: 'Stores a message; a retry with the same clientMessageId is the same message.',
      schema: schema.ChatSend,
      command: ({ to, clientMessageId, ...message }) => ({
        type: 'chat.send',
        to: chatTarget(to),
        ...message,
        ...(clientMessageId === undefined ? {} : { clientMessageId }),
      }),
    }),
  ],
  [
    'chat.read',
    inbound({
      summary: 'Marks messages, or a conversation up to a seq, as read.',
      schema: schema.ChatRead,
      command: (read) => ({ type: 'chat.read', ...read }),
    }),
  ],
  [
    'chat.typing',
    inbound({
      summary: 'Says that one is writing, or stopped.',
      schema: schema.ChatTyping,
      command: ({ to, active }) => ({ type: 'chat.typing', to: chatTarget(to), active }),
    }),
  ],
  [
    'chat.sync',
    inbound({
      summary: 'Messages after a seq, oldest first: repairs a gap.',
      schema: schema.ChatSync,
      command: (sync) => ({ type: 'chat.sync', ...sync }),
    }),
  ],
  [
    'chat.history',
    inbound({
      summary: 'The newest page of messages before a seq, oldest first within it.',
      schema: schema.ChatHistory,
      command: (history) => ({ type: 'chat.history', ...history }),
    }),
  ],
  [
    'chat.conversations',
    inbound({
      summary: 'The conversations of the user, with unread counts.',
      schema: schema.ChatConversations,
      command: (page) => ({ type: 'chat.conversations', ...page }),
    }),
  ],
  [
    'presence.list',
    inbound({
      summary: 'Everybody who is online.',
      schema: schema.PresenceList,
      command: () => ({ type: 'presence.list' }),
    }),
  ],
  [
    'room.join',
    inbound({
      summary: 'Takes part in a room.',
      schema: schema.RoomJoin,
      command: ({ roomId }) => ({ type: 'room.join', roomId }),
    }),
  ],
  [
    'room.leave',
    inbound({
      summary: 'Leaves a room.',
      schema: schema.RoomLeave,
      command: ({ roomId }) => ({ type: 'room.leave', roomId }),
    }),
  ],
  [
    'room.signal',
    inbound({
      summary: 'Sends negotiation to one participant of a room, or to all others.',
      schema: schema.RoomSend,
      command: ({ roomId, to, signal }) => ({
        type: 'room.signal',
        roomId,
        ...(to === undefined ? {} : { to: peer(to) }),
        signal,
      }),
    }),
  ],
  [
    'call.place',
    inbound({
      summary: 'Calls a user, or the other members of a room.',
      schema: schema.CallPlace,
      command: ({ to, kind, media, negotiation, offer, callId }) => ({
        type: 'call.place',
        to: 'userId' in to ? { kind: 'user', userId: to.userId } : { kind: 'room', roomId: to.roomId },
        kind,
        media,
        negotiation: negotiation ?? (offer === undefined ? 'accept-first' : 'offer-first'),
        ...(offer === undefined ? {} : { offer }),
        ...(callId === undefined ? {} : { callId }),
      }),
    }),
  ],
  [
    'call.answer',
    inbound({
      summary: 'Takes a call, with an SDP answer when it came with an offer.',
      schema: schema.CallAnswer,
      command: ({ callId, answer }) => ({
        type: 'call.answer',
        ref: callRef(callId),
        ...(answer === undefined ? {} : { answer }),
      }),
    }),
  ],
  [
    'call.reject',
    inbound({
      summary: 'Refuses a call.',
      schema: schema.CallReject,
      command: ({ callId, reason }) => ({ type: 'call.reject', ref: callRef(callId), reason }),
    }),
  ],
  [
    'call.end',
    inbound({
      summary: 'Hangs up, or gives up a call that rings.',
      schema: schema.CallEnd,
      command: ({ callId }) => ({ type: 'call.end', ref: callRef(callId) }),
    }),
  ],
  [
    'call.signal',
    inbound({
      summary: 'Sends one piece of WebRTC negotiation to the other device.',
      schema: schema.CallSignal,
      command: ({ callId, signal }) => ({ type: 'call.signal', ref: callRef(callId), signal }),
    }),
  ],
  [
    'call.resume',
    inbound({
      summary: 'Takes one’s place in a live call again, or sees one that rings.',
      schema: schema.CallResume,
      command: ({ callId }) => ({ type: 'call.resume', ...(callId === undefined ? {} : { callId }) }),
    }),
  ],
  [
    'call.take',
    inbound({
      summary:
        'Takes over the live call that another device of the user is in, and offers to the other party anew.',
      schema: schema.CallTake,
      command: ({ callId }) => ({ type: 'call.take', callId }),
    }),
  ],
  [
    'call.ack',
    inbound({
      summary: 'Says that a call rings on this device.',
      schema: schema.CallAck,
      command: ({ callId }) => ({ type: 'call.ack', callId }),
    }),
  ],
]);

function chatTarget(to: { userId: UserId } | { roomId: RoomId }): ChatTarget {
  return 'userId' in to ? { kind: 'direct', userId: to.userId } : { kind: 'room', roomId: to.roomId };
}

function peer(to: { userId: UserId } | { socketId: string }): Peer {
  return 'userId' in to ? { kind: 'user', userId: to.userId } : { kind: 'socket', socketId: to.socketId };
}

function callRef(callId: CallId | undefined): CallRef {
  return callId === undefined ? { by: 'current' } : { by: 'id', callId };
}
