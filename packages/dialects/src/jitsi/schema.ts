import {
  CallId,
  CallKind,
  ContentType,
  ConversationId,
  LIMITS,
  MessageId,
  UserId,
} from '@switchboard/protocol';
import { z } from 'zod';
import { Text } from '../payload/bounded.ts';
import { CallKindInput } from '../payload/call-kind.ts';
import { SocketError } from '../payload/error-frame.ts';
import { CallIdInput, MessageIdInput, UserIdInput } from '../payload/ids.ts';
import { JitsiRoomShape } from '../payload/jitsi-room.ts';
import { missing } from '../payload/required.ts';
import { spelled } from '../payload/spellings.ts';

const target = { to: ['receiverId', 'recipientId', 'targetUserId'] };

export const Join = spelled({}, z.object({ token: z.string().min(1).max(LIMITS.textBytes) }));
export const SendMessage = spelled(
  target,
  z.object({ to: UserIdInput, content: Text, type: ContentType.default('text') }),
);
export const ReadMessage = spelled(
  {},
  z
    .object({
      messageId: MessageIdInput.optional(),
      messageIds: z.array(MessageIdInput).max(LIMITS.pageMax).optional(),
      conversationId: ConversationId.optional(),
    })
    .refine((read) => named(read) > 0 || read.conversationId !== undefined, missing('messageId'))
    .refine((read) => named(read) <= LIMITS.pageMax, {
      error: `must not name more than ${LIMITS.pageMax} messages`,
      path: ['messageIds'],
      params: { rule: 'too_big' },
    }),
);
function named(read: { messageId?: unknown; messageIds?: readonly unknown[] | undefined }): number {
  return (read.messageId === undefined ? 0 : 1) + (read.messageIds?.length ?? 0);
}
export const TypingTo = spelled(target, z.object({ to: UserIdInput }));

export const InitiateCall = spelled(
  target,
  z.object({ to: UserIdInput, callType: CallKindInput.default('voice') }),
);

/** Which call: by id, else by the other party. */
const calls = { callId: CallIdInput.optional(), to: UserIdInput.optional() };
function namesCall(call: { callId?: unknown; to?: unknown }): boolean {
  return call.callId !== undefined || call.to !== undefined;
}

const ResponseWord = z
  .enum(['accept', 'accepted', 'reject', 'rejected', 'decline', 'declined', 'busy'])
  .transform((word) => RESPONSES[word]);
const RESPONSES = {
  accept: 'accept',
  accepted: 'accept',
  reject: 'reject',
  rejected: 'reject',
  decline: 'reject',
  declined: 'reject',
  busy: 'busy',
} as const;

export const RespondToCall = spelled(
  { ...target, accepted: ['accept'] },
  z
    .object({ ...calls, response: ResponseWord.optional(), accepted: z.boolean().optional() })
    .refine(namesCall, missing('callId'))
    .refine((call) => call.response !== undefined || call.accepted !== undefined, missing('response')),
);
export const EndCall = spelled(target, z.object(calls).refine(namesCall, missing('callId')));

const timestamp = z.iso.datetime();

/** A message as sockets, REST and acks show it. */
export const JitsiMessage = z.object({
  id: MessageId,
  senderId: UserId,
  senderName: z.string(),
  receiverId: UserId,
  content: z.string(),
  timestamp,
  type: ContentType,
  readBy: z.array(UserId),
});

const room = { roomName: z.string(), jitsi: JitsiRoomShape };

const CallOffered = z.object({
  id: CallId,
  callId: CallId,
  from: UserId,
  fromName: z.string(),
  to: UserId,
  type: CallKind,
  timestamp,
  ...room,
});
export const InitiatedCall = CallOffered.extend({ toName: z.string(), status: z.literal('ringing') });
const CallUpdate = z.object({ callId: CallId, by: UserId, type: CallKind, ...room });
const Response = z.enum(['accept', 'reject', 'busy']);

export const jitsiOutbound = {
  connected: {
    schema: z.object({ userId: UserId, socketId: z.string() }),
    summary: 'The socket is authenticated.',
  },
  message: {
    schema: JitsiMessage,
    summary: 'A direct message, to the receiver and the sender’s other devices.',
  },
  'message:read': {
    schema: z.object({ messageId: MessageId, userId: UserId, readBy: z.array(UserId), readAt: timestamp }),
    summary: 'A message was read by `userId`.',
  },
  'typing:start': {
    schema: z.object({ from: UserId, fromName: z.string() }),
    summary: 'Somebody writes to you.',
  },
  'typing:stop': { schema: z.object({ from: UserId }), summary: 'Somebody stopped writing to you.' },
  'user:online': {
    schema: z.object({ userId: UserId, status: z.literal('online'), timestamp }),
    summary: 'A user is connected; after connecting, one for each who already was.',
  },
  'user:offline': {
    schema: z.object({ userId: UserId, status: z.literal('offline'), timestamp }),
    summary: 'A user has no connection any more.',
  },
  'call:initiated': { schema: InitiatedCall, summary: 'To the caller: the call rings.' },
  'call:incoming': { schema: CallOffered, summary: 'Somebody calls.' },
  'call:accepted': { schema: CallUpdate, summary: 'To the caller: `by` took the call.' },
  'call:rejected': { schema: CallUpdate, summary: 'To the caller: `by` refused the call.' },
  'call:response': {
    schema: z.object({ callId: CallId, response: Response, from: UserId, type: CallKind, ...room }),
    summary: 'To the caller: what the callee responded.',
  },
  'call:responded': {
    schema: z.object({ callId: CallId, response: Response, type: CallKind, ...room }),
    summary: 'To the device that responded: its word counted.',
  },
  'call:ended': {
    schema: CallUpdate.extend({
      reason: z.enum(['user_ended', 'network_error', 'timeout', 'answered_elsewhere']),
      duration: z.number().int().nonnegative(),
    }),
    summary: 'To both sides: the call is over. `duration` is in seconds from the answer.',
  },
  'call:failed': {
    schema: z.object({
      message: z.string(),
      reason: z.enum(['user_busy', 'user_unavailable', 'user_not_found']),
      type: CallKind,
      callId: CallId.optional(),
    }),
    summary: 'To the caller: the call could not be made.',
  },
  'auth:error': {
    schema: z.object({ message: z.string() }),
    summary: 'Authentication is missing or failed.',
  },
  error: { schema: SocketError, summary: 'An event without an ack function was refused.' },
} as const;
