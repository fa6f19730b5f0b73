import type { CommandType } from '@switchboard/protocol';

/**
 * Who may give a command. anonymous: before authentication. user: any authenticated socket. member: of the conversation.
 * caller, callee: of the call, through a device that holds a seat in it or was rung.
 */
export type Role = 'anonymous' | 'user' | 'member' | 'caller' | 'callee';

export interface Grant {
  readonly may: readonly Role[];
  /**
   * Commands of one socket in one lane are carried out one after the other, each after the one before was answered;
   * null: side by side, or in an order that their handler keeps.
   */
  readonly lane: 'call' | 'room' | 'typing' | null;
  /** Changes a call, which a node cut off from the others does not: it waits for a moment whether that passes. */
  readonly changesCall?: true;
}

/**
 * The authorization table. The dispatcher refuses what is not listed and what needs more than the socket has shown;
 * membership of a direct conversation it reads off the id; of a room chat decides, of a call the call's own state.
 *
 * Signals follow the place or answer that makes their call without waiting for its ack, hence one lane for calls.
 */
export const AUTHORIZATION: { readonly [T in CommandType]: Grant } = {
  'session.join': { may: ['anonymous', 'user'], lane: null },
  'chat.send': { may: ['user'], lane: null },
  'chat.read': { may: ['member'], lane: null },
  'chat.typing': { may: ['user'], lane: 'typing' },
  'chat.sync': { may: ['member'], lane: null },
  'chat.history': { may: ['member'], lane: null },
  'chat.conversations': { may: ['user'], lane: null },
  'presence.list': { may: ['user'], lane: null },
  'room.join': { may: ['user'], lane: 'room' },
  'room.leave': { may: ['user'], lane: 'room' },
  'room.signal': { may: ['user'], lane: 'call' },
  'call.place': { may: ['user'], lane: 'call', changesCall: true },
  'call.answer': { may: ['callee'], lane: 'call', changesCall: true },
  'call.reject': { may: ['callee'], lane: 'call', changesCall: true },
  'call.end': { may: ['caller', 'callee'], lane: 'call', changesCall: true },
  'call.signal': { may: ['caller', 'callee'], lane: 'call' },
  'call.resume': { may: ['caller', 'callee'], lane: 'call', changesCall: true },
  'call.take': { may: ['caller', 'callee'], lane: 'call', changesCall: true },
  // Nothing that follows has to wait for it.
  'call.ack': { may: ['callee'], lane: null },
};

export function grantOf(type: string): Grant | undefined {
  return Object.hasOwn(AUTHORIZATION, type) ? AUTHORIZATION[type as CommandType] : undefined;
}
