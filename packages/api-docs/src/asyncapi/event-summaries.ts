import type { EventType } from '@switchboard/protocol';

/** What each event says, for readers of the contract. */
export const eventSummaries: Readonly<Record<EventType, string>> = {
  'auth.user.created': 'Somebody has an account.',
  'auth.user.updated': 'Somebody’s name, address or role changed.',
  'auth.user.banned': 'An account was closed by an administrator.',
  'auth.user.unbanned': 'A closed account was opened again.',
  'auth.user.deleted': 'An account is gone.',
  'auth.session.revoked': 'A session, or every session of a user, is over.',
  'chat.message.created': 'A message was stored.',
  'chat.message.read': 'Somebody read a conversation up to a message.',
  'chat.message.delivered': 'Messages reached a device of their receiver.',
  'chat.room.created': 'A room was made.',
  'chat.room.updated': 'A room was changed.',
  'chat.room.deleted': 'A room is gone.',
  'call.ringing': 'A call rings.',
  'call.answered': 'Somebody took a call.',
  'call.declined': 'One of several said no while others still ring.',
  'call.resumed': 'A party came back on another device.',
  'call.interrupted': 'A party’s device went away, and may return.',
  'call.ended': 'A call is over.',
  'call.moved': 'A party took the call over with another device.',
  'call.acknowledged': 'A device says that it rings.',
  'call.pushed': 'What became of a push about a call.',
};
