import { CallId, MessageId, UserId } from '@switchboard/protocol';
import { z } from 'zod';
import { Candidate, Description, Text } from '../payload/bounded.ts';
import { CallKindInput } from '../payload/call-kind.ts';
import { SocketError } from '../payload/error-frame.ts';
import { CallIdInput, MessageIdInput, UserIdInput } from '../payload/ids.ts';
import { missing } from '../payload/required.ts';
import { spelled } from '../payload/spellings.ts';

const target = { to: ['receiver', 'receiverId', 'targetUserId'] };

export const SendMessage = spelled(
  { ...target, content: ['message', 'text'] },
  z.object({ to: UserIdInput, content: Text }),
);
export const TypingTo = spelled(target, z.object({ to: UserIdInput }));
export const ReadMessage = spelled({ messageId: ['_id'] }, z.object({ messageId: MessageIdInput }));

export const RequestCall = spelled(
  { ...target, type: ['callType'] },
  z.object({ to: UserIdInput, type: CallKindInput.default('voice'), offer: Description.optional() }),
);

/** Which call: by id, else by the other party. */
const calls = { callId: CallIdInput.optional(), to: UserIdInput.optional() };
function namesCall(call: { callId?: unknown; to?: unknown }): boolean {
  return call.callId !== undefined || call.to !== undefined;
}

export const AcceptCall = spelled(
  target,
  z.object({ ...calls, answer: Description.optional() }).refine(namesCall, missing('callId')),
);
export const NamedCall = spelled(target, z.object(calls).refine(namesCall, missing('callId')));
/** Without either: the call one is in. */
export const EndCall = spelled(target, z.object(calls)).prefault({});

/** The one signalling event: a candidate, or after the accept a description. */
export const Signalling = spelled(
  target,
  z
    .object({
      ...calls,
      candidate: Candidate.optional(),
      offer: Description.optional(),
      answer: Description.optional(),
    })
    .refine(namesCall, missing('to'))
    .refine((signal) => carried(signal) > 0, missing('candidate'))
    .refine((signal) => carried(signal) <= 1, {
      error: 'must come without another candidate, offer or answer',
      path: ['candidate'],
      params: { rule: 'too_many' },
    }),
);
function carried({ candidate, offer, answer }: { candidate?: unknown; offer?: unknown; answer?: unknown }) {
  return [candidate, offer, answer].filter((part) => part !== undefined).length;
}

/** `audio` is this vocabulary's word for voice. */
export const ExpoCallType = z.enum(['audio', 'video']);

const timestamp = z.iso.datetime();

/** A message as sockets and acks show it; history adds `read`. */
export const ExpoMessage = z.object({
  _id: MessageId,
  sender: UserId,
  receiver: UserId,
  content: z.string(),
  delivered: z.boolean(),
  createdAt: timestamp,
});

const From = z.object({ from: UserId });

export const expoOutbound = {
  CHAT_MESSAGE: {
    schema: ExpoMessage,
    summary: 'A direct message, to the receiver and the sender’s other devices.',
  },
  'chat delivered': {
    schema: z.object({ _id: MessageId }),
    summary: 'To the sender: a device of the receiver was sent the message.',
  },
  CHAT_TYPING: { schema: From, summary: 'Somebody writes to you.' },
  CHAT_STOP_TYPING: { schema: From, summary: 'Somebody stopped writing to you.' },
  MESSAGE_READ: {
    schema: z.object({ messageId: MessageId, from: UserId, readBy: z.array(UserId), readAt: timestamp }),
    summary: 'To reader and author: `from` read a message.',
  },
  CALL_REQUEST: {
    schema: z.object({
      callId: CallId,
      from: UserId,
      fromName: z.string(),
      type: ExpoCallType,
      offer: z.unknown().optional(),
    }),
    summary: 'Somebody calls; with `offer` when the caller sent one.',
  },
  CALL_ACCEPT: {
    schema: z.object({ callId: CallId, from: UserId, answer: z.unknown().optional() }),
    summary: 'To the caller: the call was taken; `answer` to the offer of the request, if it had one.',
  },
  CALL_REJECT: {
    schema: z.object({
      callId: CallId.optional(),
      from: UserId,
      reason: z.literal('unavailable').optional(),
    }),
    summary: 'To the caller: refused, or with a reason: nobody there to ask.',
  },
  CALL_BUSY: {
    schema: z.object({ to: UserId, callId: CallId.optional() }),
    summary: 'To the caller: the user called is busy.',
  },
  CALL_TIMEOUT: { schema: z.object({ callId: CallId }), summary: 'To both: nobody answered in time.' },
  CALL_ENDED: {
    schema: z.object({
      callId: CallId,
      from: UserId,
      reason: z.enum(['hangup', 'cancelled', 'network_error', 'answered_elsewhere', 'rejected_elsewhere']),
    }),
    summary: 'The call is over for this device; `from` is the other party.',
  },
  ICE_CANDIDATE: {
    schema: z.object({
      callId: CallId,
      from: UserId,
      candidate: z.unknown().optional(),
      offer: z.unknown().optional(),
      answer: z.unknown().optional(),
    }),
    summary: 'A candidate of the other side, or its offer or answer when that comes after the accept.',
  },
  error: { schema: SocketError, summary: 'An event without an ack function was refused.' },
} as const;
